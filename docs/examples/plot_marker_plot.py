"""
Single markers
==============

Log2 abundance of chosen proteins in every sample, by group, pairs joined.
"""

import markerkit as mk

exp = mk.load_example()
mk.figures.marker_plot(
    exp, ["CD63", "CD81", "TSG101", "CALR", "LMNA", "APOA1"], group="fraction", pair="donor"
)
