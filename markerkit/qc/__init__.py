"""The quality card of a sample."""
