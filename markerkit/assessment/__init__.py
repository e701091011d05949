"""The whole assessment."""
