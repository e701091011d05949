"""Every table of the output, declared once."""
