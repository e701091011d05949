"""A block: some samples of a study that is too large to be held as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from markerkit.core.detection import Detection
from markerkit.core.experiment import Experiment


class Block(Experiment):
    """Some samples of a study, which know what all samples of it measured.

    Which protein group stands for a gene, and whether the absence of a protein says anything, are
    questions to the whole study. A verb that gets a block in place of the study gives every sample what
    it would have there.

    Parameters
    ----------
    values, samples, proteins, scale, organism, history
        As of :class:`Experiment`, of these samples.
    study
        What all samples measured, on the same scale.
    """

    def __init__(
        self,
        values: pd.DataFrame,
        samples: pd.DataFrame,
        proteins: pd.DataFrame,
        *,
        scale: str,
        organism: str,
        history: Iterable[Mapping[str, Any]],
        study: Detection,
    ) -> None:
        super().__init__(values, samples, proteins, scale, organism, history)
        object.__setattr__(self, "_study", study)

    @property
    def detection(self) -> Detection:
        """How often, and how high, every protein was measured in all samples of the study."""
        found: Detection = self.__dict__["_study"]
        return found
