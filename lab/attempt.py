"""One attempt at a claimed run in this process: what training says is kept in the store, and the store's word obeyed.

A paused attempt is parked: it keeps its claim and all that it has in memory, and its device is free for others. It
goes on, in the same thread, exactly where it was.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain, repeat
from typing import TypeVar

from lab.control import Command
from lab.device import DeviceUnavailable
from lab.events import Event, Failed, Paused, Stopped
from lab.mnist import DataError
from lab.store import Claim, LostClaim, StoreError, StoreUnavailable

T = TypeVar("T")

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 1.0
COMMAND_POLL_SECONDS = 0.2
RETRY_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""How long to wait before a store that did not answer is asked again; the last one from then on."""
CLOSED = "The lab was closed while this run trained."
"""Why a run is interrupted whose process was told to end."""
NO_MEMORY = "The machine ran out of memory: choose a smaller batch size or fewer channels."


class _Ending(Exception):
    """The worker is told to end; not one of the errors that training takes for the run's own."""


class Attempt:
    """A claimed run, from its first event to its last. Its heart beats from the beginning until it is over."""

    def __init__(self, claim: Claim, events: Callable[[Attempt], Iterator[Event]], end: threading.Event) -> None:
        """`events` trains under `Attempt.control`; once `end` is set, training stops at the next iteration."""
        self.claim, self._end = claim, end
        self.over = False
        self.problem = ""
        """What keeps the store from taking what the run says, while training waits for it."""
        self.look_around: Callable[[], None] = lambda: None
        """Called a few times a second while it trains."""
        self._events = events(self)
        self._asked, self._command, self._goes_on = 0.0, "run", False
        self._lost = threading.Event()
        self._heart = threading.Thread(target=self._beat, name=f"lab-heartbeat-{claim.run_id}", daemon=True)
        self._done = threading.Event()
        self._heart.start()

    def train(self) -> None:
        """Train until the run has ended or is paused; whatever goes wrong is kept as its failure."""
        try:
            for event in self._events:
                self.ask(partial(self.claim.append, event))
                if isinstance(event, Paused):
                    return
        except _Ending:
            self.interrupt(CLOSED)
        except LostClaim as error:
            log.warning("%s Its newer results are not kept.", error)
        except (DataError, DeviceUnavailable, StoreError) as error:
            self._say_last(Failed(reason=str(error)))
        except MemoryError:
            self._say_last(Failed(reason=NO_MEMORY))
        except Exception as error:  # a worker must outlive any run, and a run must never be left as running
            log.exception("run %d failed", self.claim.run_id)
            self._say_last(Failed(reason=f"An unexpected error ended the run: {one_line(error)}"))
        self._close()

    def look_after(self) -> None:
        """Look after a parked attempt: end it when it is told to stop, or when its run was deleted."""
        try:
            if self._told() == "stop":
                self._say_last(Stopped())
                self._close()
        except StoreError as error:  # as above
            log.warning("Run %d: %s", self.claim.run_id, error)
            self._close()

    def may_go_on(self) -> bool:
        """Take the device for a parked attempt, if it is free.

        Raises:
            StoreError: the store does not answer.
        """
        try:
            self._goes_on = self.claim.go_on()
            return self._goes_on
        except LostClaim as error:
            log.warning("%s", error)
            self._close()
            return False

    def interrupt(self, reason: str) -> None:
        """End it here, to be resumed after its last finished epoch; safe to call from another thread.

        What kept the store from taking what it said is then the reason.
        """
        if self.problem:
            reason = f"The lab was closed while this run waited for the database. {self.problem}"
        try:
            self.claim.interrupt(reason)
        except LostClaim as error:
            log.warning("%s", error)
        except StoreError as error:
            log.error("run %d could not be recorded as interrupted: %s", self.claim.run_id, error)

    def close(self, reason: str) -> None:
        """Interrupt it and give back what it holds; for the thread that trains."""
        self.interrupt(reason)
        self._close()

    def ask(self, the_store: Callable[[], T]) -> T:
        """Have something kept or read, however long the store is locked, full or away: training waits for it.

        Raises:
            LostClaim: the run is no longer this attempt's.
        """
        for seconds in chain(RETRY_SECONDS, repeat(RETRY_SECONDS[-1])):
            try:
                answer = the_store()
                self.problem = ""
                return answer
            except StoreUnavailable as error:
                if str(error) != self.problem:
                    self.problem = str(error)
                    log.warning("Run %d waits: %s", self.claim.run_id, error)
            if self._end.wait(seconds):
                raise _Ending
            self._told()
        raise AssertionError("this patience has no end")

    def _say_last(self, event: Event) -> None:
        try:
            self.ask(partial(self.claim.append, event))
        except _Ending:
            self.interrupt(CLOSED)
        except StoreError as error:  # the claim is lost, or the database was deleted: there is nobody to tell
            log.warning("Run %d: %s", self.claim.run_id, error)

    def control(self) -> Command:
        """What to do now, for training to ask at every iteration; the store is asked a few times a second."""
        if self._end.is_set():
            raise _Ending
        if self._goes_on:  # it has its device: a new Pause is obeyed at the next iteration, by parking it anew
            self._goes_on = False
            return "run"
        if time.monotonic() - self._asked > COMMAND_POLL_SECONDS:
            self.look_around()
            self._told()
            self._asked = time.monotonic()
        return "pause" if self._command == "pause" else "stop" if self._command == "stop" else "run"

    def _told(self) -> str:
        """The newest command that is known; a store that does not answer says nothing new."""
        if self._lost.is_set():
            raise LostClaim(f"Run {self.claim.run_id} is no longer held by this worker.")
        try:
            self._command = self.claim.command()
        except StoreUnavailable as error:
            log.debug("%s", error)  # said where something is to be kept, and by the heart
        return self._command

    def _beat(self) -> None:
        """In a thread of its own, so that one long iteration is not taken for death."""
        said = ""
        while not self._done.wait(HEARTBEAT_SECONDS):
            try:
                self.claim.beat()
                said = ""
            except LostClaim:
                self._lost.set()
                return
            except Exception as error:  # the next beat may pass, and a heart must not stop for anything else
                if str(error) not in (said, self.problem):  # once, and not also where training waits for the same
                    log.warning("%s", error)
                said = str(error)

    def _close(self) -> None:
        self.over = True
        self._done.set()
        close = getattr(self._events, "close", None)
        if close is not None:  # a generator gives back what training holds
            close()
        self._heart.join()


def one_line(error: BaseException) -> str:
    """What the error says, or at least what it is."""
    return " ".join(str(error).split()) or type(error).__name__
