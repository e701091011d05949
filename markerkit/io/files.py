"""Files that are written: refused where they cannot be, whole or not at all where they can."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from markerkit.core.errors import InputError


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """Give a name to write to in the same folder, and rename it to `path` once it is written.

    A file that was there before stays as it was until then; nothing is left behind on an error.

    Parameters
    ----------
    path
        File to write; its folder must be there.

    Yields
    ------
    pathlib.Path
        Name of a file that is not there yet, with the extension of `path`.

    Raises
    ------
    InputError
        There is no such folder, the path is a folder, or it cannot be written.
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise InputError(f"cannot write {str(path)!r}: there is no folder {str(path.parent)!r}.")
    if path.is_dir():
        raise InputError(f"cannot write {str(path)!r}: it is a folder; give the name of a file.")
    # a name of its own for every writer, so that two of them cannot mix their contents
    part = path.with_name(f".{path.stem}.{secrets.token_hex(4)}{path.suffix}")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        raise InputError(f"cannot write {str(path)!r}: {error.strerror or error}.") from error
    finally:
        part.unlink(missing_ok=True)


def write_text(path: str | Path, text: str) -> Path:
    """Write UTF-8 text, so that the file appears whole or not at all.

    Parameters
    ----------
    path
        File to write; its folder must be there.
    text
        Content; line ends are written as they are.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    InputError
        See :func:`whole_file`.
    """
    path = Path(path)
    with whole_file(path) as part:
        part.write_text(text, encoding="utf-8", newline="")
    return path


def emit(text: str, out: str | None) -> None:
    """Print, or write to a file that appears whole."""
    if out is None:
        print(text, end="" if text.endswith("\n") else "\n")
        return
    check_file(out)
    write_text(out, text)


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
