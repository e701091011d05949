"""Set tests, coverage and scores of samples."""
