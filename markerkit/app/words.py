"""Sentences of the page that the library does not have."""

from __future__ import annotations

from markerkit.app.study import DESCRIBE, EVERY, ONE, VERSUS
from markerkit.core.experiment import ORGANISMS
from markerkit.core.vocabulary import Comparator
from markerkit.io.readers import SOFTWARE
from markerkit.io.scale import DECLARED

#: step -> its title and what to do there
STEPS = {
    "table": (
        "1 Table",
        "Choose the protein table that your search program wrote, or drop it on the button.",
    ),
    "samples": ("2 Samples", "Say which group each sample belongs to, then go on."),
    "compare": ("3 Comparison", "Say what is compared with what, then go on."),
    "study": ("4 Study", "State what no protein says. Everything here may stay empty."),
    "run": ("5 Result", "Start the assessment; after a minute or so the report stands here."),
}

KINDS = {
    DESCRIBE: "Nothing: describe what is in every sample and group",
    ONE: "Two groups, such as vesicles and the lysate of their cells",
    VERSUS: "Every group with one control",
    EVERY: "Every pair of groups",
}

COMPARATORS = {
    "": "not stated: differences only, no statement on vesicles",
    Comparator.LYSATE.value: "lysate: the cells or the tissue that the vesicles come from",
    Comparator.BIOFLUID.value: "biofluid: the fluid itself, such as plasma or urine",
    Comparator.SOLUBLE.value: "soluble: what stays behind when the vesicles are taken out",
    Comparator.EV.value: "ev: vesicles too, of another isolation, treatment or patient",
}

#: what the user may correct of the reading: option -> label, choices (none: any text)
READING: dict[str, tuple[str, tuple[str, ...]]] = {
    "organism": ("Organism", ORGANISMS),
    "software": ("Program that wrote the table", ("auto", *SOFTWARE)),
    "scale": ("Scale of the numbers", ("auto", *DECLARED)),
    "quantity": ("Quantity, such as lfq, intensity, ibaq or spectral counts", ()),
}
