"""
Which sets share what
=====================

Items of every combination of sets, each counted once; here the marker sets of three classes.
"""

import markerkit as mk

markers = mk.load_markers()
mk.figures.upset(
    {
        markers[name].title.split(" /")[0]: markers[name].positive
        for name in ("exosome", "microvesicle", "apoptotic_body")
    }
)
