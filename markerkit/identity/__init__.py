"""Verdicts on vesicle classes."""
