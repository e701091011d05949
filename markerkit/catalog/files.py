"""Reading marker sets: the reference catalog, and user files in TOML, TSV, CSV, GMT or with one gene a line."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, overload

from markerkit.catalog.lines import line_of
from markerkit.core import limits
from markerkit.core.errors import InputError, listed, shown, suggestion
from markerkit.core.memory import uncollected
from markerkit.core.species import UNIPROT
from markerkit.io.given import parse, read_bytes
from markerkit.tables.spec import text_of_cell

#: name of a set: any text without line breaks and ``;``, which joins names in tables
SET_ID = re.compile(r"[A-Za-z0-9][^\n\t;]*(?<! )")
#: weight behind a gene in GMT files of Enrichr, as in CD63,1.0
_WEIGHT = re.compile(r",-?\d+(?:\.\d*)?$")
SET_ROLES = ("identity", "layer", "module", "misev", "source", "context")
MARKER_ROLES = ("positive", "negative")
SET_ORGANISMS = ("human", "mouse", "rat", "bovine")
DERIVED = (
    "set",
    "title",
    "doi",
    "grade",
    "independent_marker",
)  # columns of an exported table that are no field of a marker
EVIDENCE = ("founding_review", "proteomics", "guideline", "single-study", "review", "localization", "user")
_FLAGS = ("core", "listed_only")  # fields of a marker that are true or false
_TRUE, _FALSE = ("true", "1", "yes"), ("false", "0", "no")
VERIFIED = re.compile(r"founding_review|opened:[a-z0-9-]+|recalled-(?:high|medium|low)|user")
RESERVED = frozenset(
    {"catalog", "references", "criteria", "checklist"}
)  # files of the folder that are no sets

HEADER: dict[str, Any] = {
    "id": "",
    "title": "",
    "vesicle": "",
    "role": "context",
    "organism": "human",
    "minimum_measured": 3,
    "note": "",
    "derived_from": [],
}
MARKER: dict[str, Any] = {
    "gene": "",
    "uniprot": "",
    "role": "positive",
    "evidence": "user",
    "source": "",
    "verified": "user",
    "shared_with": [],
    "complex": "",
    "core": True,
    "misev": "",
    "listed_only": False,
    "note": "",
    "weight": None,
}


class SetRecord(NamedTuple):
    """A marker set as written: its header and its markers."""

    header: dict[str, Any]
    markers: Sequence[dict[str, Any]]


class _OfGenes(Sequence[dict[str, Any]]):
    """Markers of a list of genes, made when they are looked at: a set test asks for the genes alone."""

    def __init__(self, genes: Iterable[str]) -> None:
        self._genes = tuple(genes)

    def __len__(self) -> int:
        return len(self._genes)

    @overload
    def __getitem__(self, at: int) -> dict[str, Any]: ...

    @overload
    def __getitem__(self, at: slice) -> list[dict[str, Any]]: ...

    def __getitem__(self, at: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        if isinstance(at, slice):
            return [{**MARKER, "gene": gene} for gene in self._genes[at]]
        return {**MARKER, "gene": self._genes[at]}


def record_of_list(name: str, genes: Iterable[str]) -> SetRecord:
    """Make the record of a list of genes: positive members of a set without a class."""
    return SetRecord({**HEADER, "id": name, "title": name}, _OfGenes(genes))


def reference_folder() -> Path:
    """Return the folder of the reference sets: inside the package, else beside it.

    Raises
    ------
    FileNotFoundError
        Neither folder holds a ``catalog.toml``: the installation is broken.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "reference_sets", package.parent / "reference_sets"):
        if (folder / "catalog.toml").is_file():
            return folder
    message = f"no reference_sets folder with a catalog.toml in {package} or beside it; reinstall markerkit."
    raise FileNotFoundError(message)


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file; the error names the file and the place."""
    text = read_text(path)
    try:
        found: dict[str, Any] = parse(text, "TOML")
    except ValueError as error:
        raise InputError(f"{path} is not valid TOML: {error}. Correct the file there.") from error
    return found


def read_text(path: Path) -> str:
    """Read UTF-8 text with any line ends; the error names the file."""
    data = read_bytes(path, "file of marker sets", most=limits.MARKER_FILE)
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text ({error.reason}); save it as UTF-8.") from error


def read_sets(path: str | Path) -> list[SetRecord]:
    """Read the marker sets of one file; the extension decides the format.

    Parameters
    ----------
    path
        ``.toml`` (one set, the schema of the reference sets), ``.tsv`` or ``.csv``
        (columns ``set`` and ``gene``, optionally the fields of a marker), ``.gmt``,
        or ``.txt`` with one gene a line (or like ``.tsv``).

    Raises
    ------
    InputError
        Unknown extension, empty file, unknown or wrong fields, duplicate
        genes, a gene that is positive and negative in one set.
    """
    path = Path(path)
    kind = path.suffix.lower()
    readers = {
        ".toml": _from_toml,
        ".tsv": _from_tsv,
        ".csv": _from_csv,
        ".txt": _from_txt,
        ".gmt": _from_gmt,
    }
    if kind not in readers:
        raise InputError(
            f"{path}: markers cannot be read from a {kind or 'file without extension'}; "
            "save them as .toml, .tsv, .csv or .gmt."
        )
    text = read_text(path)
    if not text.strip():
        raise InputError(f"{path} is empty; give at least one set with one gene.")
    with uncollected():
        records = readers[kind](path, text)
        for record in records:
            check_set(record, path, text)
    return records


def _from_toml(path: Path, text: str) -> list[SetRecord]:
    return [from_mapping(read_toml(path), path, text)]


def from_mapping(data: Mapping[str, Any], path: Path, text: str = "") -> SetRecord:
    """Make a set of parsed TOML: the header, and the markers with the set's defaults filled in."""
    header = {k: v for k, v in data.items() if k not in ("markers", "defaults")}
    defaults = data.get("defaults", {})
    markers = data.get("markers")
    if not isinstance(markers, list) or not markers:
        raise InputError(f'{path} has no markers; add `markers = [ {{ gene = "CD63" }} ]`.')
    if not isinstance(defaults, dict):
        raise InputError(f"{path}: `defaults` is not a table; write `[defaults]` above its fields.")
    _check_fields(header, HEADER, f"{path}: the header")
    _check_fields(defaults, MARKER, f"{path}: `defaults`")
    for number, marker in enumerate(markers, 1):
        if not isinstance(marker, dict):
            raise InputError(f'{path}: marker {number} is not a table; write `{{ gene = "CD63" }}`.')
        if not MARKER.keys() >= marker.keys():
            gene = str(marker.get("gene", ""))
            place = line_of(text, gene)
            where = f"{path}{f', line {place}' if place else ''}"
            _check_fields(marker, MARKER, f"{where}: marker {number} ({gene or 'no gene'})")
    header.setdefault("id", path.stem)
    header.setdefault("title", header["id"])
    base = {**MARKER, **defaults}
    return SetRecord({**HEADER, **header}, [{**base, **marker} for marker in markers])


