"""Measure the catalog: how it was checked, what data sets see of it, its orthologs, and its separation.

Run as ``python benchmarks/catalog.py DATA``, where DATA holds a folder a data set (``matrix.tsv``,
``samples.tsv``). It prints

- counts by `verified` and by kind of evidence for every identity set;
- the share of each set that each data set measures;
- mouse and rat: identity markers with an accession, or with a written reason, and how many
  identifiers of the mouse data sets the catalog knows;
- the AUC of the exosome set, positive and negative members, EV against cell (bv2);
- large and small EVs apart, centrifugation against SEC (plasma_ev_isolation_meta_pnnl): the
  discriminating sets against the plain class sets, each also without what the two sides share.

The AUC is the chance that a member has the larger log2 fold change than a protein outside the set.
Members are chosen from the literature; nothing here feeds back into them.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Iterable
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import rankdata
from sections import write_section

import markerkit as mk
from markerkit.core.genes import gene_table
from markerkit.ids.harmonize import id_mapping

sys.path.insert(0, str(Path(__file__).parents[1]))

from tools.catalog_readme import IDENTITY

MOUSE = ("bv2_mouse_ev_vs_cell", "c2c12_mouse_elv_bovine_contam")
META = "plasma_ev_isolation_meta_pnnl"


def heading(text: str) -> None:
    print(f"\n## {text}\n")


def show(table: pd.DataFrame) -> None:
    print(table.to_string())


def counts(markers: mk.MarkerCatalog) -> None:
    heading("How far the markers of the identity sets were checked")
    rows = markers.table[markers.table["set"].isin(IDENTITY)]
    for column in ("verified", "evidence"):
        table = pd.crosstab(rows[column], rows["set"])[list(IDENTITY)].assign(all=lambda t: t.sum(axis=1))
        show(table)
        print()
    for word in ("recalled-low", "recalled-medium", "recalled"):
        share = rows["verified"].str.startswith(word).mean()
        weighted = rows[rows["weight"] > 0]["verified"].str.startswith(word).mean()
        print(f"{word}: {100 * share:.1f} % of the rows, {100 * weighted:.1f} % of those with weight")


def read(folder: Path) -> mk.Experiment:
    species = pd.read_csv(folder / "samples.tsv", sep="\t").get("species", pd.Series(dtype=str)).astype(str)
    organism = "mouse" if species.str.contains("Mus musculus").any() else "human"
    exp = mk.read_proteins(folder / "matrix.tsv", samples=folder / "samples.tsv", organism=organism)
    return exp.pipe(mk.harmonize_ids, mk.load_markers(organism=organism))


def measured(data: dict[str, mk.Experiment]) -> None:
    heading("Positive members measured, % of the set")
    shares = {}
    for name, exp in data.items():
        table = mk.coverage(exp, mk.load_markers(organism=exp.organism)).table
        table = table[table["role"] == "positive"]
        shares[name[:14]] = 100 * table.set_index("set")["fraction"]
    show(pd.DataFrame(shares).round(0).astype("Int64").reindex(list(mk.load_markers())))


def orthologs(data: dict[str, mk.Experiment]) -> None:
    human = mk.load_markers()
    rows = human.table[human.table["set"].isin(IDENTITY)].drop_duplicates("gene")
    for organism in ("mouse", "rat"):
        heading(f"Identity markers in {organism}")
        catalog = mk.load_markers(organism=organism)
        own = catalog.table[catalog.table["set"].isin(IDENTITY)].drop_duplicates("gene")
        lost = catalog.unmapped[catalog.unmapped["set"].isin(IDENTITY)].drop_duplicates("gene")
        known = int((own["accession"] != "").sum())
        print(f"{len(rows)} human genes; {len(own)} genes of {organism}, {known} with an accession")
        print(
            f"with an accession or a reason why there is no gene: {100 * (known + len(lost)) / len(rows):.1f} %"
        )
        print(
            f"no gene: {'; '.join(f'{g} ({r})' for g, r in zip(lost['gene'], lost['reason'], strict=True))}"
        )
        if organism == "mouse":
            print(f"no accession in the tables used: {', '.join(own.loc[own['accession'] == '', 'gene'])}")
    for name in MOUSE:
        if name not in data:
            continue
        exp, catalog = data[name], mk.load_markers(organism="mouse").table
        identity = catalog[catalog["set"].isin(IDENTITY)].drop_duplicates("gene")
        table = id_mapping(exp)
        members = set(table["input_accession"].str.split(";").explode().str.split("-").str[0])
        given = set(table["input_gene"].str.split(";").explode()) - {""}
        seen = identity[identity["gene"].isin(table["gene"])]
        agree = seen["accession"].isin(members)
        print(f"\n{name}: {len(table)} groups, {table['status'].value_counts().to_dict()}, species:")
        print(f"  {table['species'].replace('', 'not told').value_counts().to_dict()}")
        print(
            f"  symbols as in the table of mouse genes: {len(given & gene_table('mouse').symbols)} of {len(given)}"
        )
        print(
            f"  identity markers found by any identifier: {len(seen)}, by symbol as written "
            f"{int(seen['gene'].isin(given).sum())}, accession of the catalog among the members of the groups "
            f"{int(agree.sum())} of {int((seen['accession'] != '').sum())} that have one"
        )
        other = seen.loc[~agree & (seen["accession"] != ""), ["gene", "accession"]]
        print(
            f"  the groups hold other accessions than: {', '.join(f'{g} {a}' for g, a in other.to_numpy())}"
        )


def guess(data: dict[str, mk.Experiment], folder: Path) -> None:
    path = folder / MOUSE[1] / "species_guess.tsv"
    if MOUSE[1] not in data or not path.is_file():
        return
    heading("Bovine and mouse in c2c12: ours (rows) against the guess that comes with the data (columns)")
    guessed = pd.read_csv(path, sep="\t").set_index("protein_id")["species_guess"]
    table = id_mapping(data[MOUSE[1]]).set_index("protein")
    show(pd.crosstab(table["species"].replace("", "not told"), guessed.reindex(table.index)))


def auc(change: pd.Series, members: Iterable[str]) -> tuple[float, int]:
    """Chance that a member's change is larger than that of a protein outside; ties count half."""
    change = change.dropna()
    inside = change.index.isin(set(members))
    n, m = int(inside.sum()), int((~inside).sum())
    if not n or not m:
        return float("nan"), n
    ranks = rankdata(change.to_numpy())
    return float((ranks[inside].sum() - n * (n + 1) / 2) / (n * m)), n


