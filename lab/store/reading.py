"""Rows of the database -> snapshots. Whatever a row holds, it is read here or called unreadable, and stops no other.

Rows are fetched whole first, and read when their connection has been given back: no row that cannot be read
keeps a statement, and with it the database, open.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, get_args

import sqlalchemy as sa

from lab.config import ConfigError, from_json
from lab.events import Epoch, Event, EventError, event_from_row
from lab.store.checkpoints import can_be_resumed
from lab.store.database import Database, StoreError
from lab.store.schema import EVENTS, RUNS
from lab.store.snapshots import Kept, Run, Status, Unreadable

COLUMNS = tuple(
    RUNS.c[name]
    for name in (
        "id",
        "uuid",
        "name",
        "config",
        "status",
        "command",
        "reason",
        "hardware",
        "code_commit",
        "parent",
        "parent_epoch",
        "device",
        "worker",
        "claim",
        "created",
        "started",
        "ended",
    )
)
TEXTS = ("uuid", "name", "config", "command", "reason", "hardware", "code_commit")
TEXTS_OR_NOTHING = ("device", "worker", "parent")
TIMES_OR_NOTHING = ("started", "ended")
YEAR_3000 = 32503680000.0
"""Seconds since 1970: no clock goes further, and Windows writes no date after that year."""


class _UnreadableRow(Exception):
    """What of a row cannot be read, as the end of a sentence."""


class RunReader:
    """Reads the rows of RUNS, each once: as long as it does not change, the same snapshot is handed out."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[int, tuple[tuple[Any, ...], Run | Unreadable]] = {}

    def all(self) -> list[Run | Unreadable]:
        """Every run, newest first."""
        found = self._read()
        self._known = {row[0]: (row, run) for row, run in found}
        return [run for _, run in found]

    def some(self, where: sa.ColumnElement[bool]) -> list[Run | Unreadable]:
        """The runs of which `where` is true, newest first."""
        found = self._read(where)
        self._known |= {row[0]: (row, run) for row, run in found}
        return [run for _, run in found]

    def unreadable(self, epochs: Epochs | None = None) -> list[Unreadable]:
        """The runs that cannot be read, or of which an epoch cannot, newest first; `epochs` of all where known."""
        found = self.all()
        problems = (read_epochs(self._database, (run.id for run in found)) if epochs is None else epochs).problems
        damaged = (
            Unreadable(id=run.id, name=run.name, problem=problems[run.id])
            if isinstance(run, Run) and run.id in problems
            else run
            for run in found
        )
        return [run for run in damaged if isinstance(run, Unreadable)]

    def _read(self, *where: sa.ColumnElement[bool]) -> list[tuple[tuple[Any, ...], Run | Unreadable]]:
        query = sa.select(*COLUMNS, can_be_resumed().label("resumable")).where(*where).order_by(RUNS.c.id.desc())
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return [self._read_once(row) for row in rows]

    def _read_once(self, row: Any) -> tuple[tuple[Any, ...], Run | Unreadable]:
        known = self._known.get(row[0])
        return known if known is not None and known[0] == row else (tuple(row), _read(row))


def _read(row: Any) -> Run | Unreadable:
    try:
        return _run(row)
    except _UnreadableRow as error:
        name = row.name if isinstance(row.name, str) and row.name.strip() else f"run {row.id}"
        problem = f"Run {row.id} cannot be read: {shortened(error)} Delete it, or open it with the lab that wrote it."
        return Unreadable(id=row.id, name=name, problem=problem)


def _run(row: Any) -> Run:
    _check_types(row)
    try:
        config = from_json(row.config)
    except ConfigError as error:
        raise _UnreadableRow(str(error)) from error
    return Run(
        id=row.id,
        uuid=row.uuid,
        name=row.name,
        config=config,
        status=row.status,
        command=row.command,
        reason=row.reason,
        hardware=row.hardware,
        code_commit=row.code_commit,
        parent=row.parent,
        parent_epoch=row.parent_epoch,
        device=row.device,
        worker=row.worker,
        claim=row.claim,
        created=row.created,
        started=row.started,
        ended=row.ended,
        resumable=bool(row.resumable),
    )


