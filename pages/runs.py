"""Placeholder."""

from lab.ui.layout import page_head

page_head("runs", "Under construction.")
