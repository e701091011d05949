"""
Markers that sets share
=======================

Classes share most of their markers, which is why a class needs markers of its own.
"""

import markerkit as mk

markers = mk.load_markers()
mk.figures.overlap(
    markers.overlap(), sets=["pan_ev", "exosome", "microvesicle", "apoptotic_body", "platelet", "er_golgi"]
)
