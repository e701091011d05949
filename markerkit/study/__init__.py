"""What is compared: contrasts, formulas, roles of samples and the context."""
