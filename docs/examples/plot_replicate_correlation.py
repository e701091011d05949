"""
Correlation of samples
======================

Every two samples: are replicates closer to each other than to the other group?
"""

import markerkit as mk

exp = mk.load_example()
mk.figures.replicate_correlation(mk.quality(exp, group="fraction").correlation.table)
