"""
Coverage of the marker sets
===========================

How many members of every set were measured.
"""

import markerkit as mk

exp = mk.load_example()
mk.figures.coverage(mk.coverage(exp).table)
