"""One database: runs, their events and their checkpoints. The only channel between a worker and those who watch.

SQLite in WAL mode at `runs/lab.sqlite3` unless LAB_DATABASE_URL names another database. A worker holds a run by a claim
with a heartbeat; a claim whose heartbeat stopped is recorded as interrupted by whoever looks next.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import psutil
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from lab.config import RunConfig, to_json
from lab.describe import describe_run
from lab.events import Epoch, Event, Failed, Finished, Paused, Resumed, Started, Stopped, Window
from lab.schema import CHECKPOINTS, ENDED, EVENTS, LIVE, METADATA, RESUMABLE, RUNS, Checkpoint, Run, read_run

HEARTBEAT_TIMEOUT = 15.0
"""Seconds without a heartbeat after which a claim is taken for dead (a dead process on this host: at once)."""


class StoreError(Exception):
    """The database cannot be used, or the run is not what it must be; one sentence."""


class LostClaim(StoreError):
    """This worker no longer holds the run: it was taken for dead, or the run was deleted."""


def database_url() -> str:
    """LAB_DATABASE_URL, or the project's own SQLite file."""
    default = Path(__file__).parent.parent / "runs" / "lab.sqlite3"
    return os.environ.get("LAB_DATABASE_URL") or f"sqlite:///{default}"


def open_store(url: str | None = None) -> Store:
    """The store at `url` (default: `database_url()`), one object a process.

    Raises:
        StoreError: the database cannot be opened.
    """
    return _open_store(url or database_url())


@lru_cache(maxsize=8)
def _open_store(url: str) -> Store:
    return Store(url)


