"""Files of marker sets with values of the wrong kind, of any size: one line that says what is wrong."""

import pytest

import markerkit as mk
from markerkit.catalog.files import HEADER, MARKER, read_sets
from markerkit.core import limits

SET = {"id": '"mine"', "minimum_measured": "1", "derived_from": '["x"]'}
MEMBER = {"gene": '"CD63"', "shared_with": '["a"]', "core": "true", "weight": "1"}
VALUES = ("1", "1.5", "true", '"text"', "[]", "[1]", "[[1]]", '["a"]', "[{a = 1}]", "{}", "{a = 1}", "1979-05-27", "nan", "-1",
          "9" * 400, "1e400", r'"\u0000"', f'"{"x" * 5000}"')  # fmt: skip


def table(fields: dict[str, str], separator: str) -> str:
    return separator.join(f"{k} = {v}" for k, v in fields.items())


def text_of(header: dict[str, str], member: dict[str, str]) -> str:
    return f'{table({**SET, **header}, chr(10))}\nmarkers = [{{{table({**MEMBER, **member}, ", ")}}}, {{gene = "CD9"}}]\n'


def outcome(path, text: str) -> str:
    """What a file is read as: the refusal, or nothing where it is read."""
    path.write_text(text, encoding="utf-8")
    refusal, records = "", []
    try:
        records = read_sets(path)
    except mk.InputError as error:
        refusal = str(error)
    if not records:
        assert path.name in refusal
        assert len(refusal) <= limits.MESSAGE
        assert len(refusal.splitlines()) == 1
        return refusal
    for header, markers in records:
        for fields, usual in ((header, HEADER), *((m, MARKER) for m in markers)):
            wrong = {
                k: v for k, v in fields.items() if usual[k] is not None and type(v) is not type(usual[k])
            }
            assert not wrong, "a value of another kind than the field has was read"
    return ""


@pytest.mark.parametrize("field", HEADER)
def test_header_fields_of_every_kind(tmp_path, field):
    found = [outcome(tmp_path / "mine.toml", text_of({field: value}, {})) for value in VALUES]
    assert any(found)


@pytest.mark.parametrize("field", MARKER)
def test_marker_fields_of_every_kind(tmp_path, field):
    found = [outcome(tmp_path / "mine.toml", text_of({}, {field: value})) for value in VALUES]
    assert any(found)
    defaults = [
        outcome(tmp_path / "mine.toml", text_of({"defaults": f"{{{field} = {value}}}"}, {}))
        for value in VALUES
    ]
    assert any(defaults) or field in MEMBER  # the first marker says it itself


@pytest.mark.parametrize("value", VALUES)
def test_defaults_and_markers_of_every_kind(tmp_path, value):
    assert outcome(tmp_path / "mine.toml", f"markers = {value}\n")
    found = outcome(tmp_path / "mine.toml", text_of({"defaults": value}, {}))
    assert bool(found) == (value != "{}")


@pytest.mark.parametrize(
    ("weight", "fine"),
    [("0", True), ("1e308", True), ("-0.1", False), ("inf", False), ("9" * 400, False), ("true", False)],
)
def test_weights(tmp_path, weight, fine):
    assert bool(outcome(tmp_path / "mine.toml", text_of({}, {"weight": weight}))) != fine


@pytest.mark.parametrize(("minimum", "fine"), [("1", True), ("0", False), ("true", False), ("1.5", False)])
def test_minimum_measured(tmp_path, minimum, fine):
    assert bool(outcome(tmp_path / "mine.toml", text_of({"minimum_measured": minimum}, {}))) != fine


OTHERS = {
    "nested lists": ("m.toml", "a = " + "[" * 100_000, "many levels deep"),
    "a key of many parts": ("m.toml", ".".join("a" * 100_000) + " = 1", "more than 64 parts"),
    "digits": ("m.toml", f"a = {'9' * 5000}", "thousands of digits"),
    "zero bytes in GMT": ("m.gmt", "a\tb\tCD9\x00\n", "line breaks or tabs"),
    "an open quotation mark that swallows rows": ("m.tsv", 'set\tgene\na\t"CD63\n' + "b\tCD9\n" * 9, "quotation mark may be open"),
    "two marks that swallow a row": ("m.tsv", 'set\tgene\nmine\t"CD63\nmine\tCD9"\n', "line breaks or tabs"),
    "a cell beyond the csv limit": ("m.csv", f'set,gene\n"{"x" * 200_000}",CD9\n', "field larger than field limit"),
    "a column twice": ("m.tsv", "set\tgene\tset\na\tCD63\tb\n", "repeats a column"),
    "weight too large": ("m.tsv", f"set\tgene\tweight\na\tCD63\t{'9' * 400}\n", "must be a number from 0"),
    "weight not a number": ("m.tsv", "set\tgene\tweight\na\tCD63\tnan\n", "must be a number from 0"),
    "a line of zero bytes": ("m.txt", "\x00\n", "line breaks or tabs"),
    "a field that is none": ("m.tsv", f"set\tgene\t{'x' * 100_000}\na\tCD63\t1\n", "unknown field"),
}  # fmt: skip


@pytest.mark.parametrize("case", OTHERS)
def test_other_hostile_sets(tmp_path, case):
    name, text, message = OTHERS[case]
    assert message in outcome(tmp_path / name, text)


def test_line_numbers_count_the_lines_of_a_cell_too(tmp_path):
    path = tmp_path / "m.tsv"
    path.write_text('set\tgene\tnote\nmine\tCD63\t"two\nlines"\nmine\tCD9\n')
    with pytest.raises(mk.InputError, match="line 4: 3 fields are expected"):
        read_sets(path)


def test_unusual_line_separators_do_not_part_rows(tmp_path):
    path = tmp_path / "m.tsv"
    path.write_text("set\tgene\tnote\nmine\tCD63\tone\u2028note\nmine\tCD9\t\n", encoding="utf-8")
    assert [m["gene"] for m in read_sets(path)[0].markers] == ["CD63", "CD9"]


def test_a_file_as_large_as_the_limit_and_one_byte_more(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "MARKER_FILE", 1000)
    path = tmp_path / "m.gmt"
    start = "mine\tx\tCD63\n"
    path.write_text(start.ljust(1000))
    assert len(read_sets(path)) == 1
    path.write_text(start.ljust(1001))
    with pytest.raises(mk.InputError, match="MB are read"):
        read_sets(path)
