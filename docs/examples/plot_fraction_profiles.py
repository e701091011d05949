"""
Profiles over fractions
=======================

Where vesicles, lipoprotein and soluble protein elute, and which fractions to pool.
"""

import markerkit as mk

exp = mk.simulate_fractions(n_replicates=3, seed=1).experiment
found = mk.fraction_profiles(exp)
mk.figures.fraction_profiles(found.table, found.peaks.table, found.pools.table)
