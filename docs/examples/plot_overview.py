"""
Several contrasts beside each other
===================================

One column per contrast: verdicts on classes and sources.
"""

import markerkit as mk

exp = mk.load_example()
contrasts = [
    mk.Contrast("fraction", "EV", "lysate", paired_by="donor", comparator="lysate", name="paired"),
    mk.Contrast("fraction", "EV", "lysate", comparator="lysate", name="not paired"),
]
result = mk.assess(exp, contrasts)
mk.figures.overview(result.tables["overview"])
