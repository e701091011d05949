"""
What is in the tube
===================

Shares of the signal in EV markers, in every contamination source and in neither, by group. No comparator is needed.
"""

import markerkit as mk

exp = mk.load_example()
tube = mk.composition(exp, group="fraction")
mk.figures.composition(tube.table, tube.ev_markers.table)
