"""
Contamination fraction
======================

How much of the preparation is like the control, by compartment of its reference proteins.
"""

import markerkit as mk

exp = mk.load_example()
ev = mk.Contrast("fraction", "EV", "lysate", paired_by="donor", comparator="lysate")
mk.figures.contamination_fraction(mk.assess_purity(exp, ev).contamination_fraction.table)
