"""A worker's hold on a run: a numbered claim, kept by a heartbeat; a claim whose heartbeat stopped is interrupted."""

from __future__ import annotations

import json
import os
import socket
import time
from dataclasses import dataclass
from typing import Any

import psutil
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from lab.events import Checkpoint, Epoch, Event, Failed, Finished, Paused, Resumed, Started, Stopped
from lab.store.database import Database, StoreError
from lab.store.schema import CHECKPOINTS, EVENTS, RUNS
from lab.store.snapshots import LIVE

HEARTBEAT_TIMEOUT = 15.0
"""Seconds without a heartbeat after which a claim is taken for dead (a dead process on this host: at once)."""


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

    def append(self, event: Event) -> None:
        """Keep an event, and with it the checkpoint and the status that follow from it.

        Raises:
            LostClaim: the worker no longer holds the run; nothing is kept.
        """
        kept = {"run_id": self.run_id, "kind": event.kind, "time": time.time(), "payload": json.dumps(event.row())}
        with self.database.writing() as connection:
            self._hold(connection, _consequences(event))
            connection.execute(sa.insert(EVENTS).values(**kept))
            if isinstance(event, Epoch) and event.checkpoint is not None:
                _keep_checkpoint(connection, self.run_id, event.checkpoint)

    def interrupt(self, reason: str) -> None:
        """End the run as interrupted, to be resumed after its last finished epoch.

        Raises:
            LostClaim: the worker no longer holds the run; nothing is kept.
        """
        values = {"status": "interrupted", "reason": reason, "ended": time.time(), "worker": None}
        with self.database.writing() as connection:
            self._hold(connection, values)

    def _hold(self, connection: sa.Connection, values: dict[str, Any]) -> None:
        mine = (RUNS.c.id == self.run_id) & (RUNS.c.claim == self.number) & RUNS.c.status.in_(LIVE)
        if connection.execute(sa.update(RUNS).where(mine).values(heartbeat=time.time(), **values)).rowcount == 0:
            raise LostClaim(f"Run {self.run_id} is no longer held by this worker.")


def claim_run(database: Database, run_id: int, worker: str, device: str) -> Claim | None:
    """Take a queued run for `worker`; None when it is no longer queued or the device is busy."""
    mark_interrupted(database)
    where = (RUNS.c.id == run_id) & (RUNS.c.status == "queued")
    now = time.time()
    values = {
        "status": "running",
        "worker": worker,
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


def mark_interrupted(database: Database) -> None:
    """Record every live run whose worker is dead as interrupted."""
    columns = (RUNS.c.id, RUNS.c.claim, RUNS.c.worker, RUNS.c.host, RUNS.c.heartbeat)
    with database.reading() as connection:
        live = connection.execute(sa.select(*columns).where(RUNS.c.status.in_(LIVE))).all()
    for row in live:
        if _is_dead(row.worker, row.host, row.heartbeat):
            with database.writing() as connection:
                # It may have ended or beaten since it was looked at; then it is left alone.
                as_seen = (RUNS.c.claim == row.claim) & (RUNS.c.heartbeat == row.heartbeat)
                connection.execute(
                    sa.update(RUNS)
                    .where((RUNS.c.id == row.id) & RUNS.c.status.in_(LIVE) & as_seen)
                    .values(status="interrupted", ended=row.heartbeat, worker=None)
                )


def _consequences(event: Event) -> dict[str, Any]:
    """What an event changes in its run's row."""
    match event:
        case Started():
            return {"status": "running", "hardware": f"{event.device_name}, {event.engine} engine"}
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


def _keep_checkpoint(connection: sa.Connection, run_id: int, checkpoint: Checkpoint) -> None:
    mine = CHECKPOINTS.c.run_id == run_id
    connection.execute(sa.update(CHECKPOINTS).where(mine).values(optimizer_state=None))
    connection.execute(sa.delete(CHECKPOINTS).where(mine & (CHECKPOINTS.c.epoch == checkpoint.epoch)))
    connection.execute(
        sa.insert(CHECKPOINTS).values(
            run_id=run_id,
            epoch=checkpoint.epoch,
            weights=checkpoint.weights,
            predictions=checkpoint.predictions,
            optimizer_state=checkpoint.optimizer_state,
        )
    )


def worker_name() -> str:
    """The name of a worker in this process: host and process id, which tell others whether it still lives."""
    return f"{socket.gethostname()}:{os.getpid()}"


def _is_dead(worker: str | None, host: str | None, heartbeat: float | None) -> bool:
    if worker is None or heartbeat is None or time.time() - heartbeat > HEARTBEAT_TIMEOUT:
        return True
    process = worker.split(":")[1] if worker.count(":") else ""
    return host == socket.gethostname() and process.isdigit() and not psutil.pid_exists(int(process))
