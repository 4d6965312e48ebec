"""Placeholder."""

from lab.ui.layout import page_head

page_head("train", "Under construction.")
