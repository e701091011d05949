"""How tables of this field write species, accessions, contaminants and decoys."""

from __future__ import annotations

import re
from collections.abc import Sequence

#: organism or source of serum -> its species
SPECIES = {
    "human": "Homo sapiens",
    "mouse": "Mus musculus",
    "rat": "Rattus norvegicus",
    "bovine": "Bos taurus",
}
BOVINE = SPECIES["bovine"]
#: ending of a UniProt entry name, as in ALBU_BOVIN -> species
ENTRY_CODES = {
    "HUMAN": "Homo sapiens", "MOUSE": "Mus musculus", "BOVIN": "Bos taurus", "RAT": "Rattus norvegicus", "PIG": "Sus scrofa",
    "YEAST": "Saccharomyces cerevisiae", "ECOLI": "Escherichia coli", "SHEEP": "Ovis aries", "HORSE": "Equus caballus",
}  # fmt: skip
#: beginning of an Ensembl identifier -> species
ENSEMBL_CODES = {
    "ENSBTA": "Bos taurus",
    "ENSMUS": "Mus musculus",
    "ENSRNO": "Rattus norvegicus",
    "ENSP0": "Homo sapiens",
}

_ACCESSION = r"[OPQ][0-9][A-Z0-9]{3}[0-9]|[A-NR-Z][0-9](?:[A-Z][A-Z0-9]{2}[0-9]){1,2}"
#: a UniProt accession, as UniProt defines it
UNIPROT = re.compile(_ACCESSION)
#: the same, perhaps of an isoform (P08962-3) or a version (P08962.2); the accession is the first group
UNIPROT_ISOFORM = re.compile(rf"({_ACCESSION})(?:[-.]\d+)?")
#: entry name with a known ending: name and ending
ENTRY_NAME = re.compile(rf"(\w+)_({'|'.join(ENTRY_CODES)})")
#: ending of any entry name, anywhere in a text
ENTRY_ENDING = re.compile(r"_([A-Z]{3,5})\b")

# Tags of databases of contaminants: CON__ and CON_ (MaxQuant, msInspect), contam_ (FragPipe), Cont_ (universal library),
# cRAP, CONTAMINANT_, CNTM_, #CONTAM# (PEAKS), zz| (Sequest), NIST_; behind an identifier -CONT, |CONTAM, _CONTAMINANT.
_CONTAMINANT = (
    r"CON_+|CONT(?:A|AM|AMINANTS?)?[_|:-]|#CONTAM(?:INANT)?#|cRAP(?:[-_]|(?=\d))|CNTM[-_]|zz[|_]|NIST_"
)
_CONTAMINANT_AFTER = r"[-_|]CONT(?:AM|AMINANT)?(?=$|[;,|\s])"
_PEPTIDE_STANDARD = r"Biognosys\||iRT[-_]?(?:kit|protein|pep)"
# Tags of decoys: REV__ (MaxQuant), rev_ (FragPipe), DECOY_ (OpenMS), XXX_ (MS-GF+), ##, ###REV###, RND_, RRRRR
# (ProteinPilot), a minus; behind an identifier _REVERSED. REV_HV1H2 is the Rev protein of a virus, Rev_... no tag.
_VIRUS = r"(?:HV[12]|SIV|EIAV|FIV|BIV|VILV|OMVV|CAEV|JEMBR)\w{0,3}\b"
_DECOY = rf"REV__|rev_|REV_(?!{_VIRUS})|(?i:decoy|reversed?|random|shuffled?|rnd|xxx)_|##+(?:REV##+)?|#(?:REV|DECOY)#|RRRRR"
_DECOY_AFTER = r"[-_](?i:reversed?|decoy|random|shuffled)(?=$|[;,|\s])"
_MEMBER = r"(?:^|[;,|]\s*)"
#: a member of a protein group that a library of contaminants marks
CONTAMINANT = re.compile(
    rf"{_MEMBER}(?:{_CONTAMINANT}|{_PEPTIDE_STANDARD})|{_CONTAMINANT_AFTER}", re.IGNORECASE
)
#: a member of a protein group that is a decoy; names such as Rev_... of real proteins are none
DECOY = re.compile(rf"{_MEMBER}(?:{_DECOY})|^-(?=[A-Za-z])|{_DECOY_AFTER}")
#: what libraries of contaminants and decoys write before an identifier
PREFIX = re.compile(rf"^(?:(?i:{_CONTAMINANT})|{_DECOY}|-(?=[A-Za-z]))+")

