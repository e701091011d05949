"""Sphinx configuration. `make docs` builds the site into docs/_build/html."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))
import matplotlib  # noqa: E402

matplotlib.use("Agg")
# the cells of the pages run in kernels of their own, which show their figures
os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"

import generated  # noqa: E402

import markerkit  # noqa: E402

generated.write(HERE)

project = "markerkit"
author = "The markerkit developers"
copyright = author  # noqa: A001
version = release = markerkit.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.linkcode",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "numpydoc",
    "myst_nb",
    "sphinx.ext.mathjax",
    "sphinx-mathjax-offline",
    "references",
]
exclude_patterns = [
    "_build",
    "_ext",
    "examples",
    "generated/examples",
    "generated/backreferences",
    "**.ipynb_checkpoints",
    "generated/gallery/*.ipynb",
]
nitpicky = True
# types of other packages: their sites would have to be asked at every build
nitpick_ignore_regex = [
    ("py:.*", r"(?:pandas|pd|numpy|np|matplotlib|anndata|collections|pathlib|typing)\..*"),
    (
        "py:class",
        r"Axes|Figure|Path|Cohort|Any|Callable|Iterable|Iterator|Mapping|Sequence|Literal|Array|T|P|Sets|optional|.*\[.*",
    ),
]
linkcheck_ignore = [
    r"https://doi\.org/.*"
]  # publishers refuse programs; the catalog's tests check the form of a DOI
toc_object_entries = False

# ---- code that runs at every build -------------------------------------------------
source_suffix = {".rst": "restructuredtext", ".md": "myst-nb", ".ipynb": "myst-nb"}
myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence", "deflist", "attrs_inline"]
myst_heading_anchors = 4
nb_execution_mode = "force"
nb_execution_excludepatterns = ["generated/notebooks/*"]  # their outputs are stored, and tested on their own
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_execution_timeout = 240
nb_merge_streams = True
nb_output_stderr = "show"

# ---- API ---------------------------------------------------------------------------
autodoc_typehints = "signature"
autodoc_member_order = "groupwise"
autodoc_default_options = {
    "members": True,
    "inherited-members": "dict,Mapping,Exception,object",
    "exclude-members": "with_traceback, add_note",
}
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
add_module_names = False

sphinx_gallery_conf = {
    "examples_dirs": "generated/examples",
    "gallery_dirs": "generated/gallery",
    "filename_pattern": r"plot_",
    "backreferences_dir": "generated/backreferences",
    "doc_module": ("markerkit",),
    "inspect_global_variables": False,
    "download_all_examples": False,
    "abort_on_example_error": True,
    "show_memory": False,
    "show_signature": False,
    "image_scrapers": ("gallery.scraper",),
    "capture_repr": ("_repr_html_",),
    "within_subsection_order": "ExampleTitleSortKey",
    "min_reported_time": 60,
}

html_theme = "pydata_sphinx_theme"
html_title = "markerkit"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
# pages without pages below them have nothing to show beside them
html_sidebars = {page: [] for page in generated.single_pages(HERE)}
html_theme_options = {
    "show_toc_level": 2,
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "logo": {"text": "markerkit"},
    "footer_start": ["copyright"],
    "footer_end": ["sphinx-version"],
    "secondary_sidebar_items": ["page-toc"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}

REPOSITORY = os.environ.get("MARKERKIT_REPOSITORY", "")  # address of the repository, which the workflow gives
if REPOSITORY:
    html_theme_options["github_url"] = REPOSITORY
suppress_warnings = ["config.cache"]  # functions in sphinx-gallery's options
if not (HERE / "app.md").is_file():  # its line of the table of contents waits for it
    suppress_warnings.append("toc.not_readable")

warnings.filterwarnings("ignore", message="FigureCanvasAgg is non-interactive")


def linkcode_resolve(domain: str, info: dict[str, str]) -> str | None:
    """Link a documented object to its file in the repository, where its address is known."""
    if domain != "py" or not REPOSITORY:
        return None
    return generated.source_address(REPOSITORY, info["module"], info["fullname"])
