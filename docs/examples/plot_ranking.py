"""
Preparations ranked
===================

Groups on EV signal, co-isolated protein and other material; groups that cannot be told apart overlap.
"""

import markerkit as mk

exp = mk.load_example()
mk.figures.ranking(mk.rank_preparations(exp, "fraction").table)