class Store:
    """All reads return plain snapshots; all writes are one short transaction. Safe to share between threads."""

    def __init__(self, url: str) -> None:
        self.url = url
        try:
            parsed = sa.make_url(url)
            sqlite = parsed.get_backend_name() == "sqlite"
            if sqlite and parsed.database:
                Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            self._engine = sa.create_engine(parsed)
            if sqlite:
                sa.event.listen(self._engine, "connect", _configure_sqlite)
            METADATA.create_all(self._engine)
        except (SQLAlchemyError, OSError, ImportError) as error:
            raise StoreError(
                f"The database {_shown(url)} cannot be opened ({str(error).splitlines()[0]}): check the path and its "
                "permissions, or name another one in LAB_DATABASE_URL."
            ) from error

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except IntegrityError:
            raise
        except SQLAlchemyError as error:
            raise StoreError(f"The database {_shown(self.url)} did not answer: {str(error).splitlines()[0]}") from error

    def close(self) -> None:
        """Give back all connections."""
        self._engine.dispose()

    # --- the user's side -----------------------------------------------------------------------------------------

    def submit(self, config: RunConfig, name: str | None = None) -> int:
        """Queue a run; returns its id."""
        row = {
            "name": name or describe_run(config),
            "config": to_json(config),
            "status": "queued",
            "created": time.time(),
        }
        with self._transaction() as connection:
            result = connection.execute(sa.insert(RUNS).values(**row))
            return int(result.inserted_primary_key[0])  # type: ignore[index]

    def send(self, run_id: int, command: Literal["run", "pause", "stop"]) -> None:
        """Tell the run's worker what to do; a queued run that is told to stop ends at once."""
        with self._transaction() as connection:
            connection.execute(sa.update(RUNS).where(RUNS.c.id == run_id).values(command=command))
            if command == "stop":
                queued = (RUNS.c.id == run_id) & (RUNS.c.status == "queued")
                connection.execute(sa.update(RUNS).where(queued).values(status="stopped", ended=time.time()))

    def requeue(self, run_id: int) -> None:
        """Queue an ended, unfinished run again; it goes on after its last finished epoch.

        Raises:
            StoreError: the run is not one that can be resumed.
        """
        where = (RUNS.c.id == run_id) & RUNS.c.status.in_(RESUMABLE)
        values = {"status": "queued", "command": "run", "reason": "", "ended": None, "worker": None}
        with self._transaction() as connection:
            if connection.execute(sa.update(RUNS).where(where).values(**values)).rowcount == 0:
                raise StoreError(f"Run {run_id} cannot be resumed: only a stopped, failed or interrupted run can.")

    def rename(self, run_id: int, name: str) -> None:
        """Give a run another name, at most 120 characters."""
        title = name.strip()[:120]
        if not title:
            raise StoreError("A run needs a name of at least one character.")
        with self._transaction() as connection:
            connection.execute(sa.update(RUNS).where(RUNS.c.id == run_id).values(name=title))

    def delete(self, run_id: int) -> None:
        """Remove a run with all that was kept of it; a worker that still trains it loses its claim and ends."""
        with self._transaction() as connection:
            for table in (EVENTS, CHECKPOINTS):
                connection.execute(sa.delete(table).where(table.c.run_id == run_id))
            connection.execute(sa.delete(RUNS).where(RUNS.c.id == run_id))

    # --- the viewer's side ---------------------------------------------------------------------------------------

    def runs(self) -> list[Run]:
        """All runs, newest first; dead claims are recorded as interrupted first."""
        self.mark_interrupted()
        with self._transaction() as connection:
            return [read_run(row) for row in connection.execute(sa.select(RUNS).order_by(RUNS.c.id.desc()))]

    def run(self, run_id: int) -> Run:
        """One run.

        Raises:
            StoreError: there is none with this id.
        """
        self.mark_interrupted()
        with self._transaction() as connection:
            row = connection.execute(sa.select(RUNS).where(RUNS.c.id == run_id)).first()
        if row is None:
            raise StoreError(f"There is no run {run_id}: `python -m lab runs` lists them.")
        return read_run(row)

    def events_after(self, run_id: int, cursor: int = 0) -> list[dict[str, Any]]:
        """The run's events with an id above `cursor`, oldest first, each a row with its "id" and "time"."""
        query = sa.select(EVENTS).where((EVENTS.c.run_id == run_id) & (EVENTS.c.id > cursor)).order_by(EVENTS.c.id)
        with self._transaction() as connection:
            return [json.loads(row.payload) | {"id": row.id, "time": row.time} for row in connection.execute(query)]

    def follow(self, run_id: int, poll_seconds: float = 0.5) -> Iterator[dict[str, Any]]:
        """The run's events from this call on, as they come, until the run has ended.

        Raises:
            StoreError: the run does not exist, or no longer.
        """
        with self._transaction() as connection:
            newest = sa.select(sa.func.max(EVENTS.c.id)).where(EVENTS.c.run_id == run_id)
            cursor = connection.execute(newest).scalar() or 0
        return self._follow(run_id, cursor, poll_seconds)

    def _follow(self, run_id: int, cursor: int, poll_seconds: float) -> Iterator[dict[str, Any]]:
        while True:
            ended = self.run(run_id).status in ENDED  # asked before the events, so that none can slip between
            for row in self.events_after(run_id, cursor):
                cursor = row["id"]
                yield row
            if ended:
                return
            time.sleep(poll_seconds)

    def queue_position(self, run_id: int) -> int:
        """How many queued runs come before this one."""
        query = sa.select(sa.func.count()).where((RUNS.c.status == "queued") & (RUNS.c.id < run_id))
        with self._transaction() as connection:
            return int(connection.execute(query).scalar_one())

    def epochs(self, run_ids: Iterable[int]) -> dict[int, list[dict[str, Any]]]:
        """The epoch rows of several runs at once, each run's in order."""
        wanted = list(run_ids)
        found: dict[int, list[dict[str, Any]]] = {run_id: [] for run_id in wanted}
        query = (
            sa.select(EVENTS.c.run_id, EVENTS.c.payload)
            .where(EVENTS.c.run_id.in_(wanted) & (EVENTS.c.kind == Epoch.kind))
            .order_by(EVENTS.c.id)
        )
        with self._transaction() as connection:
            for run_id, payload in connection.execute(query):
                found[run_id].append(json.loads(payload))
        return found

    def checkpoint(self, run_id: int, epoch: int | None = None) -> Checkpoint:
        """What was kept of an epoch (default: the last).

        Raises:
            StoreError: nothing was.
        """
        query = sa.select(CHECKPOINTS).where(CHECKPOINTS.c.run_id == run_id)
        if epoch is not None:
            query = query.where(CHECKPOINTS.c.epoch == epoch)
        with self._transaction() as connection:
            row = connection.execute(query.order_by(CHECKPOINTS.c.epoch.desc())).first()
        if row is None:
            which = "has no finished epoch yet" if epoch is None else f"has no checkpoint of epoch {epoch}"
            raise StoreError(f"Run {run_id} {which}.")
        return Checkpoint(
            epoch=row.epoch,
            weights=row.weights,
            predictions=row.predictions,
            optimizer_state=row.optimizer_state,
        )

    def checkpoint_epochs(self, run_id: int) -> list[int]:
        """The epochs of a run that can be opened, in order."""
        query = sa.select(CHECKPOINTS.c.epoch).where(CHECKPOINTS.c.run_id == run_id)
        with self._transaction() as connection:
            return sorted(connection.execute(query).scalars())

    # --- the worker's side ---------------------------------------------------------------------------------------

    def claim(self, run_id: int, worker: str, device: str) -> bool:
        """Take a queued run for `worker`; False when it is no longer queued or the device is busy."""
        self.mark_interrupted()
        where = (RUNS.c.id == run_id) & (RUNS.c.status == "queued")
        now = time.time()
        values = {
            "status": "running",
            "worker": worker,
            "host": socket.gethostname(),
            "device": device,
            "heartbeat": now,
            "started": sa.func.coalesce(RUNS.c.started, now),
        }
        try:
            with self._transaction() as connection:
                return connection.execute(sa.update(RUNS).where(where).values(**values)).rowcount == 1
        except IntegrityError:  # the index: another run is live on this device
            return False

    def beat(self, run_id: int, worker: str) -> str:
        """Show that the worker lives; returns the run's command.

        Raises:
            LostClaim: the worker no longer holds the run.
        """
        with self._transaction() as connection:
            self._hold(connection, run_id, worker, {})
            return str(connection.execute(sa.select(RUNS.c.command).where(RUNS.c.id == run_id)).scalar_one())

    def append(self, run_id: int, worker: str, event: Event) -> None:
        """Keep an event, and with it the checkpoint and the status that follow from it.

        Raises:
            LostClaim: the worker no longer holds the run; nothing is kept.
        """
        with self._transaction() as connection:
            self._hold(connection, run_id, worker, _consequences(event))
            connection.execute(
                sa.insert(EVENTS).values(
                    run_id=run_id, kind=event.kind, time=time.time(), payload=json.dumps(event.row())
                )
            )
            if isinstance(event, Epoch):
                _keep_checkpoint(connection, run_id, event)

    def mark_interrupted(self) -> None:
        """Record every live run whose worker is dead as interrupted."""
        columns = (RUNS.c.id, RUNS.c.worker, RUNS.c.host, RUNS.c.heartbeat)
        with self._transaction() as connection:
            live = connection.execute(sa.select(*columns).where(RUNS.c.status.in_(LIVE))).all()
            for row in live:
                if _is_dead(row.worker, row.host, row.heartbeat):
                    # It may have ended or beaten since it was looked at; then it is left alone.
                    as_seen = (RUNS.c.worker == row.worker) & (RUNS.c.heartbeat == row.heartbeat)
                    connection.execute(
                        sa.update(RUNS)
                        .where((RUNS.c.id == row.id) & RUNS.c.status.in_(LIVE) & as_seen)
                        .values(status="interrupted", ended=row.heartbeat, worker=None)
                    )

    def _hold(self, connection: sa.Connection, run_id: int, worker: str, values: dict[str, Any]) -> None:
        where = (RUNS.c.id == run_id) & (RUNS.c.worker == worker)
        statement = sa.update(RUNS).where(where).values(heartbeat=time.time(), **values)
        if connection.execute(statement).rowcount == 0:
            raise LostClaim(f"Run {run_id} is no longer held by this worker.")

    # --- between stores ------------------------------------------------------------------------------------------

    def copy_to(self, other: Store, slim: bool = False) -> list[int]:
        """Copy all ended runs into another store; returns their ids there.

        `slim` leaves out the windows and all checkpoints but the last, and what resuming would need.
        """
        copied = []
        with self._transaction() as source:
            for run in source.execute(sa.select(RUNS).where(RUNS.c.status.in_(ENDED)).order_by(RUNS.c.id)):
                with other._transaction() as target:
                    copied.append(_copy_run(source, target, run, slim))
        return copied


