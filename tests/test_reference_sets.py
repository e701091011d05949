"""The reference sets as data: schema, identifiers, citations, and what the literature says must be there."""

import json
import re

import pytest

from markerkit import markers_io as io
from markerkit.markers import MarkerCatalog, load_markers, reference_folder
from markerkit.markers_readme import readme

FOLDER = reference_folder()
SET_FILES = sorted(f for f in FOLDER.glob("*.toml") if f.stem not in io.RESERVED)
CATALOG = load_markers()
TABLE = CATALOG.table
HUMAN = TABLE[TABLE["set"] != "bovine_serum"]
DOI = re.compile(r"10\.\d{4,9}/\S+")
CLASSES = ("exosome", "microvesicle", "apoptotic_body", "apoptotic_exosome", "apoptotic_ev")
SOURCES = [
    "plasma",
    "lipoprotein",
    "immunoglobulin",
    "coagulation",
    "platelet",
    "erythrocyte",
    "leukocyte",
    "bovine_serum",
    "keratin",
    "urine",
    "er_golgi",
    "mitochondrion",
    "nucleus",
    "ribosome",
    "proteasome",
    "nonvesicular",
]


def genes(text: str) -> list[str]:
    return text.split()


@pytest.mark.parametrize("path", SET_FILES, ids=lambda p: p.stem)
def test_set_file_follows_the_schema(path):
    (record,) = io.read_sets(path)
    assert record.header["id"] == path.stem
    assert record.header["title"]
    assert record.header["note"]
    assert record.header["organism"] in ("human", "bovine")
    assert {m["role"] for m in record.markers} <= {"positive", "negative"}
    assert all(m["uniprot"] and m["source"] and m["evidence"] != "user" for m in record.markers)
    assert all(m["verified"] != "user" and m["weight"] is None for m in record.markers)


def test_every_toml_file_is_a_set_or_a_known_file():
    assert {f.stem for f in FOLDER.glob("*.toml")} == {f.stem for f in SET_FILES} | {
        r for r in io.RESERVED if (FOLDER / f"{r}.toml").is_file()
    }


def test_classes_and_sources_have_their_sets():
    assert set(CLASSES) <= set(CATALOG.select(role="identity"))
    assert list(CATALOG.select(role="source")) == SOURCES
    assert list(CATALOG.info["sources"]) == SOURCES
    named = {s for entry in CATALOG.info["classes"].values() for s in entry["sets"]}
    assert named <= set(CATALOG)
    assert all(entry["operational_name"] for entry in CATALOG.info["classes"].values())


def test_accessions_have_the_uniprot_pattern():
    assert TABLE["accession"].map(lambda a: bool(io.UNIPROT.fullmatch(a))).all()


def test_a_symbol_has_one_accession_and_an_accession_one_symbol():
    pairs = TABLE.drop_duplicates(["gene", "accession"])
    assert not pairs["gene"].duplicated().any(), pairs[pairs["gene"].duplicated(keep=False)]
    assert not pairs["accession"].duplicated().any(), pairs[pairs["accession"].duplicated(keep=False)]


def test_symbols_are_human_and_current():
    assert HUMAN["gene"].map(lambda g: bool(re.fullmatch(r"[A-Z0-9][A-Z0-9-]*|C\d+orf\d+", g))).all()
    outdated = {"ATP5B", "ATP5A1", "HIST1H4A", "SDPR", "ERBB2IP", "DDX58", "PHB", "H2AFX", "WARS", "CECR5"}
    assert not outdated & set(HUMAN["gene"])


def test_no_gene_twice_in_a_set():
    assert not TABLE.duplicated(["set", "gene"]).any()


def test_citations_resolve_and_dois_look_like_dois():
    references = CATALOG.references.set_index("key")
    assert set(TABLE["source"]) <= set(references.index)
    for doi in references["doi"]:
        assert doi == "" or DOI.fullmatch(doi)
    assert references["year"].between(1980, 2026).all()
    assert (references["title"].str.len() > 10).all()
    assert not references.loc[references["doi"] != "", "doi"].duplicated().any()


def test_recorded_sharing_names_sets_that_exist():
    for path in SET_FILES:
        (record,) = io.read_sets(path)
        assert {s for m in record.markers for s in m["shared_with"]} <= set(CATALOG), path
        assert set(record.header["derived_from"]) <= set(CATALOG), path


def test_every_set_can_reach_its_minimum():
    sets = CATALOG.sets.set_index("set")
    assert (sets["minimum_measured"] <= sets["n_positive"]).all()


def test_every_identity_marker_has_a_mouse_gene_or_a_reason():
    mouse = CATALOG.for_organism("mouse")
    identity = set(CATALOG.select(role="identity").table["gene"])
    lost = mouse.unmapped
    assert (lost["reason"] != "").all()
    assert "no ortholog in the table" not in set(lost["reason"])
    assert len(identity & set(lost["gene"])) <= 0.05 * len(identity)


