"""Runs to take along: one with its figures, charts, weights and config; several as they compare. This is its door."""

from lab.export.comparing import COMPARISON_FILES, comparison_file, comparison_files, comparison_name
from lab.export.files import FILES, archive, run_file, run_files, write_files

__all__ = [
    "COMPARISON_FILES",
    "FILES",
    "archive",
    "comparison_file",
    "comparison_files",
    "comparison_name",
    "run_file",
    "run_files",
    "write_files",
]
