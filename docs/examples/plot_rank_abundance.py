"""
Rank and abundance
==================

Proteins from the most to the least abundant, with the EV markers among them.
"""

import markerkit as mk

exp = mk.load_example()
ev = mk.Contrast("fraction", "EV", "lysate", paired_by="donor", comparator="lysate")
result = mk.assess(exp, ev)
mk.figures.rank_abundance(result.tables["rank_abundance"])
