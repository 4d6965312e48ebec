"""A worker's hold on a run: a numbered claim, kept by a heartbeat. Only the newest number can write."""

from __future__ import annotations

import json
import socket
import time
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from lab.events import THEN, Epoch, Event, Failed, Finished, Paused, Resumed, Started, Stopped, Window
from lab.store.checkpoints import keep_checkpoint
from lab.store.database import Database, StoreError
from lab.store.schema import EVENTS, RUNS
from lab.store.snapshots import LIVE

UNKNOWN = "unknown"
"""What stands for a commit that is not known, beside one that is."""


class LostClaim(StoreError):
    """This worker no longer holds the run: it was taken for dead, or the run was deleted."""


@dataclass(frozen=True)
class Claim:
    """A run as its worker holds it. Every write carries the claim's number, and an older number can write nothing."""

    database: Database
    run_id: int
    number: int

    def beat(self) -> str:
        """Show that the worker lives; returns the run's command.

        Raises:
            LostClaim: the worker no longer holds the run.
        """
        with self.database.writing() as connection:
            self._hold(connection, {})
            return str(connection.execute(sa.select(RUNS.c.command).where(RUNS.c.id == self.run_id)).scalar_one())

    def command(self) -> str:
        """The run's command. It is only read, so that it can be asked for while somebody else writes.

        Raises:
            LostClaim: the worker no longer holds the run.
        """
        with self.database.reading() as connection:
            command = connection.execute(sa.select(RUNS.c.command).where(self._mine())).scalar()
        if command is None:
            raise self._lost()
        return str(command)

    def append(self, event: Event) -> None:
        """Keep an event, and with it the checkpoint and the status that follow from it.

        Raises:
            LostClaim: the worker no longer holds the run; nothing is kept.
        """
        kept = {"run_id": self.run_id, "kind": event.kind, "time": time.time(), "payload": json.dumps(event.row())}
        with self.database.writing(durably=not isinstance(event, Window)) as connection:
            self._hold(connection, _consequences(event))
            if isinstance(event, Started):
                _drop_what_is_told_again(connection, self.run_id)
            connection.execute(sa.insert(EVENTS).values(**kept))
            if isinstance(event, Epoch) and event.checkpoint is not None:
                keep_checkpoint(connection, self.run_id, event.checkpoint)

    def go_on(self) -> bool:
        """Have a paused run train again, which it can only on a device that is free; whether it may.

        Raises:
            LostClaim: the worker no longer holds the run.
        """
        try:
            with self.database.writing() as connection:
                self._hold(connection, {"status": "running"})
        except IntegrityError:  # the index: another run trains on this device
            return False
        return True

    def interrupt(self, reason: str) -> None:
        """End the run as interrupted, to be resumed after its last finished epoch.

        Raises:
            LostClaim: the worker no longer holds the run; nothing is kept.
        """
        values = {"status": "interrupted", "reason": reason, "ended": time.time()}
        with self.database.writing(durably=True) as connection:
            self._hold(connection, values)

    def _hold(self, connection: sa.Connection, values: dict[str, Any]) -> None:
        change = sa.update(RUNS).where(self._mine()).values(heartbeat=time.time(), **values)
        if connection.execute(change).rowcount == 0:
            raise self._lost()

    def _mine(self) -> sa.ColumnElement[bool]:
        return (RUNS.c.id == self.run_id) & (RUNS.c.claim == self.number) & RUNS.c.status.in_(LIVE)

    def _lost(self) -> LostClaim:
        return LostClaim(f"Run {self.run_id} is no longer held by this worker.")


def claim_run(database: Database, run_id: int, worker: str, device: str) -> Claim | None:
    """Take a queued run for `worker`; None when it is no longer queued or the device is busy."""
    where = (RUNS.c.id == run_id) & (RUNS.c.status == "queued")
    now = time.time()
    values = {
        "status": "running",
        "worker": worker,
        "owner": None,
        "claim": RUNS.c.claim + 1,
        "host": socket.gethostname(),
        "device": device,
        "heartbeat": now,
        "started": sa.func.coalesce(RUNS.c.started, now),
    }
    try:
        with database.writing() as connection:
            if connection.execute(sa.update(RUNS).where(where).values(**values)).rowcount == 0:
                return None
            number = connection.execute(sa.select(RUNS.c.claim).where(RUNS.c.id == run_id)).scalar_one()
    except IntegrityError:  # the index: another run is live on this device
        return None
    return Claim(database, run_id, number)


def _consequences(event: Event) -> dict[str, Any]:
    """What an event changes in its run's row."""
    match event:
        case Started():
            return {"status": "running", "hardware": _hardware(event), "code_commit": _commits(event)}
        case Paused():
            return {"status": "paused"}
        case Resumed():
            return {"status": "running"}
        case Finished():
            return {"status": "finished", "ended": time.time()}
        case Stopped():
            return {"status": "stopped", "ended": time.time()}
        case Failed():
            return {"status": "failed", "ended": time.time(), "reason": event.reason}
    return {}


def _hardware(started: Started) -> str | sa.ColumnElement[str]:
    """What the run is trained on; those of its attempts in order, where one was resumed elsewhere."""
    new = started.hardware
    if started.first_epoch == 1:
        return new
    known = RUNS.c.hardware
    is_the_last = (known == new) | known.endswith(f"{THEN}{new}", autoescape=True)
    return sa.case((known == "", new), (is_the_last, known), else_=known + f"{THEN}{new}")


def _commits(started: Started) -> str | sa.ColumnElement[str]:
    """The run's commit, or those of its attempts in order: a resumed run may be trained on by other code."""
    if started.first_epoch == 1:
        return started.code_commit
    new = started.code_commit or UNKNOWN
    known = sa.case((RUNS.c.code_commit == "", UNKNOWN), else_=RUNS.c.code_commit)
    is_the_last = (known == new) | known.endswith(f", {new}", autoescape=True)
    return sa.case((is_the_last, RUNS.c.code_commit), else_=known + f", {new}")


def _drop_what_is_told_again(connection: sa.Connection, run_id: int) -> None:
    """An attempt begins after the last finished epoch: what an earlier one said of the next is about to come again."""
    mine = EVENTS.c.run_id == run_id
    last = sa.select(sa.func.max(EVENTS.c.id)).where(mine & (EVENTS.c.kind == Epoch.kind)).scalar_subquery()
    later = EVENTS.c.id > sa.func.coalesce(last, 0)
    connection.execute(sa.delete(EVENTS).where(mine & (EVENTS.c.kind == Window.kind) & later))
