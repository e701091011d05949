"""The marker catalog: API, weights by hand, other organisms, files in and out, and its errors."""

import json
import shutil
import subprocess
import sys

import pandas as pd
import pytest

from markerkit.catalog import files as io
from markerkit.catalog.derive import TABLE_COLUMNS, independent_marker
from markerkit.catalog.load import (
    MarkerCatalog,
    MarkerSet,
    diff,
    load_markers,
    read_markers,
    reference_folder,
    shipped,
    validate,
)
from markerkit.core.errors import InputError

CATALOG = load_markers()

CLASSES = {
    "classes": {
        "ev": {"layer": True, "sets": ["pan"]},
        "small": {"sets": ["small"]},
        "large": {"sets": ["large"]},
        "dying": {"sets": ["dying", "dying_mv"]},
    }
}


def record(name, *markers, role="identity", **header):
    return io.SetRecord({**io.HEADER, "id": name, "title": name, "role": role, **header}, list(markers))


def marker(gene, **fields):
    return {**io.MARKER, "gene": gene, "verified": "opened:text", **fields}


def toy():
    return MarkerCatalog(
        [
            record("pan", marker("A"), marker("B", verified="recalled-low"), role="layer"),
            record(
                "small",
                marker("A", shared_with=["large"]),
                marker("B", verified="recalled-high"),
                marker("C", listed_only=True),
                marker("D"),
                marker("N", role="negative"),
            ),
            record("large", marker("D"), marker("N")),
            record("dying", marker("D"), marker("E")),
            record("dying_mv", marker("D"), marker("E"), role="context"),
            record("dirt", marker("D"), marker("A"), role="source"),
        ],
        info=CLASSES,
    )


def weights(catalog, name):
    return catalog[name].table.set_index("gene")["weight"].to_dict()


# ---- weights ------------------------------------------------------------------


def test_weights_by_hand():
    catalog = toy()
    assert weights(catalog, "small") == {"A": 1 / 2, "B": 0.5, "C": 0, "D": 1 / 3, "N": 1}
    assert weights(catalog, "large") == {"D": 1 / 3, "N": 1}
    assert weights(catalog, "dying") == {"D": 1 / 3, "E": 1}
    assert weights(catalog, "dying_mv") == {"D": 1 / 3, "E": 1}
    assert weights(catalog, "pan") == {"A": 1, "B": 0.5}
    assert weights(catalog, "dirt") == {"D": 1, "A": 1}


def test_shared_with_joins_membership_and_record():
    shared = toy()["small"].table.set_index("gene")["shared_with"]
    assert shared["A"] == "dirt;large;pan"
    assert shared["D"] == "dirt;dying;dying_mv;large"
    assert shared["C"] == ""


def test_weights_of_the_reference_sets_by_hand():
    exosome = CATALOG["exosome"].table.set_index("gene")
    # CD63: exosome and apoptotic exosome hold it, the exosome row records microvesicle
    assert exosome.loc["CD63", "weight"] == pytest.approx(1 / 3)
    assert exosome.loc["SDCBP", "weight"] == 1
    assert exosome.loc["FLOT1", "weight"] == 0
    assert exosome.loc["CANX", ["role", "weight"]].tolist() == ["negative", 1]
    pan = CATALOG["pan_ev"].table.set_index("gene")
    assert pan.loc["CD63", "weight"] == 1


def test_a_complex_is_one_independent_marker_and_a_gene_another():
    """By complex, else gene, else accession; in another organism too."""
    table = CATALOG.table
    by_hand = table["complex"].where(table["complex"] != "", table["gene"])
    by_hand = by_hand.where(by_hand != "", table["accession"])
    assert table["independent_marker"].equals(by_hand)
    assert (table["independent_marker"] != table["gene"]).any()
    assert independent_marker("", "", "P02769") == "P02769"
    mouse = CATALOG.for_organism("mouse").table
    rows = mouse[mouse["set"] == "exosome"].set_index("gene")
    assert rows.loc["Cd63", "independent_marker"] == "Cd63"
    assert set(mouse.loc[mouse["complex"] != "", "independent_marker"]) == set(mouse["complex"]) - {""}