def test_ortholog_table_holds_the_genes_of_the_catalog():
    rows = io.read_orthologs(FOLDER)
    assert set(HUMAN["gene"]) == {r["human_gene"] for r in rows}
    accession = dict(zip(HUMAN["gene"], HUMAN["accession"], strict=True))
    for row in rows:
        assert row["human_accession"] == accession[row["human_gene"]]
        assert row["mouse_gene"] or row["note"], row
        assert not row["mouse_accession"] or io.UNIPROT.fullmatch(row["mouse_accession"]), row


def test_bovine_names_cannot_match_another_species():
    bovine = CATALOG["bovine_serum"]
    assert bovine.organism == "bovine"
    assert all(g.endswith("_BOVIN") for g in bovine)
    assert not set(bovine.table["accession"]) & set(HUMAN["accession"])
    mouse = CATALOG.for_organism("mouse")["bovine_serum"]
    assert mouse.table["accession"].tolist() == bovine.table["accession"].tolist()


@pytest.mark.parametrize("name", ["er_golgi", "mitochondrion", "nucleus"])
def test_organelles_hold_no_ev_marker(name):
    ev = set(CATALOG["exosome"].positive) | set(CATALOG["pan_ev"].positive)
    assert not ev & set(CATALOG[name].positive)
    assert CATALOG[name].positive == sorted(CATALOG[name].positive)


def test_leukocyte_panel_holds_nothing_of_organelles():
    organelles = {g for n in ("er_golgi", "mitochondrion", "nucleus", "ribosome") for g in CATALOG[n]}
    assert not organelles & set(CATALOG["leukocyte"])


def test_cell_panels_do_not_count_one_gene_twice():
    panels = TABLE[TABLE["set"].isin(["platelet", "erythrocyte", "leukocyte", "coagulation", "plasma"])]
    counted = panels[panels["weight"] > 0]
    assert not counted["gene"].duplicated().any(), counted[counted["gene"].duplicated(keep=False)]


def test_sources_count_a_gene_once():
    counted = TABLE[TABLE["set"].isin(SOURCES) & (TABLE["weight"] > 0)]
    assert not counted["gene"].duplicated().any(), counted.loc[
        counted["gene"].duplicated(keep=False), ["set", "gene"]
    ].to_string()


COMPLEXES = [
    ("mod_escrt", "HGS STAM STAM2", "ESCRT-0"),
    ("mod_escrt", "TSG101 VPS28 VPS37A VPS37B MVB12A UBAP1", "ESCRT-I"),
    ("mod_escrt", "SNF8 VPS25 VPS36", "ESCRT-II"),
    ("mod_escrt", "CHMP2A CHMP4B CHMP6 IST1", "ESCRT-III"),
    ("exosome", "TSG101 VPS28", "ESCRT-I"),
    ("apoptotic_body", "H1-2 H2AX H2BC12 H3C1 H4C1", "histone"),
    ("nucleus", "H1-2 H2AX H3C1 H4C1", "histone"),
    ("apoptotic_exosome", "PSMA1 PSMB5", "20S"),
    ("proteasome", "PSMA1 PSMB5", "20S"),
    ("proteasome", "PSMC1 PSMD1", "19S"),
    ("ribosome", "RPS3 RPSA", "40S"),
    ("ribosome", "RPL3 RPLP0", "60S"),
    ("apoptotic_exosome", "SNRNP70 SF3B1 PRPF8", "spliceosome"),
    ("nucleus", "SF3B1", "spliceosome"),
    ("mitochondrion", "MRPL1 MRPL12 DAP3", "mitoribosome"),
    ("mitochondrion", "NDUFS1 NDUFA9", "OXPHOS complex I"),
    ("mitochondrion", "ATP5F1A", "OXPHOS complex V"),
    ("coagulation", "FGA FGB FGG", "fibrinogen"),
    ("exosome", "CD63 CD81 SDCBP PDCD6IP", ""),
    ("microvesicle", "ANXA1 ITGB1", ""),
]


@pytest.mark.parametrize(("name", "members", "complex_"), COMPLEXES)
def test_complexes(name, members, complex_):
    table = CATALOG[name].table.set_index("gene")
    assert table.loc[genes(members), "complex"].unique().tolist() == [complex_]


