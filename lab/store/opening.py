"""Where the store is: SQLite at `runs/lab.sqlite3`, unless LAB_DATABASE_URL names another database."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from threading import Lock

from lab.store.database import file_url
from lab.store.runs import Store


def database_url() -> str:
    """LAB_DATABASE_URL, or the project's own SQLite file."""
    return os.environ.get("LAB_DATABASE_URL") or file_url(Path(__file__).parents[2] / "runs" / "lab.sqlite3")


def open_store(url: str | None = None) -> Store:
    """The store at `url` (default: `database_url()`), one object a process.

    Raises:
        StoreError: the database cannot be opened.
    """
    with _opening:
        return _open_store(url or database_url())


_opening = Lock()


@lru_cache(maxsize=8)
def _open_store(url: str) -> Store:
    return Store(url)
