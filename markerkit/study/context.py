"""What only the user knows about a preparation: the context file."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markerkit.core.errors import InputError, listed, suggestion

#: key -> (kind, what it says)
CONTEXT_KEYS: dict[str, tuple[type, str]] = {
    "vesicles": (bool, "the case samples are vesicle preparations"),
    "apoptosis_induced": (bool, "apoptosis was induced in the source cells"),
    "apoptosis_shown": (str, "how apoptosis was shown, such as 'annexin V and cleaved caspase-3'"),
    "viability_percent": (float, "viability of the source cells at harvest, 0 to 100"),
    "caspase_inhibitor_control": (bool, "a caspase-inhibitor control was run"),
    "inhibitor_effect": (str, "what the caspase inhibitor did to the vesicles, such as 'abolished'"),
    "replicates": (str, "what a replicate is: 'biological' or 'technical'"),
    "fluid": (
        str,
        "what the samples come from, where no contrast says it: plasma, serum, urine, culture, ...",
    ),
    "condition": (str, "sample column of the groups, for a study without a contrast"),
    "accession": (str, "accession of this data set, such as PXD000022; several apart by commas"),
    "dataset": (str, "another name, the DOI or the PubMed id of this data set"),
    "source_amount": (str, "amount of source material: volume, cells or tissue"),
    "particle_count": (str, "particle count and how it was measured"),
    "protein_amount": (str, "protein amount and how it was measured"),
    "isolation": (str, "isolation method"),
    "density_gradient": (bool, "a density gradient was used"),
    "ev_density": (str, "density of the vesicles"),
    "centrifugation": (str, "g-force, time and rotor of each spin"),
    "electron_microscopy": (str, "wide-field and close-up images"),
    "single_particle_method": (str, "a second single-particle method"),
    "topology": (str, "topology assay"),
    "storage": (str, "storage and freeze-thaw of the samples"),
    "anticoagulant": (str, "anticoagulant of the blood tube"),
    "time_to_processing": (str, "time from draw to the first spin"),
    "unconditioned_medium_control": (bool, "unconditioned medium was processed alongside"),
    "urine_normalization": (str, "creatinine, volume, time or an EV marker"),
    "mycoplasma": (str, "mycoplasma test"),
    "passage": (str, "passage of the source cells"),
    "lysate_preparation": (str, "how the lysates were prepared"),
    "blood_cell_counts": (str, "residual platelets and red cells, and how they were counted"),
    "urine_collection": (str, "collection and storage of the urine, and proteinuria"),
    "uromodulin_treatment": (str, "how uromodulin was reduced or depleted, or 'none'"),
    "size_fraction": (str, "how the vesicles were resolved by size or density"),
}


def read_context(source: str | Path | Mapping[str, Any] | None) -> dict[str, Any]:
    """Read and check a context.

    Parameters
    ----------
    source
        A TOML or JSON file, a mapping, or nothing.

    Returns
    -------
    Known keys (:data:`CONTEXT_KEYS`) with checked values.

    Raises
    ------
    InputError
        A file that is not there or not TOML or JSON, an unknown key, a value
        of the wrong kind.
    """
    if source is None:
        return {}
    raw = dict(source) if isinstance(source, Mapping) else _read_file(Path(source))
    unknown = [k for k in raw if k not in CONTEXT_KEYS]
    if unknown:
        message = (
            f"the context has an unknown key {listed(unknown)}; known keys are "
            f"{listed(CONTEXT_KEYS, limit=40)}.{suggestion(unknown[0], CONTEXT_KEYS)}"
        )
        raise InputError(message)
    return {key: _check(key, value) for key, value in raw.items()}


def _read_file(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise InputError(f"there is no context file {str(path)!r}; give a TOML or JSON file.")
    try:
        text = path.read_text(encoding="utf-8")
        raw = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except (ValueError, UnicodeDecodeError) as error:
        kind = "JSON" if path.suffix.lower() == ".json" else "TOML"
        raise InputError(f"the context file {path.name!r} is not {kind}: {error}.") from error
    if not isinstance(raw, dict):
        raise InputError(f"the context file {path.name!r} must hold keys and values.")
    return raw


def _check(key: str, value: Any) -> Any:
    kind, meaning = CONTEXT_KEYS[key]
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        if not 0 <= value <= 100:
            raise InputError(f"`{key}` ({meaning}) must lie between 0 and 100; got {value!r}.")
        return float(value)
    if kind is float or not isinstance(value, kind):
        name = {bool: "true or false", str: "text", float: "a number"}[kind]
        raise InputError(f"`{key}` ({meaning}) must be {name}; got {value!r}.")
    return value
