"""
Volcano plot with markers
=========================

Log2 fold change against p of every protein, with the markers of chosen sets named.
"""

import markerkit as mk

exp = mk.load_example()
log = exp.pipe(mk.log2).pipe(mk.filter_detected).pipe(mk.normalize)
ev = mk.Contrast("fraction", "EV", "lysate", paired_by="donor", comparator="lysate")
da = mk.differential_abundance(log, ev)
markers = mk.load_markers()
mk.figures.volcano(
    da.table,
    label={"exosome": markers["exosome"].positive, "mitochondrion": markers["mitochondrion"].positive[:12]},
)

# %%
# A column of a journal (89 mm), with the genes of one question.
mk.figures.volcano(da.table, label=["CD63", "CD81", "CD9", "TSG101", "CANX"], width=89)
