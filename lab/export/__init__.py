"""A run to take along: its figures as CSV, its charts as pictures, its weights and its config. This is its door."""

from lab.export.files import FILES, archive, run_file, run_files

__all__ = ["FILES", "archive", "run_file", "run_files"]
