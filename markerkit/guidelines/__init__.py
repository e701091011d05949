"""Checklists of guidelines."""
