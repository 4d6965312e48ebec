"""The queue and its workers: a thread a device takes the runs that wait in turn, and trains them one at a time."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from functools import partial

from lab.attempt import CLOSED, Attempt, one_line
from lab.device import available_devices, prepare_training_thread
from lab.events import Event
from lab.mnist import load_mnist
from lab.newest import forget, publish
from lab.revision import code_commit
from lab.store import Active, Store, StoreError, turns, worker_name
from lab.training import ResumePoint, train

log = logging.getLogger(__name__)

QUEUE_POLL_SECONDS = 0.3
PARKED = 8
"""Paused runs that a worker keeps in memory; the one that has been paused longest makes room for a ninth."""
NO_ROOM = "It was paused, and the lab closed it because too many other runs were paused later."
ABANDONED = "The database stopped saving data while this run trained."
OTHERS_TURN_SECONDS = 2.0
"""How long a free device is left to a paused run whose turn it is, and which another process holds."""


class Worker:
    """A background thread that trains the runs of one device, one at a time, in the order of their turns."""

    def __init__(self, store: Store, device: str, only: int | None = None) -> None:
        """`only` limits it to one run, after which it ends (the command line's way)."""
        self.store, self.device, self.only = store, device, only
        self.name = f"{worker_name()}:{uuid.uuid4().hex[:8]}"
        self._problem = ""
        self._end = threading.Event()
        self._has_trained = False
        self._training: Attempt | None = None
        self._parked: dict[int, Attempt] = {}
        """The paused runs that it holds, the one that has been paused longest first."""
        self._left: dict[int, float] = {}
        """To which runs of other processes the device has been left, and since when, as long as they wait."""
        self._thread = threading.Thread(target=self._work, name=f"lab-worker-{device}", daemon=True)

    def start(self) -> None:
        """Begin to look for runs that wait."""
        self._thread.start()

    def is_alive(self) -> bool:
        """Whether the thread still runs."""
        return self._thread.is_alive()

    def join(self) -> None:
        """Wait until it has ended: after its only run, or because somebody else tells it to."""
        self._thread.join()

    def tell_to_end(self) -> None:
        """Take no further run, and interrupt the one in training at its next iteration; returns at once."""
        self._end.set()

    def end(self, seconds: float = 10.0) -> bool:
        """Tell it to end and wait for its thread; False when that is still in an iteration `seconds` later.

        The runs that it holds are interrupted either way: their finished epochs are kept, and they can be resumed.
        """
        self.tell_to_end()
        if self._thread.ident is not None:
            self._thread.join(seconds)
        if self.is_alive():
            for attempt in self._held():
                attempt.interrupt(CLOSED)
        return not self.is_alive()

    def problems(self) -> list[str]:
        """What keeps it, or a run that it holds, from going on, in sentences."""
        waiting = [f"Run {held.claim.run_id} waits: {told}" for held in self._held() if (told := held.problem)]
        return [*waiting, *([self._problem] if self._problem else [])]

    def _held(self) -> list[Attempt]:
        training = self._training  # looked at once: it may end meanwhile
        return [*self._parked.copy().values(), *([training] if training else [])]

    def _work(self) -> None:
        reason = CLOSED
        try:
            prepare_training_thread()
            code_commit()  # asked now: the files may be changed while this process goes on
            with suppress(Exception):  # whatever is wrong with the data: the run that needs them says so
                load_mnist("cpu")  # read and verified before somebody waits for it
            while not self._end.is_set() and not self._has_done_its_only_run():
                self._take_a_turn()
        except BaseException as error:
            log.critical("the worker of the device %s has ended", self.device, exc_info=True)
            reason = f"The trainer ended unexpectedly: {one_line(error)}"
        finally:
            for attempt in self._held():
                attempt.close(reason)

    def _has_done_its_only_run(self) -> bool:
        return self.only is not None and self._has_trained and not self._parked

    def _take_a_turn(self) -> None:
        """Train whose turn it is, or wait a little."""
        try:
            attempt, self._problem = self._next(), ""
            if attempt is not None:
                self._train(attempt)
                return
        except Exception as error:  # whatever a row or the store holds: the worker outlives it, and looks again
            if one_line(error) != self._problem:
                log.warning("%s", error, exc_info=not isinstance(error, StoreError))
            self._problem = one_line(error)
        self._end.wait(QUEUE_POLL_SECONDS)

    def _next(self) -> Attempt | None:
        """Whose turn it is here, with the device taken for it; None when nobody waits, or the device is busy."""
        self._look_after_the_parked()
        active = self.store.active()
        self._give_up_what_nobody_trains(active)
        waiting = turns(active, self.device, available_devices())
        self._left = {run.id: self._left[run.id] for run in waiting if run.id in self._left}
        for run in waiting:
            if run.id in self._parked:
                return self._parked.pop(run.id) if self._parked[run.id].may_go_on() else None
            if run.status == "paused":
                if self._is_left_to_others(run):
                    return None
            elif self.only in (None, run.id):
                claim = self.store.claim(run.id, self.name, self.device)
                return Attempt(claim, partial(training, self.store, self.device), self._end) if claim else None
        return None

    def _give_up_what_nobody_trains(self, active: list[Active]) -> None:
        """Interrupt runs that are this worker's, and whose end it could not have kept when it came."""
        for run in active:
            if run.worker == self.name and run.id not in self._parked:
                self.store.held(run).interrupt(ABANDONED)

    def _is_left_to_others(self, run: Active) -> bool:
        """Whether to let another process go on with its paused run; not for long, since it may be stopped itself."""
        return time.monotonic() - self._left.setdefault(run.id, time.monotonic()) < OTHERS_TURN_SECONDS

    def _train(self, attempt: Attempt) -> None:
        self._training, attempt.look_around = attempt, self._look_after_the_parked
        attempt.train()
        self._training, self._has_trained = None, True
        if not attempt.over:
            self._parked[attempt.claim.run_id] = attempt
        while len(self._parked) > PARKED:
            self._parked.pop(next(iter(self._parked))).close(NO_ROOM)

    def _look_after_the_parked(self) -> None:
        for run_id, attempt in self._parked.copy().items():
            attempt.look_after()
            if attempt.over:
                del self._parked[run_id]


def training(store: Store, device: str, attempt: Attempt) -> Iterator[Event]:
    """What the attempt's run says while it trains on `device`, after the last epoch that is kept of it."""
    run = attempt.ask(lambda: store.run(attempt.claim.run_id))
    data, begin = load_mnist(device), attempt.ask(lambda: _resume_point(store, run.id))
    try:
        yield from train(run.config, data, attempt.control, begin, partial(publish, store.url, run.id))
    finally:
        forget(store.url, run.id)


def _resume_point(store: Store, run_id: int) -> ResumePoint | None:
    """Where an earlier attempt stopped, if there was one that finished an epoch."""
    if not store.checkpoint_epochs(run_id):
        return None
    last = store.checkpoint(run_id)
    return ResumePoint(epoch=last.epoch, weights=last.weights, optimizer_state=last.optimizer_state)


class Workers:
    """A process's workers, one a device: started and ended by who starts and ends the process."""

    def __init__(self) -> None:
        self._workers: dict[str, Worker] = {}
        self._lock = threading.Lock()
        self._ending = False

    def start(self, store: Store) -> None:
        """Have the queue of `store` worked off; a worker that runs already goes on, one that has died is replaced."""
        store.devices = available_devices()
        for device in store.devices:
            with self._lock:
                if self._ending:
                    return
                worker = self._workers.get(device)
                if worker is None or not worker.is_alive():
                    worker = self._workers[device] = Worker(store, device)
                    worker.start()

    def problems(self) -> list[str]:
        """What keeps the trainings of this process from going on, in sentences."""
        found = []
        for device, worker in self._workers.copy().items():
            if not worker.is_alive() and not self._ending:
                found.append(f"The trainer of the device {device} has ended unexpectedly and is being started again.")
            found += worker.problems()
        return found

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
