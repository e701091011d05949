"""
Reporting guidelines
====================

Items of MISEV and EV-TRACK: what the data answer, and what only you can.
"""

import markerkit as mk

exp = mk.load_example()
found = mk.misev_checklist(exp, context={"vesicles": True, "fluid": "culture"})
mk.figures.checklist(found.table)
