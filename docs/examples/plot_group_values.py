"""
Missing values, variation and correlation by group
==================================================

The quality of the values within each group, before normalization.
"""

import markerkit as mk

exp = mk.load_example()
mk.figures.group_values(mk.quality(exp, group="fraction").groups.table)
