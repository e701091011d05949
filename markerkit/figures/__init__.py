"""Figures."""
from markerkit.figures._style import new_figure, save, style