def _check_fields(found: Mapping[str, Any], allowed: Mapping[str, Any], what: str) -> None:
    for name in found:
        if name not in allowed:
            raise InputError(
                f"{what} has an unknown field {name!r}; allowed are {listed(allowed, limit=20)}."
                f"{suggestion(name, allowed)}"
            )


def _from_csv(path: Path, text: str) -> list[SetRecord]:
    header = text.split("\n")[0]
    return _from_tsv(path, text, ";" if header.count(";") > header.count(",") else ",")


def _from_txt(path: Path, text: str) -> list[SetRecord]:
    """Read a table, or a list of one gene a line that becomes a set by the name of the file."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if any("\t" in line for line in lines):
        return _from_tsv(path, text)
    genes = lines[lines[0].lower() in ("gene", "genes", "symbol", "gene_symbol") :]
    return [record_of_list(path.stem, genes)]


def _from_tsv(path: Path, text: str, delimiter: str = "\t") -> list[SetRecord]:
    reader = csv.DictReader(io.StringIO(text), delimiter=delimiter, strict=True)
    try:
        return _from_rows(path, reader)
    except csv.Error as error:
        raise InputError(
            f"{path}, line {reader.line_num}: {error}. A quotation mark may be open: remove it, or close it."
        ) from error


def _from_rows(path: Path, reader: csv.DictReader[str]) -> list[SetRecord]:
    names = list(reader.fieldnames or ())
    for needed in ("set", "gene"):
        if needed not in names:
            raise InputError(
                f"{path} has no column {needed!r}; found {listed(names, limit=20)}. "
                "A marker table has the columns set and gene, separated by tabs (.tsv) or commas (.csv)."
            )
    columns = {"accession": "uniprot"}
    if len(set(names)) < len(names):
        raise InputError(f"{path} repeats a column; found {listed(names, limit=20)}.")
    _check_fields({columns.get(n, n): None for n in names if n not in DERIVED}, MARKER, f"{path}")
    headers: dict[str, dict[str, Any]] = {}
    markers: dict[str, list[dict[str, Any]]] = {}
    for row in reader:
        line = reader.line_num
        if None in row or None in row.values():
            raise InputError(f"{path}, line {line}: {len(names)} fields are expected, as in the header.")
        cells = {columns.get(k, k): text_of_cell(v.strip()) for k, v in row.items()}
        if not any(cells.values()):
            continue
        marker = _typed(cells, f"{path}, line {line}")
        name = cells["set"]
        headers.setdefault(name, {**HEADER, "id": name, "title": cells.get("title") or name})
        markers.setdefault(name, []).append({**MARKER, **marker})
    if not headers:
        raise InputError(f"{path} has a header but no rows; give at least one set with one gene.")
    return [SetRecord(header, markers[name]) for name, header in headers.items()]


def _typed(cells: Mapping[str, str], where: str) -> dict[str, Any]:
    marker: dict[str, Any] = {k: v for k, v in cells.items() if k in MARKER and v}
    if "shared_with" in marker:
        marker["shared_with"] = [s.strip() for s in re.split(r"[;,]", marker["shared_with"]) if s.strip()]
    for name in _FLAGS:
        if name in marker:
            marker[name] = _flag(name, marker[name], where)
    if "weight" in marker:
        try:
            marker["weight"] = float(marker["weight"])
        except ValueError as error:
            raise InputError(f"{where}: weight {marker['weight']!r} is not a number.") from error
    return marker


def _flag(name: str, text: str, where: str) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise InputError(f"{where}: {name} {text!r} is neither true nor false; write true or false.")


def _from_gmt(path: Path, text: str) -> list[SetRecord]:
    records: dict[str, SetRecord] = {}
    for line, content in enumerate(text.split("\n"), 1):
        if not content.strip():
            continue
        fields = [f.strip() for f in content.split("\t")]
        if len(fields) < 3:
            raise InputError(
                f"{path}, line {line}: a GMT line is name, description and genes, separated by tabs; "
                f"found {len(fields)} field(s)."
            )
        name, role = fields[0], "positive"
        if name.endswith("_negative"):
            name, role = name.removesuffix("_negative"), "negative"
        genes = [_WEIGHT.sub("", field) for field in fields[2:]]
        markers = [{**MARKER, "gene": gene, "role": role} for gene in genes if gene]
        same = records.get(name)
        if same is None:
            records[name] = SetRecord({**HEADER, "id": name, "title": fields[1] or name}, markers)
        elif {m["role"] for m in same.markers} == {role}:
            raise InputError(
                f"{path}, line {line}: set {name!r} is there twice; give every set a name of its own."
            )
        else:
            records[name] = SetRecord(same.header, [*same.markers, *markers])
    return list(records.values())


def check_set(record: SetRecord, path: Path, text: str = "") -> None:
    """Refuse a set that breaks the schema.

    Raises
    ------
    InputError
        Naming the file, the line where it can be found, and what to do.
    """
    header, markers = record
    name = header["id"]
    if not isinstance(name, str) or not SET_ID.fullmatch(name):
        raise InputError(
            f"{path}: set id {shown(name)} must begin with a letter or digit and hold no ';' and no line break."
        )
    if header["role"] not in SET_ROLES:
        raise InputError(
            f"{path}: role of set {shown(name)} must be {listed(SET_ROLES, conjunction='or')}; got {shown(header['role'])}."
            f"{suggestion(header['role'], SET_ROLES)}"
        )
    if header["organism"] not in SET_ORGANISMS:
        raise InputError(
            f"{path}: organism of set {shown(name)} must be {listed(SET_ORGANISMS, conjunction='or')}; "
            f"got {shown(header['organism'])}.{suggestion(header['organism'], SET_ORGANISMS)}"
        )
    minimum = header["minimum_measured"]
    if not isinstance(minimum, int) or isinstance(minimum, bool) or minimum < 1:
        raise InputError(
            f"{path}: minimum_measured of set {shown(name)} must be a whole number from 1; got {shown(minimum)}."
        )
    if problem := _wrong_kind(header, HEADER):
        raise InputError(f"{path}: set {shown(name)}: {problem}")
    role_of: dict[str, str] = {}
    for marker in markers:
        problem = _problem(marker) or _repeated(marker, role_of)
        if problem:
            gene = str(marker["gene"])
            line = line_of(text, gene, repeated=gene in role_of)
            raise InputError(f"{path}{f', line {line}' if line else ''}: set {shown(name)}: {problem}")
        role_of[marker["gene"]] = marker["role"]


def _problem(marker: Mapping[str, Any]) -> str:
    gene, accession, weight = marker["gene"], marker["uniprot"], marker["weight"]
    if not isinstance(gene, str) or not gene or gene != gene.strip() or not gene.isprintable():
        return f"gene {shown(gene)} must be a symbol without blanks around it and line breaks or tabs in it."
    if marker["role"] not in MARKER_ROLES:
        return f"role of {gene} must be 'positive' or 'negative'; got {shown(marker['role'])}."
    if accession and not (isinstance(accession, str) and UNIPROT.fullmatch(accession)):
        return f"{shown(accession)} of {gene} is no UniProt accession (such as P08962); correct it or leave it empty."
    if marker["evidence"] not in EVIDENCE:
        return (
            f"evidence of {gene} must be {listed(EVIDENCE, conjunction='or')}; got {shown(marker['evidence'])}."
            f"{suggestion(marker['evidence'], EVIDENCE)}"
        )
    if not VERIFIED.fullmatch(str(marker["verified"])):
        return (
            f"verified of {gene} must be 'founding_review', 'opened:<what>', 'recalled-high', 'recalled-medium', "
            f"'recalled-low' or 'user'; got {shown(marker['verified'])}."
        )
    for name in _FLAGS:
        if not isinstance(marker[name], bool):
            return f"{name} of {gene} must be true or false; got {marker[name]!r}."
    number = isinstance(weight, int | float) and not isinstance(weight, bool)
    if weight is not None and not (number and 0 <= weight <= sys.float_info.max):
        return f"weight of {gene} must be a number from 0; got {shown(weight)}."
    wrong = _wrong_kind(marker, MARKER)
    return f"{gene}: {wrong}" if wrong else ""


def _wrong_kind(fields: Mapping[str, Any], usual: Mapping[str, Any]) -> str:
    """Say which field holds another kind of value than its usual one; numbers are checked apart."""
    for name, value in fields.items():
        if type(value) is type(usual[name]) is not list:
            continue
        if isinstance(usual[name], str) and not isinstance(value, str):
            return f"`{name}` must be text; got {shown(value)}."
        if isinstance(usual[name], list) and not (
            isinstance(value, list) and all(isinstance(v, str) for v in value)
        ):
            return f"`{name}` must be a list of texts; got {shown(value)}."
    return ""


def _repeated(marker: Mapping[str, Any], role_of: Mapping[str, str]) -> str:
    gene, role = marker["gene"], marker["role"]
    if gene not in role_of:
        return ""
    if role_of[gene] != role:
        return f"gene {gene} is positive and negative; keep one of the two."
    return f"gene {gene} is listed twice; keep one row."


def read_reference(folder: Path) -> tuple[dict[str, Any], dict[str, Any], list[SetRecord]]:
    """Read the reference catalog: its header, its references, its sets.

    Parameters
    ----------
    folder
        Folder with ``catalog.toml``, ``references.toml`` and one TOML file per set.
    """
    info = read_toml(folder / "catalog.toml")
    references = read_toml(folder / "references.toml")
    records = []
    for path in sorted(folder.glob("*.toml")):
        if path.stem not in RESERVED:
            records += read_sets(path)
    return info, references, records


def read_orthologs(folder: Path) -> list[dict[str, str]]:
    """Read the ortholog table as a list of rows."""
    lines = read_text(folder / "orthologs.tsv").splitlines()
    return [{k: v or "" for k, v in row.items()} for row in csv.DictReader(lines, delimiter="\t")]
