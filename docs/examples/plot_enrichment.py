"""
Set tests
=========

Marker sets tested in two ways, side by side.
"""

import pandas as pd

import markerkit as mk

exp = mk.load_example()
log = exp.pipe(mk.log2).pipe(mk.filter_detected).pipe(mk.normalize)
ev = mk.Contrast("fraction", "EV", "lysate", paired_by="donor", comparator="lysate")
da = mk.differential_abundance(log, ev)
markers = mk.load_markers()
sets = {
    name: markers[name].positive
    for name in ("exosome", "microvesicle", "mitochondrion", "nucleus", "er_golgi", "ribosome")
}
tables = [mk.enrich(da, sets, method=method).table for method in ("camera", "joint")]
mk.figures.enrichment(pd.concat(tables))
