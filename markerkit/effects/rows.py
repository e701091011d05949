"""What became of every marker: rows of the table `markers_used`."""

from __future__ import annotations

import numpy as np
import pandas as pd

from markerkit.core.vocabulary import Status
from markerkit.effects.members import Located
from markerkit.effects.model import ContrastModel, MissingValueScheme


def marker_rows(
    model: ContrastModel, scheme: MissingValueScheme, located: Located, *, set_id: str, role: str
) -> pd.DataFrame:
    """Effect and weight of every member of a set, as rows of the table `markers_used`."""
    members, at = located.members, located.columns
    e, there = scheme.effects, at >= 0
    counted = there & e.usable[at]
    why = np.select(
        [counted, ~there],
        ["", "no protein group of this study"],
        "no effect with a standard error can be estimated",
    )
    return pd.DataFrame(
        {
            "contrast": model.contrast.name,
            "set": set_id,
            "gene": members.gene,
            "accession": members.accession,
            "protein": np.where(there, model.exp.proteins.index.to_numpy(dtype=object)[at], ""),
            "role": role,
            "independent_marker": members.marker,
            "weight": members.weight,
            "log2_fc": np.where(there, e.effect[at], np.nan),
            "se": np.sqrt(np.where(there, e.variance[at], np.nan)),
            "detection": np.where(there, e.detection[at], "not measured"),
            "status": np.where(counted, str(Status.COUNTED), str(Status.NOT_COUNTED)),
            "reason": why,
            "source": members.source,
        }
    )
