"""Start this process's workers without making the caller wait for torch to be imported."""

from __future__ import annotations

import threading

from lab.store import Store

_started: set[str] = set()
_lock = threading.Lock()


def start_workers(store: Store) -> None:
    """Have the queue of `store` worked off by this process from now on; returns at once, and again costs nothing."""
    with _lock:
        if store.url in _started:
            return
        _started.add(store.url)
    threading.Thread(target=_import_and_start, args=(store,), name="lab-start-workers", daemon=True).start()


def _import_and_start(store: Store) -> None:
    from lab.jobs import ensure_workers

    ensure_workers(store)