#: name of a database before an identifier, as in SWISS-PROT:P02769
_DATABASE = re.compile(r"^(?:[A-Za-z-]+:|UniRef\d+_)")
_BRACKETS = re.compile(r"[(\[]([^()\[\]]+)[)\]]")

#: what separates the members of a protein group
BETWEEN_MEMBERS = re.compile(r"[;,]\s*")


def tag_pattern(tags: Sequence[str]) -> re.Pattern[str]:
    """Pattern of identifiers of which a member begins or ends with one of the tags.

    >>> bool(tag_pattern(["FBS_"]).search("P1;FBS_P02769")), bool(tag_pattern(["_sp"]).search("P1_spike"))
    (True, False)
    """
    either = "|".join(map(re.escape, tags))
    return re.compile(rf"{_MEMBER}(?:{either})|(?:{either})(?=$|[;,|\s])")


def species_of_entry(entry: str) -> str:
    """Species that an entry name or an Ensembl identifier states, or nothing.

    >>> species_of_entry("ALBU_BOVIN"), species_of_entry("ENSMUSP00000000001"), species_of_entry("P02769")
    ('Bos taurus', 'Mus musculus', '')
    """
    match = ENTRY_NAME.fullmatch(entry)
    if match:
        return ENTRY_CODES[match[2]]
    return next((species for prefix, species in ENSEMBL_CODES.items() if entry.startswith(prefix)), "")


def species_named(text: str) -> str:
    """Species that a text names, in Latin or in English; other texts stay as they are.

    >>> species_named("Human"), species_named("OS=Mus musculus OX=10090"), species_named("Gallus gallus")
    ('Homo sapiens', 'Mus musculus', 'Gallus gallus')
    """
    folded = text.lower()
    return next(
        (species for word, species in SPECIES.items() if folded == word or species.lower() in folded), text
    )


def split_identifier(token: str) -> tuple[str, str]:
    """Split an identifier into accession, without prefix and isoform, and entry name.

    Parts may be separated by ``|``; the accession may also stand in brackets after
    a name, or joined to a name by ``_``.

    >>> split_identifier("sp|P08962-3|CD63_HUMAN"), split_identifier("P08962|CD63_HUMAN")
    (('P08962', 'CD63_HUMAN'), ('P08962', 'CD63_HUMAN'))
    >>> split_identifier("CON__P02769"), split_identifier("CD63 (P08962)"), split_identifier("CD63_P08962")
    (('P02769', ''), ('P08962', ''), ('P08962', ''))
    >>> split_identifier("ALBU_BOVIN"), split_identifier("Cont_P02769_BOVIN")
    (('', 'ALBU_BOVIN'), ('P02769', 'P02769_BOVIN'))
    """
    text = PREFIX.sub("", token.strip())
    word = text.split(" ")[0]
    parts = [_DATABASE.sub("", PREFIX.sub("", part)) for part in word.split("|")] + _BRACKETS.findall(text)
    entry = next((p for p in parts if ENTRY_NAME.fullmatch(p) or p.startswith(tuple(ENSEMBL_CODES))), "")
    found = filter(None, map(UNIPROT_ISOFORM.fullmatch, [*parts, *(h for p in parts for h in p.split("_"))]))
    match = next(found, None)
    return (match[1] if match else ""), entry