def test_sets_of_another_species_match_by_accession():
    assert CATALOG.by_accession == {"bovine_serum"}
    assert CATALOG.for_organism("mouse").by_accession == {"bovine_serum"}
    assert CATALOG.select("exosome").by_accession == frozenset()
    flagged = CATALOG.sets.set_index("set")["by_accession"]
    assert list(flagged.index[flagged]) == ["bovine_serum"]


def test_tables_handed_out_do_not_change_the_catalog():
    for frame, read in (
        (CATALOG.table, lambda: CATALOG.table),
        (CATALOG.sets, lambda: CATALOG.sets),
        (CATALOG["exosome"].table, lambda: CATALOG["exosome"].table),
    ):
        before = read().iloc[0, 1]
        frame.iloc[0, 1] = "changed"
        assert read().iloc[0, 1] == before


# ---- catalog and set ----------------------------------------------------------


def test_table_columns_are_exact():
    assert tuple(CATALOG.table.columns) == TABLE_COLUMNS
    assert (
        *("set", "gene", "accession", "role", "grade", "weight", "shared_with", "complex"),
        *(
            "independent_marker",
            "misev",
            "evidence",
            "source",
            "doi",
            "verified",
            "note",
            "listed_only",
            "core",
        ),
    ) == TABLE_COLUMNS
    assert CATALOG.table["listed_only"].dtype == bool
    assert CATALOG.table["core"].dtype == bool
    assert CATALOG.table["weight"].dtype == float
    assert not CATALOG.table.isna().any().any()


def test_set_is_a_sequence_of_its_positive_genes():
    exosome = CATALOG["exosome"]
    assert isinstance(exosome, MarkerSet)
    assert exosome.genes == exosome.positive == list(exosome)
    assert len(exosome) == len(exosome.positive)
    assert "CD63" in exosome
    assert "CANX" not in exosome
    assert "CANX" in exosome.negative
    assert (exosome.vesicle, exosome.role, exosome.organism) == ("exosome", "identity", "human")
    assert CATALOG["nonvesicular"].derived_from[:2] == ("exomere_supermere", "rnp")
    assert "MarkerSet exosome" in repr(exosome)
    assert "CD63" in exosome._repr_html_()


def test_frames_are_copies():
    for frame in (CATALOG["exosome"].table, CATALOG.table, CATALOG.sets, CATALOG.references):
        frame.iloc[:, 0] = "XXX"
    CATALOG.info["version"] = "XXX"
    assert CATALOG["exosome"].genes[0] == "CD63"
    assert CATALOG.version != "XXX"
    with pytest.raises(AttributeError):
        CATALOG["exosome"].title = "x"


def test_catalog_is_a_mapping():
    assert len(CATALOG) == len(list(CATALOG)) == len(CATALOG.sets)
    assert "exosome" in CATALOG
    assert CATALOG.get("nothing") is None
    with pytest.raises(KeyError, match="Did you mean 'exosome'"):
        CATALOG["exosom"]
    again = shipped.__wrapped__("human")
    assert again is not CATALOG
    assert again == CATALOG
    assert hash(CATALOG) == hash(again)
    assert load_markers("mouse") != CATALOG
    assert CATALOG.select("exosome") != CATALOG
    assert CATALOG != "markers"
    assert CATALOG.version.startswith("20")
    assert "sets" in repr(CATALOG)
    assert "exosome" in CATALOG._repr_html_()
    assert list(CATALOG)[:5] == [
        "exosome",
        "microvesicle",
        "apoptotic_body",
        "apoptotic_exosome",
        "apoptotic_ev",
    ]


