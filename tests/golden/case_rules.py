"""Verdicts from evidence made at random around the limits of the rules."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from markerkit.catalog.criteria import Criteria, load_criteria
from markerkit.core.vocabulary import VerdictWord
from markerkit.identity.evidence import CandidateEvidence, ClassEvidence, Evidence, Facts, GeneEvidence
from markerkit.identity.rules import (
    candidate_shown,
    class_verdict,
    decide,
    enrichment,
    exclusion,
    negatives_rise,
)
from markerkit.purity.rules import SourceEvidence, decide_source, source_verdict
from markerkit.stats.set_effect import SetEffect
from tests.golden.inputs import uniform
from tests.golden.reference import Tables, case

VALIDATED = "First written while tests/identity/test_rules.py, the limits of every rule by hand, passed."


class Dice:
    """Choices that look random."""

    def __init__(self, seed: int) -> None:
        self.throws: Iterator[float] = iter(uniform(seed, 5000).tolist())

    def of(self, *choices: float) -> float:
        return choices[int(next(self.throws) * len(choices))]

    def effect(self, *estimates: float) -> SetEffect | None:
        """Effect at or near a limit; nothing now and then."""
        n = int(self.of(2, 3, 3, 4, 5, 5, 8))
        estimate, half = self.of(*estimates), self.of(0.1, 0.1, 0.4, 0.5, 1.2)
        found = SetEffect(
            estimate, half / 2, 9.0, estimate - half, estimate + half, n, self.of(0.3, 0.5, 0.8)
        )
        return None if self.of(0, 0, 0, 0, 0, 0, 0, 1) else found


USUAL = (-0.5, 0.0, 0.4, 0.5, 0.6, 0.9, 1.0, 1.4, 2.0, 2.0)


def evidence(seed: int, criteria: Criteria) -> Evidence:
    d = Dice(seed)
    classes = {}
    for key, rule in criteria.classes.items():
        classes[key] = ClassEvidence(
            int(d.of(4, 5, 9, 9)),
            d.of(0.19, 0.2, 0.6, 0.6),
            d.effect(*USUAL, 1.5, 2.0, 2.5, 3.0),
            negatives=d.effect(-1.0, -1.0, 0.0, 0.5, 0.8),
            over_organelles=d.effect(0.3, 1.0, 2.0),
            specific=d.effect(*USUAL, 1.5, 2.0),
            margins={k: d.effect(-0.3, 0.1, 0.2, 1.0) for k in rule.competing_classes},
            competitor_specific={k: d.effect(0.0, 0.5, 0.9, 1.2) for k in rule.competing_classes},
        )
    genes = tuple(
        GeneEvidence(d.of(0.4, 0.5, 1.0), bool(d.of(0, 0, 1)), d.of(0.9, 1.0, 2.0), d.of(-0.1, 0.0, 0.1))
        for _ in range(int(d.of(0, 1, 2)))
    )
    candidates = {
        "s1p_receptor": CandidateEvidence(genes=genes),
    }
    return Evidence(
        classes,
        Facts(bool(d.of(0, 1, 1)), bool(d.of(0, 1)), bool(d.of(0, 0, 1))),
        has_background=bool(d.of(*[1] * 9, 0)),
        sources={
            k: SourceEvidence(int(d.of(2, 3, 5)), d.effect(-0.5, 0.0, 0.5, 0.7))
            for k in ("nucleus", "mitochondrion", "er_golgi")
        },
        candidates=candidates,
    )


def likely(seed: int, criteria: Criteria) -> Evidence:
    """Evidence in which the classes rise, so that the later rules are reached."""
    found = evidence(seed, criteria)
    d = Dice(1000 + seed)
    classes = {
        k: ClassEvidence(
            9,
            0.6,
            SetEffect(2.0, 0.1, 9.0, 1.8, 2.2, 9, 0.8) if d.of(0, 1, 1) else e.effect,
            negatives=e.negatives if d.of(0, 0, 0, 1) else None,
            over_organelles=e.over_organelles if d.of(0, 0, 1) else None,
            nuclear=e.effect,
            ev_beyond=e.effect,
            specific=e.specific if d.of(0, 0, 1) else e.effect,
            margins=e.margins,
            competitor_specific=e.competitor_specific,
        )
        for k, e in found.classes.items()
    }
    return Evidence(
        classes, Facts(True, bool(d.of(0, 1)), False), sources=found.sources, candidates=found.candidates
    )


@case("rules")
def classes() -> Tables:
    criteria = load_criteria()
    rows, counts = {}, {}
    for seed in range(40):
        make = evidence if seed < 20 else likely
        first, second = make(3 * seed, criteria), make(3 * seed + 1, criteria)
        general = VerdictWord.COMPATIBLE if seed % 2 else VerdictWord.UNRESOLVED
        alone = [class_verdict(k, first, criteria, general) for k in criteria.classes]
        both = decide([first, second], criteria)
        rows[seed] = " ".join(
            [_code(v) for v in alone] + ["|"] + [f"{v.rule}:{v.competing_class}" for v in both.values()]
        )
        for v in alone:
            counts[str(v.rule)] = counts.get(str(v.rule), 0) + 1
    v = decide([likely(7, criteria)], criteria, ["exosome"])
    return {"verdicts": pd.Series(rows), "rules": pd.Series(counts), "one": next(iter(v))}


def _code(verdict: object) -> str:
    v = verdict
    word = "".join(w[0] for w in str(v.word).split())  # type: ignore[attr-defined]
    rest = f"{v.rule}:{v.competing_class}:{v.about}:{v.basis}:{v.scheme}"  # type: ignore[attr-defined]
    numbers = ",".join(f"{k}={float(n):g}" for k, n in v.numbers.items())  # type: ignore[attr-defined]
    return (
        f"{word}:{rest}:{numbers}".replace("apoptotic", "a")
        .replace("measured", "m")
        .replace("markers", "n")
        .rstrip(":")
    )


@case("rules")
def parts_of_rules() -> Tables:
    criteria = load_criteria()
    t = criteria.threshold
    rows = {}
    for seed in range(40):
        e = evidence(500 + seed, criteria)
        mine = e.classes["exosome"]
        rows[seed] = {
            "enrichment": _code(enrichment(mine, t, has_background=e.has_background)),
            "exclusion": str(exclusion(criteria.classes["exosome"], e, "microvesicle", t)),
            "negatives": str(negatives_rise(mine, e.facts, t)),
            "candidates": "".join(str(int(candidate_shown(c, criteria))) for c in e.candidates.values()),
            "sources": " ".join(_code(source_verdict(s, t)) for s in e.sources.values()),
            "source": _code(decide_source(list(e.sources.values()), t)),
        }
    return {"parts": pd.DataFrame(rows).T}
