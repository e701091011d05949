"""
Markers of the MISEV categories
===============================

Every measured protein of the categories of MISEV2018, in every sample.
"""

import markerkit as mk

exp = mk.load_example()
ev = mk.Contrast("fraction", "EV", "lysate", paired_by="donor", comparator="lysate")
result = mk.assess(exp, ev)
mk.figures.misev_heatmap(result.tables["marker_abundance"])
