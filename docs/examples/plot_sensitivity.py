"""
The verdicts under other choices
================================

Each row is another choice of the analysis: a normalization, a way to treat missing values, a marker left out.
"""

import markerkit as mk

exp = mk.load_example()
ev = mk.Contrast("fraction", "EV", "lysate", paired_by="donor", comparator="lysate")
result = mk.assess(exp, ev)
mk.figures.sensitivity(result.sensitivity.table)
