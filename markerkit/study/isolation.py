"""Isolation methods: the method that a free text names."""

from __future__ import annotations

import re

#: method -> how preparations of it are called
ISOLATIONS: dict[str, str] = {
    "sec": "SEC",
    "ultracentrifugation": "ultracentrifugation",
    "centrifugation": "low-speed centrifugation",
    "density_gradient": "density gradient",
    "precipitation": "precipitation",
    "beads": "bead",
    "filtration": "filtration",
    "combined": "combined-method",
}
_PATTERNS = {
    "sec": r"\bsec\b|size.?exclusion|\bqev\b|izon",
    "density_gradient": r"gradient|iodixanol|optiprep|sucrose",
    "ultracentrifugation": r"ultra.?centrifug|differential.{0,12}centrifug|\bd?uc\b|\b1[0-9]{2}[ ,.]?000 ?(x ?)?g\b",
    "precipitation": r"precipit|exoquick|\bpeg\b|prospr|total exosome isolation",
    "beads": r"bead|immuno.?(affinity|capture|precipit)|affinity|mag.?net|\bsax\b|exoeasy|annexin.?v capture",
    "filtration": r"filtrat|\btff\b|\baf4\b|field.?flow",
}
_CENTRIFUGATION = r"centrifug|\bspin\b|pellet"


def isolation_of(text: object) -> str:
    """Read the isolation method from a text.

    Parameters
    ----------
    text
        What the user wrote of the isolation, in the sample sheet or the context; a key of
        :data:`ISOLATIONS` is one as well.

    Returns
    -------
    A key of :data:`ISOLATIONS`: ``combined`` where the text names several methods; empty where it
    names none.

    Examples
    --------
    >>> isolation_of("SEC (qEV original)"), isolation_of("differential ultracentrifugation")
    ('sec', 'ultracentrifugation')
    >>> isolation_of("PEG precipitation, then SEC"), isolation_of("by hand")
    ('combined', '')
    """
    if not isinstance(text, str):
        return ""
    words = text.strip().lower()
    if words in ISOLATIONS:
        return words
    found = [method for method, pattern in _PATTERNS.items() if re.search(pattern, words)]
    # a gradient is spun in an ultracentrifuge, immunoprecipitation is done with beads
    if "density_gradient" in found:
        found = [f for f in found if f != "ultracentrifugation"]
    if re.search(r"immuno.?precipit", words):
        found = [f for f in found if f != "precipitation"]
    if not found:
        return "centrifugation" if re.search(_CENTRIFUGATION, words) else ""
    return found[0] if len(found) == 1 else "combined"
