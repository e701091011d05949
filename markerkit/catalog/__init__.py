"""The catalogue of marker sets and the criteria of the assessment."""