def _copy_run(source: sa.Connection, target: sa.Connection, run: Any, slim: bool) -> int:
    values = {key: value for key, value in run._mapping.items() if key != "id"}
    new_id = int(target.execute(sa.insert(RUNS).values(**values)).inserted_primary_key[0])  # type: ignore[index]
    events = sa.select(EVENTS).where(EVENTS.c.run_id == run.id).order_by(EVENTS.c.id)
    for row in source.execute(events.where(EVENTS.c.kind != Window.kind) if slim else events):
        values = {key: value for key, value in row._mapping.items() if key != "id"}
        target.execute(sa.insert(EVENTS).values(**(values | {"run_id": new_id})))
    kept = sa.select(CHECKPOINTS).where(CHECKPOINTS.c.run_id == run.id).order_by(CHECKPOINTS.c.epoch.desc())
    for row in source.execute(kept.limit(1) if slim else kept):
        values = dict(row._mapping) | {"run_id": new_id} | ({"optimizer_state": None} if slim else {})
        target.execute(sa.insert(CHECKPOINTS).values(**values))
    return new_id


def _shown(url: str) -> str:
    """The URL as it may be shown: without its password."""
    try:
        return sa.make_url(url).render_as_string(hide_password=True)
    except SQLAlchemyError:
        return url


def _configure_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=10000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _consequences(event: Event) -> dict[str, Any]:
    """What an event changes in its run's row."""
    match event:
        case Started():
            return {"status": "running", "hardware": f"{event.device_name}, {event.path} path"}
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


def _keep_checkpoint(connection: sa.Connection, run_id: int, event: Epoch) -> None:
    mine = CHECKPOINTS.c.run_id == run_id
    connection.execute(sa.update(CHECKPOINTS).where(mine).values(optimizer_state=None))
    connection.execute(sa.delete(CHECKPOINTS).where(mine & (CHECKPOINTS.c.epoch == event.epoch)))
    connection.execute(
        sa.insert(CHECKPOINTS).values(
            run_id=run_id,
            epoch=event.epoch,
            weights=event.weights,
            predictions=event.predictions,
            optimizer_state=event.optimizer_state,
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
