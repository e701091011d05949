"""
Most significant proteins
=========================

Z-scores of the proteins with the smallest p, proteins and samples clustered.
"""

import markerkit as mk

exp = mk.load_example()
ev = mk.Contrast("fraction", "EV", "lysate", paired_by="donor", comparator="lysate")
result = mk.assess(exp, ev)
mk.figures.heatmap(result.figure_tables()["significant_values"])
