"""Identifiers: accessions, genes and species of protein groups."""
