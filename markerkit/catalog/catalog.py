"""The catalog of all marker sets."""

from __future__ import annotations

import copy
import html
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from markerkit.catalog import derive, forms, views
from markerkit.catalog import files as io
from markerkit.catalog.forms import Sets
from markerkit.catalog.marker_set import MarkerSet
from markerkit.catalog.user_sets import mapped_sets
from markerkit.core.errors import InputError, listed, one_of, suggestion
from markerkit.core.experiment import ORGANISMS
from markerkit.core.matrix import hand_out
from markerkit.core.memory import uncollected
from markerkit.tables.spec import to_tsv


class MarkerCatalog(Mapping[str, MarkerSet]):
    """The marker sets, by id, with their sources.

    Parameters
    ----------
    records
        Sets as written.
    references
        Citations by key.
    info
        Content of ``catalog.toml``: version, license, classes, sources.
    orthologs
        Rows of the ortholog table.
    organism
        Organism of the genes in `records` (sets may declare another one).
    unmapped
        Members that have no gene, rows of the table `unmapped`.

    Notes
    -----
    The weight of a marker is derived, never stored. Its grade is 1 where the fact was checked in its source
    (``verified`` is ``founding_review``, ``opened:...`` or ``user``), 0.5 where it was recalled, 0 where it is
    ``listed_only``. In the set of a vesicle class the weight of a positive marker is grade / k, k the number of
    classes that hold the gene: by membership or by the sharing recorded in a class set, ``apoptotic_ev`` and
    ``apoptotic_microvesicle`` counted as one. Negative markers and all other sets (layers, sources, modules,
    guideline categories) have weight = grade. A weight given in a user's file is used as it is.

    ``core`` is false for a member that goes with what the set names without being a part of it, as an elongation
    factor goes with the ribosome. It changes no weight: whoever asks whether a complex or an organelle is there asks
    its core members.

    Examples
    --------
    >>> from markerkit.catalog.load import load_markers
    >>> markers = load_markers()
    >>> markers["exosome"]
    <MarkerSet exosome: 54 positive, 17 negative, human>
    >>> "CD63" in markers["exosome"]
    True
    """

    def __init__(
        self,
        records: Iterable[io.SetRecord],
        *,
        references: Mapping[str, Mapping[str, Any]] | None = None,
        info: Mapping[str, Any] | None = None,
        orthologs: Sequence[Mapping[str, str]] = (),
        organism: str = "human",
        unmapped: Sequence[Mapping[str, str]] = (),
    ) -> None:
        one_of("organism", organism, ORGANISMS)
        self._info = copy.deepcopy(dict(info or {}))
        self._references = {k: dict(v) for k, v in (references or {}).items()}
        self._orthologs = list(orthologs)
        self._organism = organism
        self._records = derive.in_order(records, self._info)
        self._table = derive.table_of(self._records, self._references, self._info)
        self._unmapped = pd.DataFrame(unmapped, columns=list(derive.UNMAPPED_COLUMNS), dtype=object)

    @classmethod
    def from_gmt(cls, path: str | Path, *, organism: str = "human") -> MarkerCatalog:
        r"""Make a catalog of a GMT file, one set per line: name, description and genes, separated by tabs.

        Parameters
        ----------
        path
            File of MSigDB, Enrichr, g:Profiler or your own.
        organism
            Of the genes.

        Raises
        ------
        InputError
            No such file, another kind of file, a line that is no set.
        """
        if Path(path).suffix.lower() != ".gmt":
            raise InputError(
                f"{path} is no .gmt file; markerkit.read_markers reads .toml, .tsv, .csv and .txt."
            )
        records = [forms.of_organism(r, organism) for r in io.read_sets(path)]
        return cls.of_records(records, organism=organism, where=str(path))

    @classmethod
    def from_dict(cls, sets: Sets, *, organism: str = "human") -> MarkerCatalog:
        """Make a catalog of named lists of genes.

        Parameters
        ----------
        sets
            Name -> genes or :class:`MarkerSet`. Genes of a list have weight 1 and are mapped as those of
            the data are: symbols, aliases, accessions, Ensembl genes and, of human, Entrez gene IDs.
        organism
            Of the genes.

        Raises
        ------
        InputError
            A text in place of a list, something that is no text among the genes, no set at all.

        Examples
        --------
        >>> MarkerCatalog.from_dict({"tetraspanins": ["CD9", "cd63", "P60033"]})["tetraspanins"].genes
        ['CD9', 'CD63', 'CD81']
        """
        return cls.of_records(forms.records_of(sets, organism), organism=organism, where="your sets")

    @classmethod
    def of_records(cls, records: Iterable[io.SetRecord], *, organism: str, where: str) -> MarkerCatalog:
        """Make a catalog of a user's sets, mapped as data are; `where` names them in messages."""
        with uncollected():
            mapped, unmapped = mapped_sets(records, where)
            return cls(mapped, organism=organism, unmapped=unmapped)

    def add(self, sets: Sets) -> MarkerCatalog:
        """Return the catalog with sets of your own beside those that it has.

        Parameters
        ----------
        sets
            A catalog, a set, named lists of genes, or one list of genes, which becomes the set ``genes``;
            lists are mapped as by :meth:`from_dict`.

        Raises
        ------
        InputError
            A name that is taken, a catalog of another organism.

        Examples
        --------
        >>> from markerkit.catalog.load import load_markers
        >>> markers = load_markers().add({"mine": ["CD9", "CD63"]})
        >>> "mine" in markers, len(markers) - len(load_markers())
        (True, 1)
        """
        own = sets if isinstance(sets, MarkerCatalog) else self.from_dict(sets, organism=self._organism)
        if own.organism != self._organism:
            raise InputError(
                f"the sets are of {own.organism}, the catalog is of {self._organism}; load it for one of the two."
            )
        for name in own:
            if name in self:
                raise InputError(f"the set id {name!r} is taken; give your set another name.")
        records = derive.in_order([*self._records.values(), *own._records.values()], self._info)
        table = derive.with_sharing(pd.concat([self._table, own._table]), records, self._info, own)
        unmapped = pd.concat([f for f in (self._unmapped, own._unmapped) if len(f)] or [self._unmapped])
        return self._with(table, unmapped, records=records)

    @staticmethod
    def of_lists(sets: Mapping[str, Sequence[str]], *, organism: str = "human") -> MarkerCatalog:
        """Make a catalog of lists of genes: positive members of weight 1.

        Parameters
        ----------
        sets
            Name -> genes, each once.
        organism
            Of the genes.
        """
        new = copy.copy(_empty(organism))
        new._records = {name: io.record_of_list(name, genes) for name, genes in sets.items()}
        new.__dict__["positive_members"] = derive.members_of_lists(sets)
        del new._table  # made from the members where it is asked for: set tests need none
        return new

    @cached_property
    def _table(self) -> pd.DataFrame:
        return derive.table_of_lists(list(self._records), self.positive_members)

    @cached_property
    def positive_members(self) -> derive.MemberArrays:
        """Positive members that have a gene, as read-only arrays: what set tests work on."""
        return derive.members_of(self._table, list(self._records))

    def __getitem__(self, key: str) -> MarkerSet:
        if key not in self._records:
            raise KeyError(self._unknown(key))
        header = self._header(key)
        rows = self._table.iloc[self._rows.get(key, [])].reset_index(drop=True)
        names = ("id", "title", "vesicle", "role", "organism", "note", "minimum_measured")
        return MarkerSet(
            **{n: header[n] for n in names},
            derived_from=tuple(header["derived_from"]),
            fluid_caveats=self._fluid_caveats[key],
            _table=rows,
        )

    def _unknown(self, key: str) -> str:
        return f"no marker set {key!r}; there are {listed(self, limit=60)}.{suggestion(key, self)}"

    def __contains__(self, key: object) -> bool:
        return key in self._records

    def __iter__(self) -> Iterator[str]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MarkerCatalog):
            return NotImplemented
        return (self.organism, self.digest) == (other.organism, other.digest)

    def __hash__(self) -> int:
        return hash((self.organism, self.digest))

    def __repr__(self) -> str:
        counts = f"{len(self)} sets, {len(self._table)} markers"
        return f"<MarkerCatalog {self.version}: {counts}, {self.organism}>"

    def _repr_html_(self) -> str:
        head = f"<p><b>Marker catalog {html.escape(self.version)}</b>, {self.organism}, digest {self.digest[:12]}</p>"
        columns = ["set", "title", "role", "n_positive", "n_negative", "note"]
        return head + self.sets[columns].to_html(index=False, max_rows=100)

    @property
    def _headers(self) -> dict[str, dict[str, Any]]:
        return {key: self._header(key) for key in self._records}

    def _header(self, key: str) -> dict[str, Any]:
        header = self._records[key].header
        return header | ({"organism": self._organism} if header["organism"] in ORGANISMS else {})

    @cached_property
    def _rows(self) -> dict[str, Any]:
        return views.rows_of(self._table)

    @property
    def table(self) -> pd.DataFrame:
        """Copy of all markers, one row per set and gene."""
        return hand_out(self._table)

    @cached_property
    def _fluid_caveats(self) -> dict[str, str]:
        """Set -> what body fluids do to it."""
        roles = {key: header["role"] for key, header in self._headers.items()}
        return views.fluid_caveats(roles, self._table, self._info)

    @cached_property
    def by_accession(self) -> frozenset[str]:
        """Sets whose members are matched by accession: those of another species, whose symbols are ours too."""
        return frozenset(k for k, r in self._records.items() if r.header["organism"] not in ORGANISMS)

    @property
    def sets(self) -> pd.DataFrame:
        """One row per set: its header, how many markers it has, and whether they are matched by accession."""
        return hand_out(self._sets)

    @cached_property
    def _sets(self) -> pd.DataFrame:
        return views.sets(self._headers, self._table, self.by_accession, self._fluid_caveats)

    @property
    def unmapped(self) -> pd.DataFrame:
        """Markers that have no gene of their own in this organism, and members of your sets that are no known gene."""
        return hand_out(self._unmapped)

    @property
    def pairs(self) -> pd.DataFrame:
        """What distinguishes two vesicle classes, one row per pair; `evidence` may be ``none known``."""
        return views.pairs(self._info)

    @property
    def fluids(self) -> pd.DataFrame:
        """What to watch and what to mask in a body fluid, one row per fluid."""
        return views.fluids(self._info)

    def selected_by(self, study: str) -> pd.DataFrame:
        """Return the markers that the measurements of a study chose.

        Parameters
        ----------
        study
            Citation key, or accession of the study's public data (``PXD...``).

        Returns
        -------
        One row per set and gene. A set with rows here is no independent test on
        the data of that study; no row: the study chose no marker.
        """
        made_of = {key: record.header["derived_from"] for key, record in self._records.items()}
        return views.selected_by(study, self._table, made_of, self._info)

    @property
    def references(self) -> pd.DataFrame:
        """Citations, one row per key."""
        columns = ["key", "authors", "year", "title", "journal", "doi"]
        return pd.DataFrame([{"key": k, **v} for k, v in self._references.items()], columns=columns)

    @property
    def info(self) -> dict[str, Any]:
        """Copy of the catalog's own description: version, license, classes and sources."""
        return copy.deepcopy(self._info)

    @property
    def organism(self) -> str:
        """Organism of the genes."""
        return self._organism

    @property
    def version(self) -> str:
        """Version of the reference sets (CalVer), or ``user`` for sets of a user alone."""
        return str(self._info.get("version", "user"))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the parsed content; the same for any line ends, order of keys or of markers."""
        return derive.digest_of(self._records, self._references, self._info, self._orthologs)

    def select(
        self,
        ids: str | Iterable[str] | None = None,
        *,
        role: str | Iterable[str] | None = None,
        vesicle: str | Iterable[str] | None = None,
    ) -> MarkerCatalog:
        """Return the catalog with the named sets only.

        Parameters
        ----------
        ids
            Set ids; all by default.
        role, vesicle
            Keep the sets with this role, of this vesicle class.

        Raises
        ------
        InputError
            An id that the catalog does not have.
        """
        wanted = list(self) if ids is None else forms.as_list(ids)
        for key in wanted:
            if key not in self._records:
                raise InputError(self._unknown(key))
        for name, allowed in (("role", role), ("vesicle", vesicle)):
            if allowed is not None:
                wanted = [k for k in wanted if self._records[k].header[name] in forms.as_list(allowed)]
        return self._with(
            self._table[self._table["set"].isin(wanted)],
            self._unmapped[self._unmapped["set"].isin(wanted)],
            records={k: r for chosen in [set(wanted)] for k, r in self._records.items() if k in chosen},
        )

    def _with(
        self,
        table: pd.DataFrame,
        unmapped: pd.DataFrame,
        *,
        records: dict[str, io.SetRecord] | None = None,
        organism: str | None = None,
    ) -> MarkerCatalog:
        new = copy.copy(self)
        for cached in ("digest", "_fluid_caveats", "_sets", "by_accession", "positive_members", "_rows"):
            new.__dict__.pop(cached, None)
        new._table = table.reset_index(drop=True)
        new._unmapped = unmapped.reset_index(drop=True)
        new._records = self._records if records is None else records
        new._organism = organism or self._organism
        return new

    def for_organism(self, organism: str) -> MarkerCatalog:
        """Return the catalog with the genes and accessions of another organism.

        Weights stay as they are. Markers without an ortholog, and those that meet another marker of their set in
        one gene, move to `unmapped`. Sets of another species (bovine serum) stay as they are.

        Parameters
        ----------
        organism
            ``"human"``, ``"mouse"`` or ``"rat"``.

        Raises
        ------
        InputError
            From a rodent to another organism: load the catalog for that one instead.
        """
        one_of("organism", organism, ORGANISMS)
        if organism == self._organism:
            return self
        if self._organism != "human":
            raise InputError(
                f"{self._organism} genes cannot be turned back into {organism} ones; use load_markers({organism!r})."
            )
        own = {k for k, r in self._records.items() if r.header["organism"] == self._organism}
        table, unmapped = derive.to_orthologs(self._table, self._orthologs, own, organism)
        return self._with(table, pd.concat([self._unmapped, unmapped]), organism=organism)

    def handling_genes(self) -> dict[str, str]:
        """Give human accession of skin that people leave in samples -> its gene here; see :mod:`markerkit.catalog.derive`."""
        return derive.handling_genes(self._records, self._orthologs, self._organism)

    def overlap(self) -> pd.DataFrame:
        """Count the positive genes that every two sets share (set x set); `figures.overlap` draws it."""
        return views.overlap(self._table, list(self))

    def to_gmt(self, path: str | Path | None = None) -> str:
        """Write the sets as GMT, which knows no weights: genes of weight 0 are left out; negative ones are ``<id>_negative``."""
        titles = {key: record.header["title"] for key, record in self._records.items()}
        return views.written(views.gmt(self._table, titles), path)

    def to_tsv(self, path: str | Path | None = None) -> str:
        """Write `table` as tab-separated text; `read_markers` reads it back."""
        return views.written(to_tsv(self._table), path)

    def to_json(self, path: str | Path | None = None) -> str:
        """Write the whole catalog as JSON: description, references, sets and markers."""
        content = {
            "version": self.version,
            "digest": self.digest,
            "organism": self._organism,
            "info": self._info,
            "references": self._references,
            "sets": views.sets_with_markers(self._headers, self._table, self._fluid_caveats),
            "unmapped": self._unmapped.to_dict("records"),
        }
        return views.written(json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n", path)


@lru_cache(maxsize=len(ORGANISMS))
def _empty(organism: str) -> MarkerCatalog:
    return MarkerCatalog([], organism=organism)
