"""The queue and its workers: a thread a device takes queued runs, trains them and writes their events to the store."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from lab.config import ConfigError, RunConfig
from lab.device import DeviceUnavailable, available_devices, prepare_training_thread, resolve_device
from lab.events import Failed
from lab.mnist import DataError, load_mnist
from lab.store import Claim, LostClaim, Run, Store, StoreError, worker_name
from lab.training import Command, ResumePoint, train

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 1.0
COMMAND_POLL_SECONDS = 0.2
QUEUE_POLL_SECONDS = 0.3


class Worker:
    """A background thread that trains the queued runs of one device, one after the other."""

    def __init__(self, store: Store, device: str, only: int | None = None) -> None:
        """`only` limits it to one run, after which it ends (the command line's way)."""
        self.store, self.device, self.only = store, device, only
        self.name = f"{worker_name()}:{uuid.uuid4().hex[:8]}"
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"lab-worker-{device}", daemon=True)

    def start(self) -> None:
        """Begin to look for queued runs."""
        self._thread.start()

    def is_alive(self) -> bool:
        """Whether the thread still runs."""
        return self._thread.is_alive()

    def end(self, timeout: float = 10.0) -> None:
        """Take no further run, and wait for the thread; a run in training must be stopped first."""
        self._end.set()
        self._thread.join(timeout)

    def _work(self) -> None:
        prepare_training_thread()
        told = ""
        while not self._end.is_set():
            try:
                claimed = self._claim_next()
                if claimed is not None:
                    execute(self.store, *claimed, self.device)
                    if self.only is not None:
                        return
                    continue
            except (StoreError, ConfigError) as error:  # a locked database, a later lab's run: others may mend it
                if str(error) != told:
                    log.warning(told := str(error))
            self._end.wait(QUEUE_POLL_SECONDS)

    def _claim_next(self) -> tuple[Run, Claim] | None:
        for run in reversed(self.store.runs()):  # oldest first
            wanted = self.only is None or run.id == self.only
            if run.status == "queued" and wanted and _belongs_on(run.config, self.device):
                claim = self.store.claim(run.id, self.name, self.device)
                return (run, claim) if claim else None
        return None


def _belongs_on(config: RunConfig, device: str) -> bool:
    """Whether the worker of `device` must take the run; a device that is nowhere is the CPU worker's to report."""
    try:
        return resolve_device(config.device) == device
    except DeviceUnavailable:
        return device == "cpu"


def execute(store: Store, run: Run, claim: Claim, device: str) -> None:
    """Train a claimed run to its end, keeping every event; whatever goes wrong is kept as its failure."""
    try:
        with _heartbeat(claim) as lost:
            control = _StoreControl(claim, lost)
            data = load_mnist(device)
            for event in train(run.config, data, control, _resume_point(store, run.id)):
                claim.append(event)
    except LostClaim:
        log.warning("run %d was taken from this worker", run.id)
    except (DataError, DeviceUnavailable) as error:
        claim.append(Failed(reason=str(error)))
    except StoreError:
        raise
    except Exception as error:  # a worker must outlive any run, and a run must never be left as running
        log.exception("run %d failed", run.id)
        claim.append(Failed(reason=f"An unexpected error ended the run: {error}"))


def _resume_point(store: Store, run_id: int) -> ResumePoint | None:
    """Where an earlier attempt stopped, if there was one that finished an epoch."""
    if not store.checkpoint_epochs(run_id):
        return None
    last = store.checkpoint(run_id)
    if last.optimizer_state is None:
        raise DataError(f"Run {run_id} was copied without its optimiser state and cannot be resumed.")
    return ResumePoint(epoch=last.epoch, weights=last.weights, optimizer_state=last.optimizer_state)


class _StoreControl:
    """The run's command as training asks for it at every iteration; the store is asked a few times a second."""

    def __init__(self, claim: Claim, lost: threading.Event) -> None:
        self._claim, self._lost = claim, lost
        self._asked, self._command = 0.0, "run"

    def __call__(self) -> Command:
        if self._lost.is_set():
            raise LostClaim(f"Run {self._claim.run_id} is no longer held by this worker.")
        if time.monotonic() - self._asked > COMMAND_POLL_SECONDS:
            self._command = self._claim.beat()
            self._asked = time.monotonic()
        return "pause" if self._command == "pause" else "stop" if self._command == "stop" else "run"


@contextmanager
def _heartbeat(claim: Claim) -> Iterator[threading.Event]:
    """Beat in a thread of its own, so that one long iteration is not taken for death; yields a "claim lost" flag."""
    done, lost = threading.Event(), threading.Event()

    def beat() -> None:
        while not done.wait(HEARTBEAT_SECONDS):
            try:
                claim.beat()
            except LostClaim:
                lost.set()
                return
            except StoreError as error:
                log.warning("%s", error)

    thread = threading.Thread(target=beat, name=f"lab-heartbeat-{claim.run_id}", daemon=True)
    thread.start()
    try:
        yield lost
    finally:
        done.set()
        thread.join()


_background: dict[tuple[str, str], Worker] = {}
_background_lock = threading.Lock()


def ensure_workers(store: Store) -> None:
    """Start this process's background workers for `store`, one a device, unless they run already."""
    with _background_lock:
        for device in available_devices():
            worker = _background.get((store.url, device))
            if worker is None or not worker.is_alive():
                worker = _background[store.url, device] = Worker(store, device)
                worker.start()
