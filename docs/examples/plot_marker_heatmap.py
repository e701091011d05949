"""
Markers by class and sample
===========================

Abundance of every marker, centered, by class; gray where a sample did not measure it.
"""

import markerkit as mk
from markerkit.assessment.marker_values import marker_values

exp = mk.load_example()
log = exp.pipe(mk.log2).pipe(mk.normalize)
markers = mk.load_markers()
sets = {name: markers[name].positive for name in ("exosome", "microvesicle", "mitochondrion")}
samples = exp.samples.rename(columns={"fraction": "group"}).reset_index()
mk.figures.marker_heatmap(marker_values(log.values, log.proteins["gene"], sets), samples)