def _check_types(row: Any) -> None:
    """SQLite keeps any value in any column."""
    if row.status not in get_args(Status):
        raise _UnreadableRow(f"its status is {row.status!r}, which this lab does not know.")
    for name in (*TEXTS, *TEXTS_OR_NOTHING):
        value = getattr(row, name)
        if not isinstance(value, str) and not (value is None and name in TEXTS_OR_NOTHING):
            raise _UnreadableRow(f"its {name} is {value!r}; it must be text.")
    if not isinstance(row.claim, int):
        raise _UnreadableRow(f"its claim is {row.claim!r}; it must be a whole number.")
    if not (row.parent_epoch is None or isinstance(row.parent_epoch, int)):
        raise _UnreadableRow(f"its parent's epoch is {row.parent_epoch!r}; it must be a whole number.")
    for name in ("created", *TIMES_OR_NOTHING):
        value = getattr(row, name)
        if not _is_time(value) and not (value is None and name in TIMES_OR_NOTHING):
            raise _UnreadableRow(f"its time {name!r} is {value!r}; it must be in seconds since 1970.")


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and 0 <= value < YEAR_3000


def read_kept(row: Any) -> Kept:
    """A row of EVENTS as the event that was said, and when.

    Raises:
        StoreError: it keeps none that this lab knows.
    """
    event = read_event(row.run_id, row.id, row.payload)
    if not _is_time(row.time):
        raise StoreError(f"Run {row.run_id} cannot be read: its event {row.id} was said at the time {row.time!r}.")
    return Kept(id=row.id, time=row.time, event=event)


def read_event(run_id: int, event_id: int, payload: object) -> Event:
    """The event that a payload keeps.

    Raises:
        StoreError: it keeps none that this lab knows.
    """
    try:
        if not isinstance(payload, str):
            raise EventError(f"it is {payload!r}; it must be text.")
        return event_from_row(json.loads(payload))
    except (ValueError, RecursionError) as error:
        problem = f"its event {event_id} is damaged ({shortened(error)})"
        raise StoreError(f"Run {run_id} cannot be read: {problem}.") from error


class Epochs(dict[int, list[Epoch]]):
    """The epochs of several runs. Of a run whose epochs cannot be read there are none, and asking for them says why."""

    def __init__(self, run_ids: Iterable[int]) -> None:
        super().__init__({run_id: [] for run_id in run_ids})
        self.problems: dict[int, str] = {}
        """Run -> why its epochs cannot be read."""

    def __missing__(self, run_id: int) -> list[Epoch]:
        raise StoreError(self.problems.get(run_id, f"There is no run {run_id}: `python -m lab runs` lists them."))


def read_epochs(database: Database, run_ids: Iterable[int]) -> Epochs:
    """The epochs of several runs at once, each run's in order."""
    found = Epochs(run_ids)
    query = sa.select(EVENTS.c.run_id, EVENTS.c.id, EVENTS.c.payload).where(EVENTS.c.kind == Epoch.kind)
    with database.reading() as connection:
        rows = connection.execute(query.where(EVENTS.c.run_id.in_(list(found))).order_by(EVENTS.c.id)).all()
    for run_id, event_id, payload in rows:
        try:
            epoch = _epoch(payload) if isinstance(payload, str) else None
            if epoch is None:
                read_event(run_id, event_id, payload)  # which says what is wrong
                raise StoreError(f"Run {run_id} cannot be read: its event {event_id} claims another kind.")
        except StoreError as error:
            found.problems.setdefault(run_id, str(error))
        else:
            found[run_id].append(epoch)
    for run_id in found.problems:
        del found[run_id]
    return found


@lru_cache(maxsize=2**15)  # a page asks for those of all runs at every click; two kilobytes each
def _epoch(payload: str) -> Epoch | None:
    """The epoch that a payload keeps; None where it keeps none."""
    try:
        event = event_from_row(json.loads(payload))
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, Epoch) else None


def shortened(error: object) -> str:
    """What an error says, on one line of at most 200 characters: it may quote a whole damaged row."""
    line = " ".join(str(error)[:1000].split())
    return line if len(line) <= 200 else f"{line[:199]}…"