def test_sets_and_references_describe_the_catalog():
    sets = CATALOG.sets.set_index("set")
    assert sets.loc["exosome", "n_positive"] == len(CATALOG["exosome"])
    assert sets.loc["exosome", "n_negative"] == len(CATALOG["exosome"].negative)
    assert sets.loc["microvesicle", "n_weighted"] < sets.loc["microvesicle", "n_positive"]
    assert CATALOG.references.columns.tolist() == ["key", "authors", "year", "title", "journal", "doi"]


def test_select():
    assert list(CATALOG.select("exosome")) == ["exosome"]
    assert set(CATALOG.select(["exosome", "plasma"]).table["set"]) == {"exosome", "plasma"}
    assert set(CATALOG.select(role="layer")) == {"pan_ev"}
    assert "exosome" in CATALOG.select(vesicle=["exosome", "ev"])
    assert CATALOG.select("exosome").digest != CATALOG.digest
    # the weight still knows the classes that were left out
    assert weights(CATALOG.select("exosome"), "exosome") == weights(CATALOG, "exosome")
    with pytest.raises(InputError, match=r"no marker set 'exosom'.*Did you mean 'exosome'"):
        CATALOG.select(["exosom"])


def test_overlap_counts_shared_positive_genes():
    overlap = toy().overlap()
    assert overlap.loc["small", "small"] == 4
    assert overlap.loc["small", "large"] == 1
    assert overlap.loc["small", "pan"] == 2
    assert (overlap == overlap.T).all().all()


# ---- organism -----------------------------------------------------------------


def test_mouse():
    mouse = load_markers("mouse")
    assert mouse.organism == "mouse"
    assert mouse["exosome"].organism == "mouse"
    cd63 = mouse["exosome"].table.set_index("gene").loc["Cd63"]
    assert cd63["accession"] == "P41731"
    assert cd63["weight"] == weights(CATALOG, "exosome")["CD63"]
    assert mouse.digest == CATALOG.digest
    lost = mouse.unmapped.set_index(["set", "gene"])["reason"]
    assert lost["mod_extrinsic_apoptosis", "CASP10"] == "no mouse ortholog"
    assert lost["mod_mhc_class_ii", "HLA-DRB3"] == "same gene H2-Eb1 as HLA-DRB1"
    n = len(CATALOG.table)
    assert len(mouse.table) + len(mouse.unmapped) == n
    assert CATALOG.unmapped.empty
    assert mouse.for_organism("mouse") is mouse
    assert set(mouse.select("exosome").unmapped["set"]) <= {"exosome"}


def test_rat():
    rat = load_markers("rat")
    assert rat.organism == rat["exosome"].organism == "rat"
    assert rat["bovine_serum"].organism == "bovine"
    cd81 = rat["exosome"].table.set_index("gene").loc["Cd81"]
    assert (cd81["accession"], cd81["weight"]) == ("Q62745", weights(CATALOG, "exosome")["CD81"])
    assert (
        rat["exosome"].table.set_index("gene").loc["Cd63", "accession"] == ""
    )  # none at hand, none invented
    lost = rat.unmapped.set_index(["set", "gene"])["reason"]
    assert lost["mod_extrinsic_apoptosis", "CASP10"] == "no rat ortholog: rodents have no caspase-10"
    assert lost["mod_inflammatory_caspases", "CASP5"] == "same gene Casp4 as CASP4"
    assert (rat.unmapped["reason"] != "").all()
    assert not rat.table.duplicated(["set", "gene"]).any()
    assert {s for s in rat if not len(rat[s])} <= {s for s in CATALOG if not len(CATALOG[s])}
    assert set(rat["misev_3a"]) >= {"Alb", "Apoa1"}


