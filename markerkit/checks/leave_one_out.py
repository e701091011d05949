"""Verdicts without each independent marker in turn, to see whether one of them decides alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from markerkit.catalog.criteria import SourceRule
from markerkit.core.vocabulary import VerdictWord
from markerkit.core.wording import names
from markerkit.effects.members import Located
from markerkit.effects.model import ContrastModel
from markerkit.identity.change import class_level, decide_classes
from markerkit.identity.evidence import Evidence
from markerkit.identity.measure import gather, markers_kept, without
from markerkit.purity.rules import decide_source
from markerkit.purity.sources import source_evidence
from markerkit.stats.set_effect import SetEffect

Columns = npt.NDArray[np.intp]
#: independent marker left out -> the verdict then, and the effect
Found = dict[str, tuple[str, float]]
_NAMED = 5


def leave_one_out(
    model: ContrastModel, context: Mapping[str, Any], reported: Mapping[tuple[str, str], str]
) -> Iterator[dict[str, Any]]:
    """Leave out each independent marker of every class, and of the sources that are higher.

    Parameters
    ----------
    model
        Fitted contrast.
    context
        What only the user can state.
    reported
        Verdict on each kind and key; one that is not assessable is no conclusion to test.

    Returns
    -------
    Rows of the table `sensitivity`, without what they have in common.
    """
    evidence = [gather(model, scheme, context) for scheme in model.schemes]
    t = model.criteria.threshold
    for (kind, key), word in reported.items():
        if kind == "class" and word != VerdictWord.NOT_ASSESSABLE:
            found, level = _class_without(model, evidence, key), class_level(model.contrast, t)
        elif kind == "source" and word == VerdictWord.HIGHER:
            found, level = _source_without(model, model.criteria.sources[key]), t["confidence"]
        else:
            continue
        if found:
            yield {"kind": kind, "key": key, "level": level, **_changes(word, found)}


def _changes(word: str, found: Found) -> dict[str, Any]:
    """Sum up what each omission did: the range of the effect, and the markers that change the verdict."""
    changed = {name: other for name, (other, _) in found.items() if other != word}
    order = sorted(changed, key=lambda n: (changed[n], n))
    estimates = [e for _, e in found.values() if np.isfinite(e)]
    text = names([f"without {n}: {changed[n]}" for n in order], limit=_NAMED)
    return {
        "verdict": Counter(changed.values()).most_common(1)[0][0] if changed else word,
        "agrees": not changed,
        "n_independent": len(found),
        "n_flips": len(changed),
        "flips": ";".join(order),
        "effect_low": min(estimates, default=np.nan),
        "effect_high": max(estimates, default=np.nan),
        "reason": text if changed else f"{word} whichever marker is left out",
    }


def _class_without(model: ContrastModel, evidence: Sequence[Evidence], key: str) -> Found:
    rule, found = model.criteria.classes[key], Found()
    markers = markers_kept(model, model.measured, rule)
    located = [markers.positive.located, markers.negative.located]
    for name, columns in _columns(model, located).items():
        left = [without(e, model, s, key, columns) for e, s in zip(evidence, model.schemes, strict=True)]
        verdict = decide_classes(model.contrast, left, model.criteria, [key])[key]
        effect = left[verdict.scheme].classes[key].effect
        found[name] = (str(verdict.word), _estimate(effect))
    return found


def _source_without(model: ContrastModel, rule: SourceRule) -> Found:
    located = model.index.located((rule.key,), by_accession=rule.by_accession)
    t, found = model.criteria.threshold, Found()
    for name, columns in _columns(model, [located]).items():
        left = [source_evidence(model, scheme, rule, columns) for scheme in model.schemes]
        verdict = decide_source(left, t)
        shown = left[verdict.scheme]
        enough = shown.n_markers >= t["min_markers_source"]
        found[name] = (str(verdict.word), _estimate(shown.effect if enough else None))
    return found


def _estimate(effect: SetEffect | None) -> float:
    return np.nan if effect is None else effect.estimate


def _columns(model: ContrastModel, located: Sequence[Located]) -> dict[str, Columns]:
    """Independent marker -> columns of its proteins, for the markers that count under a scheme."""
    at = np.concatenate([x.columns for x in located])
    marker = np.concatenate([x.name for x in located])
    counted = np.any([s.effects.usable[at] for s in model.schemes], axis=0) & (at >= 0)
    return {str(name): at[counted & (marker == name)] for name in np.unique(marker[counted].astype(str))}


__all__ = ["leave_one_out"]
