"""
Principal components
====================

Samples on their first two components: do groups part, and does a batch?
"""

import markerkit as mk

exp = mk.load_example()
ev = mk.Contrast("fraction", "EV", "lysate", paired_by="donor", comparator="lysate")
result = mk.assess(exp, ev)
mk.figures.pca(result.tables["pca"])