def test_one_human_gene_may_be_several_of_the_rat():
    orthologs = [
        {"human_gene": "A", "rat_gene": "Aa", "rat_accession": "P00001", "rat_note": "one of several"},
        {"human_gene": "A", "rat_gene": "Ab", "rat_accession": "", "rat_note": "one of several"},
        {"human_gene": "B", "rat_gene": "Aa", "rat_accession": "P00001", "rat_note": ""},
        {"human_gene": "C", "rat_gene": "", "rat_accession": "", "rat_note": "a pseudogene in the rat"},
    ]
    made = MarkerCatalog(
        [record("x", marker("A"), marker("B"), marker("C"), marker("D"))], orthologs=orthologs
    )
    rat = made.for_organism("rat")
    assert rat["x"].table[["gene", "accession"]].to_numpy().tolist() == [["Aa", "P00001"], ["Ab", ""]]
    assert rat.unmapped.set_index("gene")["reason"].to_dict() == {
        "B": "same gene Aa as A",
        "C": "a pseudogene in the rat",
        "D": "no ortholog in the table",
    }


def test_organism_errors():
    with pytest.raises(InputError, match="`organism` must be one of 'human', 'mouse' or 'rat'; got 'pig'"):
        load_markers("pig")
    with pytest.raises(InputError, match=r"mouse genes cannot .* use load_markers\('rat'\)"):
        load_markers("mouse").for_organism("rat")
    with pytest.raises(InputError, match="cannot be turned back"):
        load_markers("mouse").for_organism("human")


# ---- files --------------------------------------------------------------------


def test_gmt_round_trip(tmp_path):
    path = tmp_path / "sets.gmt"
    text = CATALOG.to_gmt(path)
    assert path.read_bytes() == text.encode()
    back = read_markers(path)
    assert set(back) == set(CATALOG)
    counted = CATALOG.table[CATALOG.table["weight"] > 0]
    for name in CATALOG:
        rows = counted[counted["set"] == name]
        assert back[name].positive == rows.loc[rows["role"] == "positive", "gene"].tolist()
        assert back[name].negative == rows.loc[rows["role"] == "negative", "gene"].tolist()
        assert back[name].title == CATALOG[name].title


def test_tsv_round_trip(tmp_path):
    path = tmp_path / "sets.tsv"
    CATALOG.to_tsv(path)
    back = read_markers(path).table
    same = [
        "set",
        "gene",
        "accession",
        "role",
        "complex",
        "misev",
        "evidence",
        "source",
        "verified",
        "listed_only",
        "core",
    ]
    order = ["set", "gene"]
    first = CATALOG.table.sort_values(order, ignore_index=True)
    pd.testing.assert_frame_equal(back.sort_values(order, ignore_index=True)[same], first[same])
    pd.testing.assert_series_equal(back.sort_values(order, ignore_index=True)["weight"], first["weight"])


def test_json_holds_everything(tmp_path):
    path = tmp_path / "sets.json"
    content = json.loads(CATALOG.to_json(path))
    assert path.read_text(encoding="utf-8") == CATALOG.to_json()
    assert content["digest"] == CATALOG.digest
    assert {s["id"] for s in content["sets"]} == set(CATALOG)
    assert sum(len(s["markers"]) for s in content["sets"]) == len(CATALOG.table)


def test_user_table(tmp_path):
    path = tmp_path / "mine.tsv"
    path.write_text(
        "set\tgene\trole\tuniprot\tweight\nmine\tCD63\t\tP08962\t0.25\nmine\tCANX\tnegative\t\t\n"
    )
    mine = read_markers(path)
    assert weights(mine, "mine") == {"CD63": 0.25, "CANX": 1}
    assert mine["mine"].negative == ["CANX"]
    assert mine.version == "user"
    both = load_markers(extra=[path])
    assert both["mine"].positive == ["CD63"]
    assert set(both) == {*CATALOG, "mine"}
    assert both.digest != CATALOG.digest
    mouse = load_markers("mouse", extra=[path])
    assert mouse["mine"].positive == ["Cd63"]  # a table is taken to be of the organism asked for


