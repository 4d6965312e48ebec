"""`python -m lab train` and `resume`: a run is trained by this process and shown from the store; a signal stops it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lab.cli_output import console, ending, show_progress
from lab.cli_rows import json_text
from lab.config import RunConfig
from lab.process import GIVE_UP_SECONDS, INTERRUPTED, PATIENCE_SECONDS, after, leave, on_ending_signal
from lab.store import Store, StoreError

if TYPE_CHECKING:
    from lab.jobs import Worker

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.05
STOP_SECONDS = 1.0
"""How long a run that is told to stop may take to say so, before its worker is ended and it is interrupted instead."""


def train_here(store: Store, queue: Callable[[], int], config: RunConfig, as_json: bool) -> int:
    """Queue a run, have a worker of this process take it (unless the app is quicker), and show it; the exit code.

    Ctrl-C or SIGTERM stops the run and lets it say so, whether it waits or trains.
    """
    from lab.device import resolve_device
    from lab.jobs import Worker

    device, signals = resolve_device(config.device), _Signals()
    with on_ending_signal(signals.came):
        run_id = queue()
        worker = Worker(store, device, only=run_id)
        with _stopped_by(signals, store, worker, run_id):
            events = store.follow(run_id)
            worker.start()
            if as_json:
                for kept in events:
                    print(json_text({"run": run_id} | kept.row()), flush=True)
            else:
                show_progress(events, run_id, config)
    run = store.run(run_id)
    if not as_json:
        console.print(ending(run))
    if signals.have_come:
        leave(INTERRUPTED if run.status == "interrupted" else 0)  # Python's own ending may take seconds with torch
    return 0 if run.status in ("finished", "stopped") else 1


@dataclass
class _Signals:
    """Whether the process was told to end, and whether what it shows has ended."""

    have_come: bool = False
    """Not a lock's business: a signal is handled between any two lines, those of the lock included."""
    over: threading.Event = field(default_factory=threading.Event)

    def came(self) -> None:
        self.have_come = True


@contextmanager
def _stopped_by(signals: _Signals, store: Store, worker: Worker, run_id: int) -> Iterator[None]:
    """Inside, a signal stops the run; however the inside ends, the worker's thread has ended before it goes on."""

    def stop() -> None:
        while not signals.have_come:
            if signals.over.wait(LOOK_SECONDS):
                return
        after(GIVE_UP_SECONDS, worker.end, 0.0)
        after(PATIENCE_SECONDS, leave, INTERRUPTED)
        try:
            store.send(run_id, "stop")
        except StoreError as error:
            log.warning("%s", error)
        if not signals.over.wait(STOP_SECONDS):
            worker.tell_to_end()

    thread = threading.Thread(target=stop, name="lab-stop", daemon=True)
    thread.start()
    try:
        yield
    finally:
        signals.over.set()
        thread.join()
        if not worker.end(PATIENCE_SECONDS):
            leave(INTERRUPTED if signals.have_come else 1)
