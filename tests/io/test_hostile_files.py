"""Bombs, broken files and what is no file: one line and exit 2, in little time and memory."""

import gzip
import io
import json
import os
import re
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import markerkit as mk
from markerkit.core import limits
from markerkit.io import given
from markerkit.io.tabular import read_table
from markerkit.study.context import read_context
from tests.helpers import ROOT
from tools.fuzz.targets import zipped

HEADER = "protein_id\tgene\tEV_1\tEV_2\tlysate_1\tlysate_2\n"
ROWS = "".join(
    f"P0896{i}\t{gene}\t{i + 1}.5e6\t{i + 2}e6\t{i + 3}e5\t{7 * i + 4}e5\n"
    for i, gene in enumerate(("CD63", "CD81", "CD9", "ALB", "ACTB"))
)
TABLE = HEADER + ROWS
LIMIT_SECONDS, LIMIT_MB = 10, 1000
NAMESPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10 if i else "lol"}">' for i in range(12))


def sheet(rows: str = "", *, dimension: str = "", before: str = "") -> bytes:
    """A worksheet of the table, with further rows."""
    cells = []
    for n, line in enumerate(TABLE.splitlines(), 1):
        values = (f'<c r="{letter}{n}" t="inlineStr"><is><t>{v}</t></is></c>' if n == 1 or letter in "AB" else
                  f'<c r="{letter}{n}"><v>{v}</v></c>' for letter, v in zip("ABCDEF", line.split("\t"), strict=True))  # fmt: skip
        cells.append(f'<row r="{n}">{"".join(values)}</row>')
    return f"{before}<worksheet {NAMESPACE}>{dimension}<sheetData>{''.join(cells)}{rows}</sheetData></worksheet>".encode()


def book(content: bytes, **parts: bytes) -> bytes:
    """A workbook of one worksheet."""
    from tools.fuzz.targets import _WORKBOOK

    return zipped({"xl/workbook.xml": _WORKBOOK, "xl/worksheets/sheet1.xml": content, **parts})


