"""
Effects of classes and sources
==============================

Every marker set on one axis: mean log2 change over the background with its interval.
"""

import markerkit as mk

exp = mk.load_example()
ev = mk.Contrast("fraction", "EV", "lysate", paired_by="donor", comparator="lysate")
identity, purity = mk.assess_identity(exp, ev), mk.assess_purity(exp, ev)
mk.figures.forest(identity.table, purity.table)
