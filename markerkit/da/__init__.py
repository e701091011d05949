"""Differential abundance and presence of single proteins."""
