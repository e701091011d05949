"""Contamination: sources, shares of signal, the contamination fraction and blanks."""