def test_user_toml(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('title = "Mine"\nrole = "identity"\nmarkers = [{ gene = "CD63", uniprot = "P08962" }]\n')
    assert load_markers("mouse", extra=path)["mine"].positive == ["Cd63"]
    path.write_text('organism = "mouse"\nmarkers = [{ gene = "Cd63" }]\n')
    assert read_markers(path).organism == "mouse"
    assert load_markers("mouse", extra=path)["mine"].positive == ["Cd63"]
    with pytest.raises(InputError, match=r"mine.toml: the set is of mouse"):
        load_markers(extra=path)


def test_user_file_is_not_changed(tmp_path):
    path = tmp_path / "mine.tsv"
    path.write_bytes(b"set\tgene\r\nmine\tCD63\r\n")
    load_markers(extra=path)
    assert path.read_bytes() == b"set\tgene\r\nmine\tCD63\r\n"


BAD = [
    ("a.json", "{}", r"a\.json: markers cannot be read from a \.json; save them as"),
    ("a.csv", "set,gene\n", r"a\.csv has a header but no rows"),
    ("a", "x", r"cannot be read from a file without extension"),
    ("a.tsv", "", r"a\.tsv is empty"),
    ("a.tsv", "set\tgene\n", r"has a header but no rows"),
    ("a.tsv", "set\tsymbol\nx\tCD63\n", r"no column 'gene'; found 'set' and 'symbol'"),
    ("a.tsv", "set\tgene\tcolor\nx\tCD63\tred\n", r"unknown field 'color'"),
    ("a.tsv", "set\tgene\trole\nx\tCD63\n", r"line 2: 3 fields are expected"),
    ("a.tsv", "set\tgene\nx\tCD9\nx\tCD63\nx\tCD63\n", r"a\.tsv, line 4: set 'x': gene CD63 is listed twice"),
    (
        "a.tsv",
        "set\tgene\trole\nx\tA\t\nx\tA\tnegative\n",
        r"line 3: set 'x': gene A is positive and negative",
    ),
    ("a.tsv", "set\tgene\trole\nx\tA\tup\n", r"line 2: set 'x': role of A must be 'positive' or 'negative'"),
    ("a.tsv", "set\tgene\tuniprot\nx\tA\tP0896\n", r"line 2: set 'x': 'P0896' of A is no UniProt accession"),
    ("a.tsv", "set\tgene\tweight\nx\tA\tmuch\n", r"line 2: weight 'much' is not a number"),
    ("a.tsv", "set\tgene\tweight\nx\tA\t-1\n", r"weight of A must be a number from 0"),
    ("a.tsv", "set\tgene\nmy;set\tA\n", r"set id 'my;set' must begin with a letter"),
    ("a.tsv", "set\tgene\nx\t\n", r"gene '' must be a symbol"),
    ("a.gmt", "x\tdescription\n", r"a\.gmt, line 1: a GMT line is name, description and genes"),
    ("a.gmt", "x\td\tA\nx\td\tB\n", r"a\.gmt, line 2: set 'x' is there twice"),
    ("a.gmt", "x\td\tA\tA\n", r"a\.gmt, line 1: set 'x': gene A is listed twice"),
    ("a.toml", "title = x\n", r"a\.toml is not valid TOML.*line 1"),
    ("a.toml", 'title = "x"\n', r"a\.toml has no markers"),
    ("a.toml", 'markers = ["CD63"]\n', r"marker 1 is not a table"),
    (
        "a.toml",
        'rolle = "identity"\nmarkers = [{ gene = "A" }]\n',
        r"unknown field 'rolle'.*Did you mean 'role'",
    ),
    (
        "a.toml",
        'markers = [\n{ gene = "A", uniport = "P" }]\n',
        r"a\.toml, line 2: marker 1 \(A\) has an unknown field 'uniport'",
    ),
    ("a.toml", 'organism = "rats"\nmarkers = [{ gene = "A" }]\n', r"organism of set 'a' must be.*'rat'"),
    ("a.toml", 'role = "clas"\nmarkers = [{ gene = "A" }]\n', r"role of set 'a' must be"),
    ("a.toml", 'minimum_measured = 0\nmarkers = [{ gene = "A" }]\n', r"minimum_measured of set 'a'"),
    (
        "a.toml",
        'markers = [\n{ gene = "A" },\n{ gene = "A" },\n]\n',
        r"a\.toml, line 3: set 'a': gene A is listed",
    ),
    ("a.toml", 'markers = [{ gene = "A", verified = "sure" }]\n', r"verified of A must be"),
    ("a.toml", 'markers = [{ gene = "A", evidence = "hearsay" }]\n', r"evidence of A must be"),
    ("a.toml", 'markers = [{ gene = "A", listed_only = 1 }]\n', r"listed_only of A must be true or false"),
    ("a.toml", 'markers = [{ gene = "A", core = "no" }]\n', r"core of A must be true or false; got 'no'"),
    ("a.tsv", "set\tgene\tcore\nx\tA\tmaybe\n", r"a\.tsv, line 2: core 'maybe' is neither true nor false"),
    ("a.tsv", "set\tgene\tlisted_only\nx\tA\tx\n", r"line 2: listed_only 'x' is neither true nor false"),
]


@pytest.mark.parametrize(("name", "text", "message"), BAD)
def test_bad_file(tmp_path, name, text, message):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_markers(path)


@pytest.mark.parametrize(
    ("cell", "core"), [("", True), ("true", True), ("1", True), ("no", False), ("FALSE", False), ("0", False)]
)
def test_a_table_says_which_members_are_core(tmp_path, cell, core):
    path = tmp_path / "a.tsv"
    path.write_text(f"set\tgene\tcore\nx\tEEF2\t{cell}\n")
    assert read_markers(path).table["core"].tolist() == [core]


def test_an_associated_factor_keeps_its_weight_and_its_standing_in_other_organisms():
    catalog = MarkerCatalog(
        [record("complex", marker("RPL3"), marker("EEF2", core=False), role="source")],
        orthologs=[
            {"human_gene": "RPL3", "mouse_gene": "Rpl3", "mouse_accession": ""},
            {"human_gene": "EEF2", "mouse_gene": "Eef2", "mouse_accession": ""},
        ],
    )
    expected = [("RPL3", 1.0, True), ("EEF2", 1.0, False)]
    columns = ["gene", "weight", "core"]
    assert list(catalog.table[columns].itertuples(index=False, name=None)) == expected
    mouse = catalog.for_organism("mouse").table
    assert mouse["core"].tolist() == [True, False]
    assert not diff(
        catalog, MarkerCatalog([record("complex", marker("RPL3"), marker("EEF2"), role="source")])
    ).empty


def test_file_that_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match=r"there is no file of marker sets .*none\.gmt"):
        read_markers(tmp_path / "none.gmt")
    (tmp_path / "folder.gmt").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        read_markers(tmp_path / "folder.gmt")
    path = tmp_path / "latin.gmt"
    path.write_bytes(b"x\t\xe9t\xe9\tCD63\n")
    with pytest.raises(InputError, match="is not UTF-8"):
        read_markers(path)


