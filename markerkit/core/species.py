"""How tables of this field write species, accessions, contaminants and decoys."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

#: organism or source of serum -> its species
SPECIES = {
    "human": "Homo sapiens",
    "mouse": "Mus musculus",
    "rat": "Rattus norvegicus",
    "bovine": "Bos taurus",
}
BOVINE = SPECIES["bovine"]


def _species_table() -> list[dict[str, str]]:
    """Read the species that are known by name: UniProt code, NCBI taxon, letters of Ensembl, Latin name."""
    with (Path(__file__).parents[1] / "data" / "species.tsv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


_TABLE = _species_table()
#: ending of a UniProt entry name, as in ALBU_BOVIN -> species
ENTRY_CODES = {row["code"]: row["species"] for row in _TABLE}
#: NCBI taxon, as in OX=9913 -> species
TAXA = {row["taxon"]: row["species"] for row in _TABLE}
#: letters of an Ensembl identifier, as in ENSBTAP00000031900 -> species; those of human have none
ENSEMBL_CODES = {"": SPECIES["human"]} | {r["ensembl"]: r["species"] for r in _TABLE if r["ensembl"]}

_ACCESSION = r"[OPQ][0-9][A-Z0-9]{3}[0-9]|[A-NR-Z][0-9](?:[A-Z][A-Z0-9]{2}[0-9]){1,2}"
#: a UniProt accession, as UniProt defines it
UNIPROT = re.compile(_ACCESSION)
#: the same, perhaps of an isoform (P08962-3) or a version (P08962.2, in MaxQuant's contaminants P35908v2); the accession is
#: the first group
UNIPROT_ISOFORM = re.compile(rf"({_ACCESSION})(?:-\d+)?(?:[.v]\d+)?")
#: entry name with a known ending: name and ending
ENTRY_NAME = re.compile(rf"(\w+)_({'|'.join(ENTRY_CODES)})")
_ENTRY_IN_TEXT = re.compile(rf"\b\w+_({'|'.join(ENTRY_CODES)})\b")
#: entry name with any ending: name, of an unreviewed entry its accession, and ending
ANY_ENTRY = re.compile(rf"({_ACCESSION}|[A-Z0-9]{{1,5}})_((?=\d*[A-Z])[A-Z0-9]{{3,5}})")
#: what stands for a species whose name is not known here
UNNAMED_SPECIES = "species with the UniProt code "
_NO_TAXON = re.compile(r"-\d+|0|")
#: Ensembl identifier of a gene, transcript or protein: letters of the species, kind
ENSEMBL = re.compile(r"ENS([A-Z]{3})?([GTP])\d{11}(?:\.\d+)?")
_OS = re.compile(r"\bOS=([A-Z][^\s=();]*(?:\s+[^\s=();]+)*?)(?:\s+\(|\s+[A-Z]{2}=|\s*$|;)")
_OX = re.compile(r"\b(?:OX|TaxID|Tax_Id)=(\d+)")
_BRACKETED_SPECIES = re.compile(r"\[([A-Z][a-z]+ [a-z]+)[^\]]*\]")
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
    >>> species_of_entry("TBA_9TRYP")
    'species with the UniProt code 9TRYP'
    """
    match = ENTRY_NAME.fullmatch(entry)
    if match:
        return ENTRY_CODES[match[2]]
    ensembl = ENSEMBL.fullmatch(entry)
    if ensembl:
        return ENSEMBL_CODES.get(ensembl[1] or "", "")
    other = ANY_ENTRY.fullmatch(entry)
    return UNNAMED_SPECIES + other[2] if other else ""


@lru_cache(maxsize=4096)
def species_named(text: str) -> str:
    """Species that a text names, in Latin, in English or by its number; other texts stay as they are.

    Of several species the first one counts; MaxQuant writes -1 where it does not know the taxon.

    >>> species_named("Human"), species_named("OS=Mus musculus OX=10090"), species_named("Gallus gallus")
    ('Homo sapiens', 'Mus musculus', 'Gallus gallus')
    >>> species_named("9606"), species_named("Sus scrofa (Pig)"), species_named("SHEEP")
    ('Homo sapiens', 'Sus scrofa', 'Ovis aries')
    >>> species_named("-1"), species_named("-1;10090")
    ('', 'Mus musculus')
    """
    plain = next((t for part in text.split(";") if not _NO_TAXON.fullmatch(t := part.strip())), "")
    folded = plain.lower()
    known = next((latin for word, latin in SPECIES.items() if folded == word or latin.lower() in folded), "")
    if known:
        return known
    of_table = TAXA.get(plain) or ENTRY_CODES.get(plain.upper())
    return of_table or species_in(plain) or re.sub(r"\s*\(.*", "", plain)


def species_in(text: str) -> str:
    """Species that a header or description states: by entry name, ``OX=``, ``OS=``, ``[Latin name]``; or nothing.

    >>> species_in("Albumin OS=Sus scrofa OX=9823 GN=ALB PE=1 SV=2"), species_in("albumin precursor [Ovis aries]")
    ('Sus scrofa', 'Ovis aries')
    >>> species_in("Flagellin OS=Salmonella typhimurium (strain LT2 / SGSC1412 / ATCC 700720) GN=fliC")
    'Salmonella typhimurium'
    """
    if "_" not in text and "=" not in text and " " not in text:  # an accession alone, as most texts are
        return ""
    code = _ENTRY_IN_TEXT.search(text)
    if code:
        return ENTRY_CODES[code[1]]
    taxon = _OX.search(text)
    if taxon and taxon[1] in TAXA:
        return TAXA[taxon[1]]
    named = _OS.search(text) or _BRACKETED_SPECIES.search(text)
    return named[1].strip() if named else next((latin for latin in SPECIES.values() if latin in text), "")


def split_identifier(token: str) -> tuple[str, str]:
    """Split an identifier into accession, without prefix and isoform, and entry name.

    Parts may be separated by ``|``; the accession may also stand in brackets after
    a name, or joined to a name by ``_``.

    >>> split_identifier("sp|P08962-3|CD63_HUMAN"), split_identifier("P08962|CD63_HUMAN")
    (('P08962', 'CD63_HUMAN'), ('P08962', 'CD63_HUMAN'))
    >>> split_identifier("CON__P02769"), split_identifier("CD63 (P08962)"), split_identifier("CD63_P08962")
    (('P02769', ''), ('P08962', ''), ('P08962', ''))
    >>> split_identifier("CON__P35908v2"), split_identifier("P08962-3.1")
    (('P35908', ''), ('P08962', ''))
    >>> split_identifier("ALBU_BOVIN"), split_identifier("Cont_P02769_BOVIN")
    (('', 'ALBU_BOVIN'), ('P02769', 'P02769_BOVIN'))
    """
    text = PREFIX.sub("", token.strip())
    word = text.split(" ")[0]
    parts = [_DATABASE.sub("", PREFIX.sub("", part)) for part in word.split("|")] + _BRACKETS.findall(text)
    entry = next((p for p in parts if ENTRY_NAME.fullmatch(p) or ENSEMBL.fullmatch(p)), "")
    if not entry and len(parts) > 2 and ANY_ENTRY.fullmatch(parts[2]):
        entry = parts[2]
    found = filter(None, map(UNIPROT_ISOFORM.fullmatch, [*parts, *(h for p in parts for h in p.split("_"))]))
    match = next(found, None)
    return (match[1] if match else ""), entry
