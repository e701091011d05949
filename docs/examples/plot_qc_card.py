"""
Quality card
============

One row per sample: depth, EV markers and every co-isolated source, with flags.
"""

import markerkit as mk

exp = mk.load_example()
mk.figures.qc_card(mk.quality(exp, group="fraction").table)
