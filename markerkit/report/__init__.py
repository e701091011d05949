"""Write an assessment to a folder: tables, summary, methods; whole or not at all."""

from markerkit.report._folder import check_folder, write_report
from markerkit.report._process import drawing_process

__all__ = ["check_folder", "drawing_process", "write_report"]
