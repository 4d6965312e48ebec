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
from lab.training import Command, Control, ResumePoint, train

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 1.0
COMMAND_POLL_SECONDS = 0.2
QUEUE_POLL_SECONDS = 0.3
CLOSED = "The lab was closed while this run trained."
"""Why a run is interrupted whose process was told to end."""


class Worker:
    """A background thread that trains the queued runs of one device, one after the other."""

    def __init__(self, store: Store, device: str, only: int | None = None) -> None:
        """`only` limits it to one run, after which it ends (the command line's way)."""
        self.store, self.device, self.only = store, device, only
        self.name = f"{worker_name()}:{uuid.uuid4().hex[:8]}"
        self._end = threading.Event()
        self._held: Claim | None = None
        """Of the run in training."""
        self._thread = threading.Thread(target=self._work, name=f"lab-worker-{device}", daemon=True)

    def start(self) -> None:
        """Begin to look for queued runs."""
        self._thread.start()

    def is_alive(self) -> bool:
        """Whether the thread still runs."""
        return self._thread.is_alive()

    def tell_to_end(self) -> None:
        """Take no further run, and interrupt the one in training at its next iteration; returns at once."""
        self._end.set()

    def end(self, seconds: float = 10.0) -> bool:
        """Tell it to end and wait for its thread; False when that is still in an iteration `seconds` later.

        The run in training is interrupted either way: its finished epochs are kept, and it can be resumed.
        """
        self.tell_to_end()
        if self._thread.ident is not None:
            self._thread.join(seconds)
        held = self._held
        if held is not None and self.is_alive():
            _interrupt(held)
        return not self.is_alive()

    def _work(self) -> None:
        prepare_training_thread()
        told = ""
        while not self._end.is_set():
            try:
                claimed = self._claim_next()
                if claimed is not None:
                    self._train(*claimed)
                    if self.only is not None:
                        return
                    continue
            except (StoreError, ConfigError) as error:  # a locked database, a later lab's run: others may mend it
                if str(error) != told:
                    log.warning(told := str(error))
            self._end.wait(QUEUE_POLL_SECONDS)

    def _train(self, run: Run, claim: Claim) -> None:
        self._held = claim
        try:
            execute(self.store, run, claim, self.device, self._end)
        finally:
            self._held = None

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


class _Ending(Exception):
    """The worker is told to end; not one of the errors that training takes for the run's own."""


def execute(store: Store, run: Run, claim: Claim, device: str, end: threading.Event) -> None:
    """Train a claimed run to its end, keeping every event; whatever goes wrong is kept as its failure.

    Once `end` is set, training stops at the next iteration and the run is interrupted.
    """
    try:
        with _heartbeat(claim) as lost:
            control = _until(end, _StoreControl(claim, lost))
            data = load_mnist(device)
            for event in train(run.config, data, control, _resume_point(store, run.id)):
                claim.append(event)
    except _Ending:
        _interrupt(claim)
    except LostClaim:
        log.warning("run %d was taken from this worker", run.id)
    except (DataError, DeviceUnavailable) as error:
        claim.append(Failed(reason=str(error)))
    except StoreError:
        raise
    except Exception as error:  # a worker must outlive any run, and a run must never be left as running
        log.exception("run %d failed", run.id)
        claim.append(Failed(reason=f"An unexpected error ended the run: {error}"))


def _until(end: threading.Event, control: Control) -> Control:
    """`control`, which raises _Ending once `end` is set."""

    def ask() -> Command:
        if end.is_set():
            raise _Ending
        return control()

    return ask


def _interrupt(claim: Claim) -> None:
    """Record that the lab was closed while the run trained, unless the run is no longer this worker's."""
    try:
        claim.interrupt(CLOSED)
    except LostClaim:
        log.warning("run %d was taken from this worker", claim.run_id)


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


class Workers:
    """A process's workers, one a device: started and ended by who starts and ends the process."""

    def __init__(self) -> None:
        self._workers: dict[str, Worker] = {}
        self._lock = threading.Lock()
        self._ending = False

    def start(self, store: Store) -> None:
        """Have the queue of `store` worked off; a worker that runs already goes on, one that has died is replaced."""
        for device in available_devices():
            with self._lock:
                if self._ending:
                    return
                worker = self._workers.get(device)
                if worker is None or not worker.is_alive():
                    worker = self._workers[device] = Worker(store, device)
                    worker.start()

    def tell_to_end(self) -> None:
        """Interrupt what trains at its next iteration, and take nothing further; returns at once."""
        self._ending = True
        for worker in list(self._workers.values()):
            worker.tell_to_end()

    def end(self, seconds: float = 10.0) -> bool:
        """Tell all to end and wait for their threads; False when one is still in an iteration `seconds` later."""
        with self._lock:
            self.tell_to_end()
        until = time.monotonic() + seconds
        return all([worker.end(max(0.0, until - time.monotonic())) for worker in self._workers.values()])
