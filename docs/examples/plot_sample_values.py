"""
Proteins and intensities of every sample
========================================

How many proteins each sample measured, and how their intensities spread.
"""

import markerkit as mk

exp = mk.load_example()
mk.figures.sample_values(mk.quality(exp, group="fraction").samples.table)
