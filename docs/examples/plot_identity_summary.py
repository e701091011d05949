"""
Identity: classes, margins and verdicts
=======================================

Effect of the markers of every class against the control, how far each lies above its competitors, and the verdict.
"""

import markerkit as mk

exp = mk.load_example()
ev = mk.Contrast("fraction", "EV", "lysate", paired_by="donor", comparator="lysate")
mk.figures.identity_summary(mk.assess_identity(exp, ev).table)
