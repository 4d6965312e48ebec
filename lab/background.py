"""Start this process's workers without making the first page wait for torch to be imported."""

from __future__ import annotations

import threading

from lab.store import Store

FIRST_PAGE_SECONDS = 1.5
"""How long the first page is left to itself: Python serves the files that the browser asks for and imports torch in
turn, so a page that is drawn meanwhile waits for most of the import (benchmarks/opening.py). A page that needs torch
earlier imports it then.
"""

_started: set[str] = set()
_lock = threading.Lock()


def start_workers(store: Store) -> None:
    """Have this process work off the queue of `store` once the first page is drawn; again costs nothing."""
    with _lock:
        if store.url in _started:
            return
        _started.add(store.url)
    timer = threading.Timer(FIRST_PAGE_SECONDS, _import_and_start, args=(store,))
    timer.name, timer.daemon = "lab-start-workers", True
    timer.start()


def _import_and_start(store: Store) -> None:
    from lab.jobs import ensure_workers  # imports torch: not before the first page is drawn

    ensure_workers(store)
