"""The catalog of marker sets and the criteria of the assessment."""
