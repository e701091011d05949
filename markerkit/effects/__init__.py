"""The effect of a marker set in a contrast."""
