"""Run the command line with ``python -m markerkit``."""

import sys

from markerkit.cli.main import main

sys.exit(main())
