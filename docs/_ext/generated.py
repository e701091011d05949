"""Pages that are made from the package, the catalog and the benchmarks, so that they cannot go stale."""

from __future__ import annotations

import inspect
import re
import shutil
from pathlib import Path

import api
import catalog
import engines
import gallery
import outputs
import unresolved

ROOT = Path(__file__).resolve().parents[2]
_OF_SPHINX_GALLERY = ("gallery", "backreferences")  # folders that it writes


def write(docs: Path) -> None:
    """Write every page under docs/generated; a file that has not changed is left as it is."""
    pages: dict[str, str] = {
        **{f"api/{name}": text for name, text in api.pages().items()},
        **{f"catalog/{name}": text for name, text in catalog.pages().items()},
        **{f"validation/{name}": text for name, text in validation().items()},
        **{f"examples/{name}": text for name, text in gallery.scripts().items()},
        "unresolved.md": unresolved.page(),
        "engines.md": engines.page(),
        "context.md": engines.context_page(),
        "tables.md": outputs.tables_page(),
        "command_line.md": outputs.command_page(),
        "changes.md": changes(),
    }
    folder = docs / "generated"
    for path in [p for kind in ("*.md", "*.rst", "*.py") for p in folder.rglob(kind)]:
        relative = path.relative_to(folder)
        if relative.parts[0] not in _OF_SPHINX_GALLERY and relative.as_posix() not in pages:
            path.unlink()
    for name, text in pages.items():
        _write(folder / name, text)
    _copy(ROOT / "benchmarks", "*.png", folder / "validation")
    _copy(ROOT / "docs" / "images", "*.png", folder / "catalog")
    _copy(ROOT / "notebooks", "*.ipynb", folder / "notebooks")


def single_pages(docs: Path) -> list[str]:
    """Pages without pages below them."""
    made = (docs / "generated").glob("*.md")
    return [
        p.relative_to(docs).with_suffix("").as_posix()
        for p in [*docs.glob("*.md"), *made]
        if p.stem != "notebooks"
    ]


def _write(path: Path, text: str) -> None:
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _copy(source: Path, pattern: str, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    names = {p.name for p in source.glob(pattern)}
    for old in target.glob(pattern):
        if old.name not in names:
            old.unlink()
    for name in names:
        there = target / name
        if not there.is_file() or there.read_bytes() != (source / name).read_bytes():
            shutil.copy(source / name, there)


def validation() -> dict[str, str]:
    """One page for every section of benchmarks/README.md, and their list."""
    text = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    text = re.sub(r"<!--.*?-->\n?", "", text, flags=re.DOTALL)
    _head, *sections = re.split(r"^## ", text, flags=re.MULTILINE)
    pages: dict[str, str] = {}
    for section in sections:
        title, _, body = section.partition("\n")
        name = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60]
        body = re.sub(r"^###(#*) ", r"##\1 ", body, flags=re.MULTILINE)
        pages[f"{name}.md"] = f"# {title}\n{body}"
    listing = "\n".join(name.removesuffix(".md") for name in pages)
    pages["index.md"] = (
        "# Validation\n\n"
        "How often the tests and the verdicts are right and wrong, on simulated data whose truth is known, on real data, and "
        "against the reference implementations. The scripts and these pages are the folder `benchmarks/` of the "
        "repository; [how the models work](../../models.md) is a page of its own.\n\n"
        f"```{{toctree}}\n:maxdepth: 2\n\n{listing}\n```\n"
    )
    return pages


def changes() -> str:
    """CHANGELOG.md with the headings of a page."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    return text.replace("](docs/", "](../").replace("](CONTRIBUTING.md)", "](#changelog)")


def source_address(repository: str, module: str, fullname: str) -> str | None:
    """Address of an object's file and line in the repository."""
    import importlib

    found: object = importlib.import_module(module)
    for part in fullname.split("."):
        found = getattr(found, part, None)
    found = inspect.unwrap(found) if callable(found) else found  # type: ignore[arg-type]
    try:
        file, line = inspect.getsourcefile(found), inspect.getsourcelines(found)[1]  # type: ignore[arg-type]
    except (TypeError, OSError):
        return None
    if file is None or not Path(file).is_relative_to(ROOT):
        return None
    return f"{repository}/blob/main/{Path(file).relative_to(ROOT).as_posix()}#L{line}"