def test_taken_set_id(tmp_path):
    path = tmp_path / "mine.gmt"
    path.write_text("exosome\tmine\tCD63\n")
    with pytest.raises(InputError, match="the set id 'exosome' is taken"):
        load_markers(extra=[path])


def test_folder_is_read_as_a_catalog(tmp_path):
    folder = tmp_path / "older"
    shutil.copytree(reference_folder(), folder)
    assert read_markers(folder) == CATALOG
    assert read_markers(folder, organism="mouse")["exosome"].genes[0] == "Cd63"
    text = (folder / "exosome.toml").read_text(encoding="utf-8")
    line = next(n for n, row in enumerate(text.split("\n"), 1) if '"CD63"' in row)
    (folder / "exosome.toml").write_text(text.replace('"P08962"', '"P0896"', 1), encoding="utf-8")
    with pytest.raises(InputError, match=rf"exosome\.toml, line {line}: set 'exosome': 'P0896' of CD63"):
        read_markers(folder)
    (folder / "exosome.toml").write_text(text.replace('gene = "CD63"', 'gene = "CD63X"', 1), encoding="utf-8")
    changes = diff(CATALOG, read_markers(folder))
    changes = changes[changes["set"] == "exosome"].set_index("gene")["change"]
    assert (changes["CD63"], changes["CD63X"]) == ("removed", "added")


