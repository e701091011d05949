"""Files of the user as bytes: refused where they are no files, or hold more than they should."""

from __future__ import annotations

import gzip
import io
import json
import re
import stat
import tomllib
import zlib
from pathlib import Path
from typing import Any

from markerkit.core import limits
from markerkit.core.errors import InputError, shown

_STEP = 16 * limits.MEGABYTE
#: a file up to this size is read at once, without a copy of its parts
_AT_ONCE = 256 * limits.MEGABYTE
_GZIP = b"\x1f\x8b"
_LONGEST_PATH = 300
#: a key of many parts, a.b.c...; the time of reading one grows with the square of their number
_LONG_KEY = re.compile(r"""(?:\.[ \t]*+(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+){64}""")


def check_name(path: str | Path, what: str) -> None:
    """Refuse a name that cannot be written into the results: one that is not UTF-8, or holds a zero byte.

    Raises
    ------
    InputError
        Such a name.
    """
    text = str(path)
    try:
        wrong = "\x00" in text or not text.encode()
    except UnicodeEncodeError:
        wrong = True
    if wrong and text:
        raise InputError(
            f"the name of the {what} {shown(text, most=_LONGEST_PATH)} is not UTF-8 text; rename the file."
        )


def file_size(path: Path, what: str) -> int:
    """Give the size of a file; refuse what is none: a folder, a pipe, a device.

    Parameters
    ----------
    path, what
        File, and what it is, for the messages.

    Raises
    ------
    InputError
        Nothing or no file by that name, or no right to look.
    """
    check_name(path, what)
    given = shown(str(path), most=_LONGEST_PATH)
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InputError(f"there is no {what} {given}; check the path.") from error
    except OSError as error:
        raise InputError(f"the {what} {given} cannot be read: {error.strerror}.") from error
    if stat.S_ISDIR(found.st_mode):
        raise InputError(f"the {what} {given} is a folder; give a file.")
    if not stat.S_ISREG(found.st_mode):
        raise InputError(
            f"the {what} {given} is a pipe or a device; write its content to a file, and give that."
        )
    return found.st_size


def read_bytes(path: str | Path, what: str, *, most: int | None = None) -> bytes:
    """Read a file whole.

    Parameters
    ----------
    path, what
        File, and what it is, for the messages.
    most
        Bytes that it may have; None for any number. A table of text that holds a zero byte is refused as soon as one is
        met, so that the empty stretches of a sparse file are not read.

    Raises
    ------
    InputError
        What :func:`file_size` refuses; too large a file; one that cannot be read; a large text with a zero byte.
    """
    path = Path(path)
    size = file_size(path, what)
    if most is not None and size > most:
        raise InputError(
            f"the {what} {path.name!r} has {size / limits.MEGABYTE:,.0f} MB; at most {most // limits.MEGABYTE} MB are read."
        )
    parts: list[bytes] = []
    step = size + 1 if size < _AT_ONCE else _STEP
    try:
        with path.open("rb") as file:
            while part := file.read(step):
                parts.append(part)
                if size > _STEP and b"\x00" in part and _is_text(parts[0][:8]):
                    raise InputError(
                        f"the {what} {path.name!r} is a binary file, or has lost a part; export it again."
                    )
    except OSError as error:
        given = shown(str(path), most=_LONGEST_PATH)
        raise InputError(f"the {what} {given} cannot be read: {error.strerror}.") from error
    return b"".join(parts)


def _is_text(start: bytes) -> bool:
    """Say whether a file begins as text without zero bytes does: not packed, and not UTF-16 or UTF-32."""
    return start[:2] not in {_GZIP, b"PK", b"\xff\xfe", b"\xfe\xff"} and start[:4] not in {
        b"PAR1",
        b"\x00\x00\xfe\xff",
    }


def unpacked(data: bytes, name: str, what: str) -> bytes:
    """Unpack what is packed with gzip; other bytes as they are.

    Raises
    ------
    InputError
        A broken file; one that unpacks to far more than a table does.
    """
    if data[:2] != _GZIP:
        return data
    packed, found = io.BytesIO(data), io.BytesIO()
    try:
        with gzip.GzipFile(fileobj=packed) as file:
            while part := file.read(_STEP):
                found.write(part)
                check_ratio(found.tell(), packed.tell(), name, what)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"the {what} {name!r} is a broken gzip file; export it again.") from error
    return found.getvalue()


def check_ratio(size: int, packed: int, name: str, what: str, *, most: int = limits.UNPACKED) -> None:
    """Refuse a file that unpacks to more than a table does.

    Parameters
    ----------
    size, packed
        Bytes, unpacked and packed.
    name, what
        File, and what it is, for the messages.
    most
        Bytes that are unpacked whatever the ratio.

    Raises
    ------
    InputError
        More than that, and more than :data:`markerkit.core.limits.RATIO` times the packed size.
    """
    if size > most and size > limits.RATIO * packed:
        raise InputError(
            f"the {what} {name!r} unpacks to more than {most // limits.MEGABYTE} MB and to more than {limits.RATIO} times its size, as "
            "no table of measured values does; unpack it, look at what it holds, and export the table again."
        )


def parse(text: str, kind: str) -> Any:
    """Read TOML or JSON.

    Parameters
    ----------
    text
        Content of a file.
    kind
        ``"TOML"`` or ``"JSON"``.

    Raises
    ------
    ValueError
        Something else; levels in each other beyond what can be read, numbers of thousands of digits.
    """
    if kind == "TOML" and _LONG_KEY.search(text):
        raise ValueError("it has a key of more than 64 parts")
    try:
        return tomllib.loads(text) if kind == "TOML" else json.loads(text)
    except RecursionError as error:
        raise ValueError("it has lists or tables in each other, many levels deep") from error
    except ValueError as error:
        if "digits" in str(error):  # advice of Python on its own settings
            raise ValueError("it has a number of thousands of digits") from error
        raise
