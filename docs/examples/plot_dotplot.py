"""
Dot plot of set tests
=====================

The most significant sets of a library: how many members drive each, size and false discovery rate. Any GMT file of GO or Reactome goes in place of the marker sets.
"""

import markerkit as mk

exp = mk.load_example()
ev = mk.Contrast("fraction", "EV", "lysate", paired_by="donor", comparator="lysate")
log = exp.pipe(mk.log2).pipe(mk.filter_detected).pipe(mk.normalize)
da = mk.differential_abundance(log, ev)
found = mk.enrich(da, mk.load_markers(), method="camera")
mk.figures.dotplot(found.table)