def test_digest_is_the_same_for_any_line_ends(tmp_path):
    for name, ends in (("unix", b"\n"), ("windows", b"\r\n"), ("old", b"\r")):
        folder = tmp_path / name
        shutil.copytree(reference_folder(), folder)
        for path in [*folder.glob("*.toml"), folder / "orthologs.tsv"]:
            path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", ends))
        assert read_markers(folder).digest == CATALOG.digest


# ---- what the catalog says beside its markers ----------------------------------


def test_grade_is_the_weight_before_sharing():
    table = toy()["small"].table.set_index("gene")
    assert table["grade"].to_dict() == {"A": 1, "B": 0.5, "C": 0, "D": 1, "N": 1}
    assert table["weight"]["D"] == pytest.approx(1 / 3)
    assert set(CATALOG.table["grade"]) == {0, 0.5, 1}


def test_pairs_and_fluids_are_tables():
    pairs = CATALOG.pairs.set_index(["first", "second"])
    assert "large_ev" in pairs.loc[("exosome", "microvesicle"), "higher_in_second"].split(";")
    assert set(CATALOG.fluids["fluid"]) >= {"plasma", "urine"}
    assert toy().pairs.empty
    assert toy().fluids.empty


def test_fluid_caveats_by_hand():
    info = {
        **CLASSES,
        "fluid": [
            {"name": "plasma", "watch": ["dirt"], "mask": ["cells"], "sources": [], "note": ""},
            {"name": "urine", "watch": [], "mask": [], "sources": [], "note": ""},
        ],
    }
    made = MarkerCatalog(
        [
            record("small", marker("A"), marker("B"), marker("C")),
            record("dirt", marker("Z"), role="source"),
            record("cells", marker("A"), marker("B", listed_only=True), role="source"),
        ],
        info=info,
    )
    assert made["small"].fluid_caveats == "plasma: A also from blood cells"
    assert made["dirt"].fluid_caveats == "plasma: read first"
    assert made["cells"].fluid_caveats == "plasma: no evidence for a class"
    assert made.sets.set_index("set").loc["dirt", "fluid_caveats"] == "plasma: read first"
    (small,) = [s for s in json.loads(made.to_json())["sets"] if s["id"] == "small"]
    assert small["fluid_caveats"] == "plasma: A also from blood cells"


def test_resting_on_names_the_markers_that_a_study_chose():
    made = MarkerCatalog(
        [
            record("x", marker("A", source="s2020"), marker("B", source="t2020"), derived_from=["s2020"]),
            record("y", marker("A", source="s2020")),  # cites it, but was not chosen by its measurements
        ],
        info={"data_of": {"s2020": ["PXD000001"]}},
    )
    for study in ("s2020", "PXD000001"):
        assert made.selected_by(study)[["set", "gene"]].to_numpy().tolist() == [["x", "A"]]
    assert made.selected_by("PXD000002").empty


# ---- review -------------------------------------------------------------------


def test_diff_names_every_change():
    old, new = toy(), toy()
    assert diff(old, new).empty
    records = list(new._records.values())
    records[0].markers[0]["complex"] = "X"
    del records[-1].markers[0]
    records.append(record("extra", marker("Z")))
    changes = diff(old, MarkerCatalog(records, info=CLASSES)).set_index(["set", "gene", "field"])["change"]
    assert changes["extra", "Z", ""] == "added"
    assert "removed" in set(changes)
    assert "changed" in set(changes)
    with pytest.raises(InputError, match="cannot be compared"):
        diff(CATALOG, load_markers("mouse"))