# what the founding review (doi 10.1038/s12276-019-0362-8) names, and the set it belongs to
FOUNDING = {
    "exosome": "CD63 CD81 CD9 LAMP1 TSG101 HSPA1A HSPA1B HSPA8",
    "microvesicle": "ANXA5 FLOT2 CD40 SELP SELE SELL ITGB1 ITGA2B ITGB3 ITGAM ITGB2 ITGAV MMP2 MMP9 MMP14",
    "apoptotic_exosome": "CD63 LAMP1 HSPA1A S1PR1 S1PR3 TPT1 GNB1 GNG2 ACTB CASP3 HSPG2 PSMA1 PSMA2 PSMA3 PSMA4 "
    "PSMA5 PSMA6 PSMA7 PSMB1 PSMB2 PSMB3 PSMB4 PSMB5 PSMB6 PSMB7 SNRNP70 SF3B1",
    "apoptotic_body": "H3C1 H4C1 LMNA LMNB1 LMNB2 CYCS TOMM20 VDAC1 CALR CANX HSPA5",
    "mod_escrt": "HGS TSG101 VPS28 VPS25 CHMP4B",
    "mod_intrinsic_apoptosis": "BAX BAK1 BAD BID BIK BCL2L11 BMF HRK PMAIP1 BBC3 BCL2 BCL2L1 BCL2L2 MCL1 BCL2A1 "
    "CYCS APAF1 CASP9",
    "mod_extrinsic_apoptosis": "FAS TNFRSF1A TNFRSF10A TNFRSF10B TNF FASLG TNFSF10 FADD TRADD CASP8 CASP10",
    "mod_executioner_caspases": "CASP3 CASP6 CASP7",
    "mod_inflammatory_caspases": "CASP1 CASP4 CASP5 CASP12",
    "mod_s1p_signalling": "S1PR1 S1PR3",
    "mod_s1p_gprotein_effectors": "GNB1 GNG2 GNB2 GNG5",
    "mod_mhc_class_ii": "HLA-DRA HLA-DRB1 HLA-DPA1 HLA-DQA1",
    "mod_spliceosome": "SNRNP70 SF3B1 PRPF8",
    "mod_proteasome_20s": "PSMA1 PSMB5",
    "mod_recipient_response": "RIGI IFIH1 DHX58 TLR3 TLR7 TLR8 TGFB1 IL1B NFKB1 RELA MAPK14",
    "mod_damp": "HMGB1",
    "misev_5": "TGFB1 IL1B",
}


@pytest.mark.parametrize("name", FOUNDING)
def test_founding_review_entities_are_there(name):
    marked = CATALOG[name]
    assert not set(genes(FOUNDING[name])) - {*marked.positive, *marked.negative}


def test_listed_only_markers_weigh_nothing():
    listed = TABLE[TABLE["listed_only"]]
    assert (listed["weight"] == 0).all()
    for name, members in {
        "exosome": "FLOT1 ITGB1",
        "microvesicle": "FLOT2 ITGB1 ITGA2B ITGB3 ITGAV PTPRC GYPA",
        "apoptotic_exosome": "ACTB TPT1 GNB1 GNG2",
    }.items():
        assert set(genes(members)) <= set(listed.loc[listed["set"] == name, "gene"])


def test_digest_is_the_same_for_other_line_ends_and_orders(tmp_path):
    shuffled = []
    for path in SET_FILES:
        copy = tmp_path / path.name
        copy.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
        (record,) = io.read_sets(copy)
        header = dict(reversed(record.header.items()))
        shuffled.append(io.SetRecord(header, list(reversed(record.markers))))
    twin = MarkerCatalog(
        shuffled,
        references=dict(reversed(io.read_toml(FOLDER / "references.toml").items())),
        info=CATALOG.info,
        orthologs=io.read_orthologs(FOLDER)[::-1],
    )
    assert twin.digest == CATALOG.digest
    assert len(CATALOG.digest) == 64


def test_a_changed_marker_changes_the_digest():
    info, references, records = io.read_reference(FOLDER)
    before = MarkerCatalog(records, references=references, info=info).digest
    records[0].markers[0]["note"] += "!"
    assert MarkerCatalog(records, references=references, info=info).digest != before


def test_readme_is_up_to_date():
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert text == readme(CATALOG), "run `python -m markerkit.markers_readme`"


def test_curation_explains_every_way_of_checking():
    text = (FOLDER / "CURATION.md").read_text(encoding="utf-8")
    for way in TABLE["verified"].unique():
        assert f"`{way}`" in text or way in ("recalled-medium", "recalled-low"), way
    named = set(re.findall(r"`([a-z]+\d{4})`", text))
    assert named <= set(CATALOG.references["key"])


def test_json_schema_knows_the_same_fields():
    schema = json.loads((FOLDER / "schema.json").read_text(encoding="utf-8"))
    assert set(schema["properties"]) == set(io.HEADER) | {"defaults", "markers"}
    fields = schema["$defs"]["fields"]["properties"]
    assert list(fields) == list(io.MARKER)
    assert tuple(schema["properties"]["role"]["enum"]) == io.SET_ROLES
    assert tuple(fields["role"]["enum"]) == io.MARKER_ROLES
    assert tuple(fields["evidence"]["enum"]) == io.EVIDENCE


def test_json_schema_accepts_the_sets():
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((FOLDER / "schema.json").read_text(encoding="utf-8"))
    check = jsonschema.Draft202012Validator(schema)
    for path in SET_FILES:
        check.validate(io.read_toml(path))
    with pytest.raises(jsonschema.ValidationError):
        check.validate({"markers": [{"gene": "A", "role": "up"}]})


def test_a_mouse_gene_has_one_accession():
    pairs = {
        (r["mouse_gene"], r["mouse_accession"]) for r in io.read_orthologs(FOLDER) if r["mouse_accession"]
    }
    assert len({gene for gene, _ in pairs}) == len({accession for _, accession in pairs}) == len(pairs)
