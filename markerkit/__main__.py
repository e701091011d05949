"""Run the command line with ``python -m markerkit``."""

import sys

from markerkit.cli import main

sys.exit(main())
