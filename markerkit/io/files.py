"""Files that the command line writes: refused where they cannot be, whole where they can."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from markerkit.core.errors import InputError


def emit(text: str, out: str | None) -> None:
    """Print, or write to a file that appears whole."""
    if out is None:
        print(text, end="" if text.endswith("\n") else "\n")
        return
    check_file(out)
    path = Path(out)
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8", newline="")
    part.replace(path)


def check_file(out: str, *, header: Sequence[str] = (), overwrite: bool = False) -> None:
    """Refuse a file that cannot be written; with `overwrite` one that begins with `header` may be replaced."""
    path = Path(out)
    if path.exists():
        if not overwrite:
            other = " or pass --overwrite" if header else ""
            raise InputError(f"the output {out!r} is there already; choose another{other}.")
        if not path.is_file() or not _begins_with(path, "\t".join(header).encode()):
            raise InputError(
                f"the output {out!r} is another kind of file and will not be replaced; choose another."
            )
    if not path.parent.is_dir():
        raise InputError(f"the output {out!r} cannot be written: there is no folder {str(path.parent)!r}.")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise InputError(f"the output {out!r} cannot be written: no right to write in {str(path.parent)!r}.")


def _begins_with(path: Path, start: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(start)) == start
