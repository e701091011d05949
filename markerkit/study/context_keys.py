"""The keys of the context: what only the user knows about a preparation, and why it is asked."""

from __future__ import annotations

from typing import NamedTuple

from markerkit.study.contrast import FLUIDS


class ContextKey(NamedTuple):
    """One thing that no protein says.

    Parameters
    ----------
    kind
        ``bool``, ``float`` or ``str``.
    meaning
        What the key says.
    why
        Why it is asked.
    part
        Heading under which forms show it.
    values
        The only words that it may hold; any text where there are none.
    yes_no
        A text that may also be a plain yes or no.
    """

    kind: type
    meaning: str
    why: str
    part: str
    values: tuple[str, ...] = ()
    yes_no: bool = False

    @property
    def allowed(self) -> str:
        """What may be filled in, in words."""
        if self.kind is bool:
            return "true or false"
        if self.kind is float:
            return "a number from 0 to 100"
        if self.values:
            return ", ".join(self.values)
        return "text, or true or false" if self.yes_no else "text"


STUDY, APOPTOSIS, ISOLATION, CHARACTERIZATION = "The study", "Cell death", "Isolation", "Characterization"
CELLS, BLOOD, URINE = "Cell culture", "Blood", "Urine"
_FORM = "MISEV and EV-TRACK ask for it; the checklist shows it as met"
_CHECKLIST = "MISEV asks for it; the checklist shows it as met"
_BLOOD = "the MISEV guidance on blood asks for it; it is a line of the checklist in blood, plasma and serum"
_URINE = "the MISEV guidance on urine asks for it; it is a line of the checklist in urine"
_CULTURE = "the MISEV guidance on cell culture asks for it; it is a line of the checklist in culture"
_OWN = (
    "markers and reference preparations that come from this data set are flagged, so that it is not judged by itself; "
    "the methods paragraph cites it"
)

#: key -> what it says, which values it takes and why it is asked
CONTEXT_KEYS: dict[str, ContextKey] = {
    "vesicles": ContextKey(
        bool,
        "the case samples are vesicle preparations",
        "classes such as apoptotic bodies need this statement, because proteins alone do not tell vesicles from debris; "
        "where it is false no class is assessed",
        STUDY,
    ),
    "replicates": ContextKey(
        str,
        "what a replicate is: 'biological' or 'technical'",
        "repeats of one preparation do not count as independent; samples that look like repeats are questioned unless "
        "they are stated to be biological",
        STUDY,
        ("biological", "technical"),
    ),
    "fluid": ContextKey(
        str,
        "what the samples come from",
        "it decides which preparations yours are compared with and which sources of other protein are expected; a contrast may "
        "say it in place of the context",
        STUDY,
        FLUIDS,
    ),
    "condition": ContextKey(
        str,
        "sample column of the groups, for a study without a contrast",
        "without it all samples are described as one group",
        STUDY,
    ),
    "accession": ContextKey(
        str, "accession of this data set, such as PXD000022; several apart by commas", _OWN, STUDY
    ),
    "dataset": ContextKey(str, "another name, the DOI or the PubMed id of this data set", _OWN, STUDY),
    "apoptosis_induced": ContextKey(
        bool,
        "apoptosis was induced in the source cells",
        "apoptotic exosomes and apoptotic EVs are assessed only where this is true",
        APOPTOSIS,
    ),
    "apoptosis_shown": ContextKey(
        str,
        "how apoptosis was shown, such as 'annexin V and cleaved caspase-3'",
        "apoptotic exosomes and apoptotic EVs are assessed only where it was shown",
        APOPTOSIS,
    ),
    "viability_percent": ContextKey(
        float,
        "viability of the source cells at harvest, 0 to 100",
        "broken cells shed debris that resembles apoptotic bodies; apoptotic classes need the number, and MISEV asks for it "
        "in cell culture",
        APOPTOSIS,
    ),
    "caspase_inhibitor_control": ContextKey(
        bool,
        "a caspase-inhibitor control was run",
        "it shows that the vesicles depend on apoptosis; evidence for the apoptotic classes",
        APOPTOSIS,
    ),
    "inhibitor_effect": ContextKey(
        str,
        "what the caspase inhibitor did to the vesicles, such as 'abolished'",
        "it stands beside the evidence for the apoptotic classes",
        APOPTOSIS,
    ),
    "size_fraction": ContextKey(
        str,
        "how the vesicles were resolved by size or density",
        "a claim of apoptotic EVs needs a fraction resolved by size or density; the checklist asks for it",
        APOPTOSIS,
        yes_no=True,
    ),
    "isolation": ContextKey(
        str,
        "isolation method",
        "your preparations are compared with real ones isolated in the same way, where there are enough",
        ISOLATION,
    ),
    "source_amount": ContextKey(str, "amount of source material: volume, cells or tissue", _FORM, ISOLATION),
    "centrifugation": ContextKey(str, "g-force, time and rotor of each spin", _FORM, ISOLATION),
    "density_gradient": ContextKey(bool, "a density gradient was used", _FORM, ISOLATION),
    "ev_density": ContextKey(str, "density of the vesicles", _FORM, ISOLATION, yes_no=True),
    "lysate_preparation": ContextKey(str, "how the lysates were prepared", _FORM, ISOLATION),
    "storage": ContextKey(str, "storage and freeze-thaw of the samples", _FORM, ISOLATION),
    "particle_count": ContextKey(str, "particle count and how it was measured", _FORM, CHARACTERIZATION),
    "protein_amount": ContextKey(str, "protein amount and how it was measured", _FORM, CHARACTERIZATION),
    "electron_microscopy": ContextKey(
        str, "wide-field and close-up images", _FORM, CHARACTERIZATION, yes_no=True
    ),
    "single_particle_method": ContextKey(
        str, "a second single-particle method", _FORM, CHARACTERIZATION, yes_no=True
    ),
    "topology": ContextKey(str, "topology assay", _CHECKLIST, CHARACTERIZATION, yes_no=True),
    "unconditioned_medium_control": ContextKey(
        bool, "unconditioned medium was processed alongside", _CULTURE, CELLS
    ),
    "mycoplasma": ContextKey(str, "mycoplasma test", _CULTURE, CELLS, yes_no=True),
    "passage": ContextKey(str, "passage of the source cells", _CULTURE, CELLS),
    "anticoagulant": ContextKey(str, "anticoagulant of the blood tube", _BLOOD, BLOOD),
    "time_to_processing": ContextKey(str, "time from draw to the first spin", _BLOOD, BLOOD),
    "blood_cell_counts": ContextKey(
        str, "residual platelets and red cells, and how they were counted", _BLOOD, BLOOD, yes_no=True
    ),
    "urine_normalization": ContextKey(str, "creatinine, volume, time or an EV marker", _URINE, URINE),
    "urine_collection": ContextKey(
        str, "collection and storage of the urine, and proteinuria", _URINE, URINE
    ),
    "uromodulin_treatment": ContextKey(
        str, "how uromodulin was reduced or depleted, or 'none'", _URINE, URINE, yes_no=True
    ),
}
