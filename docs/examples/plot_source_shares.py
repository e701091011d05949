"""
Share of signal by source
=========================

Signal of every contamination source in every sample, on a logarithmic and on a linear axis.
"""

import markerkit as mk

exp = mk.load_example()
shares = mk.assess_purity(exp).shares.table
samples = exp.samples.rename(columns={"fraction": "group"}).reset_index()
mk.figures.source_shares(shares, samples, width="double")

# %%
mk.figures.source_shares(shares, samples, log=False, width="double")