def test_validate(tmp_path):
    assert validate(reference_folder()).empty
    path = tmp_path / "mine.tsv"
    path.write_text("set\tgene\tuniprot\tsource\nx\tCD63\tP08963\tnobody2020\nx\tCD81\t\t\n")
    rows = validate(path)
    found = rows.set_index("gene")["finding"]
    assert set(found["CD63"]) == {
        "accession P08963, but the catalog has P08962",
        "citation 'nobody2020' is not in references.toml",
    }
    assert set(found["CD81"]) == {"no accession", "no source"}
    assert rows["line"].tolist() == [2, 2, 3, 3]
    assert 'write uniprot = "P60033"' in rows["fix"].str.cat()
    assert (rows["fix"] != "").all()
    path.write_text("")
    assert validate(path)["level"].tolist() == ["error"]
    path.write_text("set\tgene\nx\tA\nx\tA\n")
    assert validate(path)[["line", "level"]].to_numpy().tolist() == [[3, "error"]]
    with pytest.raises(InputError, match=r"folder without \.toml sets"):
        validate(tmp_path)


def test_validate_looks_at_the_citations_of_a_folder(tmp_path):
    (tmp_path / "references.toml").write_text(
        'a2020 = { doi = "10.1000/x" }\nb2020 = { doi = "doi:10.1/x" }\n'
    )
    (tmp_path / "x.toml").write_text(
        'markers = [\n{ gene = "CD63", uniprot = "P08962", source = "a2020" },\n'
        '{ gene = "CD81", uniprot = "P60033", source = "c2020" },\n]\n'
    )
    rows = validate(tmp_path)
    assert rows["line"].tolist() == [3, 2]
    assert rows["finding"].tolist() == [
        "citation 'c2020' is not in references.toml",
        "citation 'b2020': 'doi:10.1/x' is no DOI",
    ]


def test_validate_says_what_a_set_of_the_catalog_lacks(tmp_path):
    (tmp_path / "references.toml").write_text('a2020 = { doi = "10.1000/x" }\n')
    (tmp_path / "orthologs.tsv").write_text("human_gene\tmouse_gene\nCD63\tCd63\n")
    path = tmp_path / "x.toml"
    text = (
        'derived_from = []\ndefaults = { source = "a2020", evidence = "single-study" }\nmarkers = [\n'
        '{ gene = "CD63", uniprot = "P08962" },\n{ gene = "CD81", uniprot = "P60033" },\n]\n'
    )
    path.write_text(text)
    rows = validate(path)
    assert rows[["line", "gene"]].to_numpy().tolist() == [[2, ""], [5, "CD81"]]
    assert rows["finding"].tolist() == [
        "'a2020' measured members of the set, but is not in `derived_from`",
        "no row in orthologs.tsv",
    ]
    path.write_text(text.replace("derived_from = []", 'derived_from = ["a2020"]'))
    assert validate(tmp_path)["gene"].tolist() == ["CD81"]
    (tmp_path / "orthologs.tsv").unlink()
    assert validate(path).empty


def test_loading_is_light():
    code = "import sys; from markerkit.catalog.load import load_markers; load_markers(); print('scipy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_reference_folder_is_found_in_the_package_or_beside_it(tmp_path, monkeypatch):
    package = tmp_path / "markerkit"
    monkeypatch.setattr(io, "__file__", str(package / "catalog" / "files.py"))
    with pytest.raises(FileNotFoundError, match="reinstall markerkit"):
        reference_folder()
    for folder in (tmp_path / "reference_sets", package / "reference_sets"):  # the package's own wins
        folder.mkdir(parents=True)
        (folder / "catalog.toml").touch()
        assert reference_folder() == folder
