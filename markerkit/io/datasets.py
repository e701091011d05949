"""``markerkit.datasets``: public data sets to try markerkit on, downloaded when they are asked for, checked, and kept.

Nothing is downloaded at import, and no data are part of markerkit. Each data set is one file at a fixed commit of its
public repository; its SHA-256 is compared after every download. Files are kept in the cache folder that pooch chooses
for this machine, so that the second call needs no network. Needs the package pooch.
"""

from __future__ import annotations

import logging
import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import pandas as pd

from markerkit.core.errors import InputError, one_of
from markerkit.core.experiment import Experiment
from markerkit.io.readers import read_proteins

_SHOWN = ("title", "organism", "software", "license", "citation", "note", "url", "sha256", "checked")


@lru_cache(maxsize=1)
def _registry() -> Mapping[str, Mapping[str, Any]]:
    text = (resources.files("markerkit") / "data" / "datasets.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def available() -> pd.DataFrame:
    """List the data sets.

    Returns
    -------
    pandas.DataFrame
        One row per data set: ``name``, ``title``, ``organism``, ``software``, ``license``, ``citation``,
        ``note``, ``url``, ``sha256`` and ``checked``, how the checksum was compared with the repository.

    Examples
    --------
    >>> available()["name"].tolist()[:2]
    ['magnet_ev_vs_plasma', 'magnet_adpd_plasma_ev']
    """
    rows = [{"name": name, **{k: entry[k] for k in _SHOWN}} for name, entry in _registry().items()]
    return pd.DataFrame(rows)


def fetch(name: str, *, folder: str | Path | None = None, mirror: str | None = None) -> Path:
    """Download the file of a data set, unless it is there already.

    Parameters
    ----------
    name
        As :func:`available` lists it.
    folder
        Where to keep it; the cache folder of this machine by default.
    mirror
        Address of a folder with the same files, such as one inside your institute: the file is
        taken from there, by the name it has in the cache, and checked all the same.

    Returns
    -------
    pathlib.Path
        The file, its checksum compared.

    Raises
    ------
    InputError
        No such data set, no pooch, no connection, or a file with another checksum.
    """
    one_of("name", name, list(_registry()))
    entry = _registry()[name]
    file, url = str(entry["file"]), str(entry["url"])
    if mirror is not None:
        url = f"{mirror.rstrip('/')}/{file}"
    pooch = _pooch()
    kept = Path(folder) if folder is not None else Path(pooch.os_cache("markerkit"))
    store = pooch.create(
        path=kept, base_url="", registry={file: f"sha256:{entry['sha256']}"}, urls={file: url}
    )
    try:
        return Path(store.fetch(file))
    except ValueError as error:
        raise InputError(
            f"the file at {url} is not the one that was registered: its SHA-256 differs. Nothing was kept; report it, "
            "or read a file of your own with read_proteins."
        ) from error
    except OSError as error:
        raise InputError(
            f"the data set {name!r} could not be downloaded from {url} ({type(error).__name__}). Without a network, "
            f"download it elsewhere and save it as {kept / file}; load_example() needs none."
        ) from error


def load(name: str, *, folder: str | Path | None = None, mirror: str | None = None) -> Experiment:
    """Read a data set as an experiment.

    Parameters
    ----------
    name, folder, mirror
        As for :func:`fetch`.

    Returns
    -------
    Experiment
        As :func:`markerkit.read_proteins` reads the file, with the sample column ``condition`` and
        what else the names of the samples say.

    Raises
    ------
    InputError
        As :func:`fetch`.
    """
    path = fetch(name, folder=folder, mirror=mirror)
    entry = _registry()[name]
    exp = read_proteins(path, organism=str(entry["organism"]))
    labels = dict(entry.get("labels", {}))
    samples = exp.samples
    for column, pattern in entry["columns"].items():
        samples[column] = [_value(pattern, str(s), labels) for s in exp.samples.index]
    return exp.evolve("load_dataset", {"name": name, "sha256": entry["sha256"]}, samples=samples)


def _value(pattern: str, sample: str, labels: Mapping[str, str]) -> str:
    """Read a sample column from the name of a sample."""
    found = re.search(pattern, sample)
    if found is None:  # pragma: no cover - the checksum has shown that the names are those of the registry
        raise AssertionError(sample)
    return labels.get(found[1], found[1])


def _pooch() -> Any:
    """Import pooch, quietly."""
    try:
        import pooch
    except ImportError as error:
        raise InputError("markerkit.datasets needs the package pooch; run: pip install pooch.") from error
    pooch.get_logger().setLevel(logging.WARNING)
    return pooch
