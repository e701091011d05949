"""
One page of a paper
===================

Six panels of an assessment at the width of a page: what is in the tube, what is like the control, classes and sources, proteins, markers, samples.
"""

import markerkit as mk

exp = mk.load_example()
ev = mk.Contrast("fraction", "EV", "lysate", paired_by="donor", comparator="lysate")
result = mk.assess(exp, ev)
mk.figures.summary(result)
