"""
Running score of a set
======================

Where the members of one set lie in the ranking of all genes. A picture, not a test over samples.
"""

import markerkit as mk

exp = mk.load_example()
ev = mk.Contrast("fraction", "EV", "lysate", paired_by="donor", comparator="lysate")
log = exp.pipe(mk.log2).pipe(mk.filter_detected).pipe(mk.normalize)
da = mk.differential_abundance(log, ev)
score = mk.running_score(da, {"exosome": mk.load_markers()["exosome"].positive})
mk.figures.running_score(getattr(score, "table", score))