def change_of(exp: mk.Experiment, case: str, control: str) -> pd.Series:
    """Difference of mean log2 values by gene, proteins measured in half of either arm, centered samples."""
    values = exp.values.copy() if exp.scale == "log2" else np.log2(exp.values.where(exp.values > 0))
    values = values.sub(values.median(axis=1), axis=0)
    arms = [values[(exp.samples["group"] == g).to_numpy()] for g in (case, control)]
    often = (arms[0].notna().mean() >= 0.5) & (arms[1].notna().mean() >= 0.5)
    change = (arms[0].mean() - arms[1].mean())[often]
    genes = exp.proteins["gene"].reindex(change.index)
    kept = change[(genes != "").to_numpy()]
    return kept.groupby(genes[genes != ""].to_numpy()).max()


def votes(change: pd.Series, rows: pd.DataFrame) -> tuple[pd.Series, list[str]]:
    """Changes in which the members of a complex are one entry, their mean; and the entries of the set."""
    complexes = rows[(rows["complex"] != "") & rows["gene"].isin(change.index)]
    of_gene = complexes.set_index("gene")["complex"]
    pooled = change[of_gene.index].groupby(of_gene).mean()
    members = [*pooled.index, *rows.loc[rows["complex"] == "", "gene"]]
    return pd.concat([change.drop(of_gene.index), pooled]), members


def line(name: str, change: pd.Series, members: Iterable[str]) -> float:
    value, n = auc(change, members)
    print(f"  {name:<44} AUC {value:5.2f}  ({n} measured)")
    return value


def exosome(exp: mk.Experiment) -> None:
    heading("Exosome set in bv2, EV against cell")
    change = change_of(exp, "EV", "Cell")
    table = mk.load_markers(organism="mouse")["exosome"].table
    for role in ("positive", "negative"):
        rows = table[table["role"] == role]
        line(f"{role}, all", change, rows["gene"])
        weighed = rows[rows["weight"] > 0]
        line(f"{role}, with weight", change, weighed["gene"])
        line(f"{role}, with weight, one marker per complex", *votes(change, weighed))


def sizes(exp: mk.Experiment) -> None:
    heading("Centrifugation against SEC: large sets should be up (AUC > 0.5), small ones down")
    markers = mk.load_markers()
    change = change_of(exp, "Centrifugation", "SEC")
    table = markers.table[(markers.table["role"] == "positive") & (markers.table["weight"] > 0)]
    genes = {key: set(table.loc[table["set"] == key, "gene"]) for key in markers}
    for small, large in (("exosome", "microvesicle"), ("small_ev", "large_ev")):
        lower, upper = line(small, change, genes[small]), line(large, change, genes[large])
        print(f"  {'gap, large - small':<44}     {upper - lower:5.2f}")
    pairs = markers.pairs
    pair = pairs[(pairs["first"] == "exosome") & (pairs["second"] == "microvesicle")]
    for _, row in pair.iterrows():
        sides = []
        for column in ("higher_in_first", "higher_in_second"):
            members = [genes.get(m, {m}) for m in row[column].split(";") if m]
            sides.append(line(f"pair exosome-microvesicle, {column}", change, set().union(*members)))
        print(f"  {'gap, large - small':<44}     {sides[1] - sides[0]:5.2f}")
    mitochondria = genes["mitochondrion"] | set(markers["misev_4b"])
    line("large_ev without mitochondrial proteins", change, genes["large_ev"] - mitochondria)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--write", action="store_true", help="write the section of the README of this folder")
    arguments = parser.parse_args()
    with redirect_stdout(StringIO()) as said:
        measure(arguments.data)
    print(said.getvalue())
    if arguments.write:
        body = said.getvalue().strip()
        write_section(
            "catalog",
            f"## The catalog\n\nWritten by `python benchmarks/catalog.py DATA --write`.\n\n```\n{body}\n```",
        )


def measure(folder: Path) -> None:
    warnings.simplefilter("ignore", mk.MarkerkitWarning)
    markers = mk.load_markers()
    print(f"catalog {markers.version}, digest {markers.digest[:12]}")
    counts(markers)
    found = sorted(p.parent for p in folder.glob("*/matrix.tsv") if (p.parent / "samples.tsv").is_file())
    data = {path.name: read(path) for path in found}
    measured(data)
    orthologs(data)
    guess(data, folder)
    if MOUSE[0] in data:
        exosome(data[MOUSE[0]])
    if META in data:
        sizes(data[META])


if __name__ == "__main__":
    main()
