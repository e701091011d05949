"""
Missing values against intensity
================================

Whether values are missing because they are small.
"""

import markerkit as mk

exp = mk.load_example()
card = mk.quality(exp, group="fraction")
mk.figures.missing_by_intensity(card.missing.table, card.groups.table)