def bomb(unit: bytes, megabytes: int) -> bytes:
    """Gzip of so many megabytes of the unit, over and over."""
    buffer = io.BytesIO()
    block = (unit * (limits.MEGABYTE // len(unit) + 1))[: limits.MEGABYTE]
    with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=1) as file:
        for _ in range(megabytes):
            file.write(block)
    return buffer.getvalue()


def parquet(rows: int = 5, *, stated: int | None = None) -> bytes:
    """A Parquet table; `stated`: number of rows that its footer states."""
    import pyarrow as pa
    from pyarrow import parquet

    buffer = io.BytesIO()
    cells = {"gene": [f"G{i}" for i in range(rows)], "EV_1": [1e5 * (i + 1) for i in range(rows)]}
    parquet.write_table(pa.table({**cells, "EV_2": cells["EV_1"][::-1]}), buffer)
    data = buffer.getvalue()
    if stated is None:
        return data
    length = struct.unpack("<I", data[-8:-4])[0]
    footer = data[-8 - length : -8].replace(b"\x16" + varint(rows), b"\x16" + varint(stated))
    assert footer != data[-8 - length : -8]
    return data[: -8 - length] + footer + struct.pack("<I", len(footer)) + b"PAR1"


def varint(number: int) -> bytes:
    """A whole number as the footer writes it: in zigzag, seven bits a byte."""
    number, found = number * 2, b""
    while number >= 128:
        found, number = found + bytes([number % 128 + 128]), number // 128
    return found + bytes([number])


def run(folder, *words: str) -> tuple[int, str, float, float]:
    """Run the command line in a process of its own: exit code, stderr, processor seconds, megabytes."""
    # the peak of its own memory: that of `getrusage` begins with the memory of the process that started it
    code = (
        "import atexit, resource, sys; resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30)); "
        "atexit.register(lambda: print(open('/proc/self/status').read(), file=open('used', 'w'))); "
        "from markerkit.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    with subprocess.Popen([sys.executable, "-c", code, *words], cwd=folder, env=env, text=True,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:  # fmt: skip
        err = process.stderr.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    peak = re.search(r"VmHWM:\s+(\d+) kB", (Path(folder) / "used").read_text())
    return process.returncode, err, used.ru_utime + used.ru_stime, int(peak[1]) / 1024


def is_refused(folder, name: str) -> str:
    """The one line that refuses a table, within the limits of time and memory."""
    code, err, seconds, megabytes = run(folder, "samples", name)
    lines = err.splitlines()
    assert code == 2
    assert len(lines) == 1
    assert lines[0].startswith("markerkit: error: ")
    assert len(lines[0]) < limits.MESSAGE
    assert seconds < LIMIT_SECONDS
    assert megabytes < LIMIT_MB
    return lines[0]


# ---- bombs, as a process that is measured -----------------------------------------------


def endless_rows() -> bytes:
    return book(
        sheet().replace(b"</sheetData>", b"<row><c><v>1</v></c></row>" * 12_000_000 + b"</sheetData>")
    )


def wide_rows() -> bytes:
    return book(sheet("".join(f'<row r="{n}"><c r="XFD{n}"><v>1</v></c></row>' for n in range(7, 50_000))))


BOMBS = {
    "gzip of rows": ("m.tsv.gz", lambda: gzip.compress(HEADER.encode()) + bomb(ROWS.encode(), 2048), "unpacks to more than"),
    "gzip of zeros": ("m.tsv.gz", lambda: bomb(b"\x00", 2048), "unpacks to more than"),
    "gzip of one line": ("m.tsv.gz", lambda: bomb(b"a", 2048), "unpacks to more than"),
    "workbook of rows": ("m.xlsx", endless_rows, "unpacks to more than"),
    "a cell in the last column of every row": ("m.xlsx", wide_rows, "cells in"),
    "a cell in row 2,000,000,000": ("m.xlsx", lambda: book(sheet('<row r="2000000000"><c><v>1</v></c></row>')), "beyond the last row"),
    "Parquet that states a trillion rows": ("m.parquet", lambda: parquet(stated=10**12), "unpacks to more than"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("case", BOMBS)
def test_a_bomb_is_refused_in_little_time_and_memory(tmp_path, case):
    name, make, message = BOMBS[case]
    (tmp_path / name).write_bytes(make())
    assert message in is_refused(tmp_path, name)


@pytest.mark.slow
def test_a_sparse_file_is_refused_in_little_time_and_memory(tmp_path):
    with (tmp_path / "m.tsv").open("wb") as file:
        file.write(TABLE.encode())
        file.truncate(2 << 30)
    assert "is a binary file, or has lost a part" in is_refused(tmp_path, "m.tsv")


# ---- the same limits, near to them --------------------------------------------------------


def test_what_unpacks_to_more_than_the_limit_and_the_ratio_is_refused():
    given.check_ratio(limits.UNPACKED, 1, "m.gz", "matrix")
    given.check_ratio(limits.UNPACKED + 1, limits.UNPACKED // limits.RATIO + 1, "m.gz", "matrix")
    with pytest.raises(
        mk.InputError, match="unpacks to more than 256 MB and to more than 100 times its size"
    ):
        given.check_ratio(limits.UNPACKED + 1, limits.UNPACKED // limits.RATIO, "m.gz", "matrix")


def read(tmp_path, data: bytes, name: str = "m.tsv"):
    (tmp_path / name).write_bytes(data)
    return mk.read_proteins(tmp_path / name)


def refusal(tmp_path, data: bytes, name: str = "m.tsv") -> str:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(mk.InputError) as caught:
        mk.read_proteins(tmp_path / name)
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


@pytest.mark.parametrize(("row", "read_it"), [(limits.SHEET_ROWS, True), (limits.SHEET_ROWS + 1, False)])
def test_the_last_row_of_a_sheet(tmp_path, row, read_it):
    data = book(sheet(f'<row r="{row}"><c r="A{row}"><v>5</v></c><c r="C{row}"><v>7e5</v></c></row>'))
    if read_it:
        assert read(tmp_path, data, "m.xlsx").n_proteins == 6
    else:
        assert "1,048,576 rows" in refusal(tmp_path, data, "m.xlsx")


@pytest.mark.parametrize("column", ["XFE", "ZZZZ"])
def test_no_sheet_has_such_a_column(tmp_path, column):
    refusal(tmp_path, book(sheet(f'<row r="7"><c r="{column}7"><v>1</v></c></row>')), "m.xlsx")


def test_empty_cells_to_the_last_column_are_left_out(tmp_path):
    rows = "".join(f'<row r="{n}"><c r="XFD{n}" s="0"/></row>' for n in range(7, 20))
    assert read(tmp_path, book(sheet(rows)), "m.xlsx").n_proteins == 5


@pytest.mark.parametrize("ref", ["A1:C3", "A1", "B2:ZZ900"])
def test_the_size_that_a_sheet_states_is_not_believed(tmp_path, ref):
    exp = read(tmp_path, book(sheet(dimension=f'<dimension ref="{ref}"/>')), "m.xlsx")
    assert exp.values.equals(read(tmp_path, TABLE.encode()).values)


def test_entities_are_refused_and_no_file_is_read(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("squeamish")
    outside = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{secret.as_uri()}">]>'
    for start, entity in ((f"<!DOCTYPE x [{LAUGHS}]>", "&l11;"), (outside, "&e;")):
        row = f'<row r="7"><c r="A7" t="inlineStr"><is><t>{entity}</t></is></c></row>'
        found = refusal(tmp_path, book(sheet(row, before=start)), "m.xlsx")
        assert "declares entities" in found
        assert "squeamish" not in found
    found = refusal(
        tmp_path,
        book(sheet(), **{"xl/styles.xml": f"<!DOCTYPE x [{LAUGHS}]><s>&l11;</s>".encode()}),
        "m.xlsx",
    )
    assert "'xl/styles.xml' declares entities" in found


def test_entities_that_no_scan_of_the_start_finds_are_a_broken_workbook(tmp_path):
    before = f"<!--{'x' * 70_000}--><!DOCTYPE x [{LAUGHS}]>"
    row = '<row r="7"><c r="A7" t="inlineStr"><is><t>&l11;</t></is></c></row>'
    assert "is a broken XLSX workbook" in refusal(tmp_path, book(sheet(row, before=before)), "m.xlsx")


# ---- broken and odd files -----------------------------------------------------------------


def archive(**members: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    return buffer.getvalue()


BROKEN = {
    "zip named .xlsx": ("m.xlsx", lambda: archive(table=TABLE), "is a zip archive, not an XLSX workbook"),
    "gzip cut": ("m.tsv.gz", lambda: gzip.compress(TABLE.encode())[:-12], "is a broken gzip file"),
    "gzip of nothing": ("m.tsv.gz", lambda: gzip.compress(b" \n"), "is empty"),
    "gzip with another checksum": ("m.tsv.gz", lambda: gzip.compress(TABLE.encode())[:-8] + bytes(8), "is a broken gzip file"),
    "workbook cut": ("m.xlsx", lambda: book(sheet())[:-40], "is a broken XLSX workbook"),
    "Parquet cut": ("m.parquet", lambda: parquet()[:-30], "is a broken Parquet file"),
    "Parquet cut in the data": ("m.parquet", lambda: parquet()[:100], "is a broken Parquet file"),
    "zero byte far below": ("m.tsv", lambda: (HEADER + ROWS * 3000).encode() + b"P9\tX\t1\x00\t2\t3\t4\n", "is a binary file"),
    "zero byte in a UTF-16 file": ("m.tsv", lambda: (TABLE + "P9\tX\t1\x00\t2\t3\t4\n").encode("utf-16"), "is a binary file"),
    "UTF-16 cut": ("m.tsv", lambda: TABLE.encode("utf-16")[:-1], "is a binary file"),
    "UTF-32 without a mark": ("m.tsv", lambda: TABLE.encode("utf-32-le"), "is a binary file"),
    "integer of 400 digits": ("m.tsv", lambda: f"{TABLE}P9\tX\t{'9' * 400}\t2\t3\t4\n".encode(), "holds an infinite value"),
    "integers of 400 digits": ("m.tsv", lambda: TABLE.replace("e6", "0" * 400).encode(), "holds an infinite value"),
    "the same in a workbook": ("m.xlsx", lambda: book(sheet(f'<row r="7"><c r="C7"><v>{"9" * 400}</v></c></row>')), "holds an infinite value"),
    "cell beyond the csv limit, open": ("m.tsv", lambda: f'{TABLE}"A\n{"x" * 200_000}"\tX\t1\t2\t3\t4\n'.encode(), "quotation mark that is not closed"),
    "a quotation mark in the header": ("m.tsv", lambda: TABLE.replace("\tgene", '\t"gene').replace("CD63", '"CD63').encode(), "quotation mark in its header"),
    "two genes that begin with a mark": ("m.tsv", lambda: TABLE.replace("\tCD81", '\t"CD81').replace("\tALB", '\t"ALB').encode(), "quotation mark that is not closed"),
    "no header": ("m.tsv", lambda: ROWS.replace("e6", "000000").encode(), "has no header"),
    "numbers for names": ("m.tsv", lambda: ("1\t2\t3\t4\t5\t6\n" + ROWS).encode(), "has no header"),
    "a column twice": ("m.tsv", lambda: TABLE.replace("gene", "protein_id").encode(), "repeats the column 'protein_id'"),
    "two index columns": ("m.csv", lambda: "".join(f"{i or ''},{i or ''},{line}\n" for i, line in enumerate(TABLE.replace("\t", ",").splitlines())).encode(), "has values under no name"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_broken_and_odd_files_are_refused(tmp_path, case):
    name, make, message = BROKEN[case]
    assert message in refusal(tmp_path, make(), name)


SAME = {
    "text named .xlsx": ("m.xlsx", lambda: TABLE.encode()),
    "UTF-16 with a mark": ("m.tsv", lambda: TABLE.encode("utf-16")),
    "UTF-32 with a mark": ("m.tsv", lambda: TABLE.encode("utf-32")),
    "UTF-8 with a mark": ("m.tsv", lambda: TABLE.encode("utf-8-sig")),
    "mixed line ends": ("m.tsv", lambda: TABLE.replace("\n", "\r\n", 2).replace("4e5\n", "4e5\r").encode()),
    "header behind a number sign": ("m.tsv", lambda: f"#{TABLE}".encode()),
    "index of pandas": ("m.csv", lambda: "".join(f"{i - 1 if i else ''},{line}\n" for i, line in enumerate(TABLE.replace("\t", ",").splitlines())).encode()),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:1 column of numbers was not read as a sample:markerkit.MarkerkitWarning")
@pytest.mark.parametrize("case", SAME)
def test_odd_writings_of_one_table_are_read_alike(tmp_path, case):
    name, make = SAME[case]
    expected = read(tmp_path, TABLE.encode(), "plain.tsv").values
    assert read(tmp_path, make(), name).values.equals(expected)


def test_samples_may_have_numbers_for_names(tmp_path):
    numbered = TABLE.replace("EV_1\tEV_2\tlysate_1\tlysate_2", "1\t2\t3\t4")
    assert list(read(tmp_path, numbered.encode()).samples.index) == ["1", "2", "3", "4"]


# ---- what is no file ------------------------------------------------------------------------


def readers(path):
    """Everything that reads a file of the user."""
    return {
        "matrix": lambda: mk.read_proteins(path),
        "sample sheet": lambda: mk.read_proteins(path.parent / "m.tsv", samples=path),
        "peptides": lambda: mk.read_peptides(path),
        "context": lambda: read_context(path),
        "markers": lambda: mk.load_markers(extra=[path]),
    }


@pytest.mark.parametrize(
    "kind",
    ["folder", "pipe", "device", "endless device", "nothing", "zero byte in its name", "name in Latin-1"],
)
def test_what_is_no_file_is_refused_by_every_reader(tmp_path, kind):
    (tmp_path / "m.tsv").write_text(TABLE)
    path = tmp_path / "x.tsv"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "endless device":
        path.symlink_to("/dev/urandom")
    elif kind == "zero byte in its name":
        path = tmp_path / "x\x00.tsv"
    elif kind == "name in Latin-1":
        path = tmp_path / os.fsdecode("\u00e9.tsv".encode("latin-1"))
        path.write_text(TABLE)
    for what, call in readers(path).items():
        with pytest.raises(mk.InputError) as caught:
            call()
        assert "x" in str(caught.value) or "is not UTF-8" in str(caught.value), what
        assert len(str(caught.value)) < 500, what


# ---- contexts --------------------------------------------------------------------------------

DEEP = 100_000
CONTEXTS = {
    "nested lists": ("c.toml", "a = " + "[" * DEEP, "many levels deep"),
    "nested tables": ("c.toml", "a = " + "{b = " * DEEP, "many levels deep"),
    "a key of many parts": ("c.toml", ".".join("a" * DEEP) + " = 1", "more than 64 parts"),
    "nested JSON": ("c.json", "[" * DEEP, "many levels deep"),
    "digits": ("c.toml", f"viability_percent = {'9' * 5000}", "thousands of digits"),
    "digits in JSON": ("c.json", json.dumps({"viability_percent": 1}).replace("1", "9" * 5000), "thousands of digits"),
    "too large for a float": ("c.toml", f"viability_percent = {'9' * 400}", "between 0 and 100"),
    "not a number": ("c.toml", "viability_percent = nan", "between 0 and 100"),
    "a long text": ("c.toml", f"viability_percent = '{'x' * 100_000}'", "must be a number"),
    "a long key": ("c.toml", f"{'x' * 100_000} = 1", "unknown key"),
    "too large a file": ("c.toml", "#" * (limits.CONTEXT_FILE + 1), "at most 1 MB are read"),
    "zero bytes": ("c.toml", "\x00" * 10, "is not TOML"),
    "no table": ("c.json", "[]", "must hold keys and values"),
}  # fmt: skip


@pytest.mark.parametrize("case", CONTEXTS)
def test_hostile_contexts_are_refused_in_a_short_line(tmp_path, case):
    name, text, message = CONTEXTS[case]
    (tmp_path / name).write_text(text)
    with pytest.raises(mk.InputError, match=message) as caught:
        read_context(tmp_path / name)
    assert len(str(caught.value)) <= limits.MESSAGE


def test_a_context_may_begin_with_a_byte_order_mark_and_be_as_large_as_the_limit(tmp_path):
    path = tmp_path / "c.toml"
    path.write_bytes("\ufeffvesicles = true\r\n#".encode().ljust(limits.CONTEXT_FILE, b"#"))
    assert read_context(path) == {"vesicles": True}
    parts = ".".join("a" * 64)
    path.write_text(f"{parts} = 1")
    with pytest.raises(mk.InputError, match="unknown key 'a'"):
        read_context(path)


def test_sheets_are_read_by_the_same_rules(tmp_path):
    (tmp_path / "s.xlsx").write_bytes(book(sheet('<row r="2000000000"><c><v>1</v></c></row>')))
    with pytest.raises(mk.InputError, match="beyond the last row"):
        read_table(tmp_path / "s.xlsx", what="sample sheet", as_text=True)


def test_the_limits_stand_in_the_documentation():
    text = (ROOT / "docs" / "reading.md").read_text(encoding="utf-8")
    mb = limits.MEGABYTE
    numbers = [f"{limits.UNPACKED // mb} MB", f"{limits.RATIO} times", f"{limits.WORKBOOK_PART // mb} MB", f"{limits.SHEET_ROWS:,} rows",
               f"{limits.SHEET_COLUMNS:,} columns", f"{limits.SHEET_CELLS // 10**6} million cells", f"{limits.MARKER_FILE // mb} MB",
               f"{limits.CONTEXT_FILE // mb} MB", f"{limits.MESSAGE:,} characters"]  # fmt: skip
    assert [n for n in numbers if n not in text] == []


def test_the_measuring_process_counts_its_own_memory(tmp_path):
    """Neither nothing nor what this process holds."""
    held = bytearray(600 << 20)
    held[:: 1 << 12] = b"x" * (len(held) >> 12)
    code, _, seconds, megabytes = run(tmp_path, "context")
    assert code == 0
    assert seconds > 0
    assert 20 < megabytes < 300
