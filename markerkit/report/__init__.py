"""Write an assessment to a folder: tables, summary, methods; whole or not at all."""

from markerkit.report._figures import drawing_process
from markerkit.report._folder import check_folder, write_report

__all__ = ["check_folder", "drawing_process", "write_report"]
