"""Preprocessing: the steps on an experiment, and the roll-up of peptides to proteins."""
