"""Runs from one store into another: all that can be vouched for, in one transaction, and each run once."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa

from lab.config import from_json
from lab.events import Window
from lab.store.database import Database, StoreError, file_url
from lab.store.reading import RunReader, read_kept, shortened
from lab.store.schema import CHECKPOINTS, EVENTS, NAME_LENGTH, RUNS
from lab.store.snapshots import ENDED, Run, Unreadable
from lab.store.sound import faults
from lab.store.sqlite import copy_database

TAKEN = (
    "uuid",
    "name",
    "config",
    "status",
    "reason",
    "hardware",
    "code_commit",
    "parent",
    "parent_epoch",
    "device",
    "created",
    "started",
    "ended",
)
"""What of a run's row is the run's own; the rest is about the store and the worker that it had."""


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What came of an import."""

    copied: list[int]
    """The ids of the new runs, in this store."""
    already_here: int
    """How many runs were here before, and were left as they are."""
    refused: list[str]
    """Why a run was not taken, a sentence each."""


def import_file(file: Path, target: Database, slim: bool) -> Imported:
    """Copy the ended runs of another lab's database file, in use or not; it is not touched.

    Raises:
        StoreError: it cannot be read; the sentence names it.
    """
    if target.file is not None and file.exists() and file.samefile(target.file.path):
        raise StoreError(f"{file} is this lab's own database: name another lab's file.")
    with passing_copy(file) as copy, opened_copy(copy, file) as source:
        return copy_runs(source, target, slim)


@contextmanager
def passing_copy(file: Path) -> Iterator[Path]:
    """A copy of a database file, in use or not, for as long as the block runs.

    Raises:
        StoreError: the file cannot be read.
    """
    with TemporaryDirectory(prefix="lab-") as folder:
        copy = Path(folder) / "lab.sqlite3"
        try:
            copy_database(file, copy)
        except (OSError, sqlite3.Error) as error:
            reason = getattr(error, "strerror", None) or error
            raise StoreError(f"{file} cannot be read ({reason}): name a lab's database file.") from error
        yield copy


@contextmanager
def opened_copy(copy: Path, file: Path) -> Iterator[Database]:
    """The database of a passing copy of `file`, brought up to date; in sentences it is called what the file is."""
    database = Database(file_url(copy), copy_of=file)
    try:
        yield database
    finally:
        database.close()


def copy_runs(source: Database, target: Database, slim: bool) -> Imported:
    """Copy all ended runs that are sound and not yet there into another database: all of them, or none.

    `slim` leaves out the windows and all checkpoints but the last, and what resuming would need.
    """
    refused: list[str] = []
    taken: dict[str, Run] = {}
    with target.reading() as connection:
        before = set(connection.execute(sa.select(RUNS.c.uuid)).scalars())
    for run in reversed(RunReader(source).all()):  # oldest first
        problem = run.problem if isinstance(run, Unreadable) else _problem(source, run, taken, before)
        if problem is not None:
            refused.append(f"{source.name}: {problem}")
        elif isinstance(run, Run) and run.status in ENDED:
            taken[run.uuid] = run
    wanted = list(taken.values())
    with source.reading() as reading, target.writing(durably=True) as writing:
        known = before | set(writing.execute(sa.select(RUNS.c.uuid)).scalars())
        new = [run.id for run in wanted if run.uuid not in known]
        copied = [_copy_run(reading, writing, run_id, slim) for run_id in new]
    return Imported(copied=copied, already_here=len(wanted) - len(new), refused=refused)


def run_faults(database: Database, run: Run) -> list[str]:
    """What is wrong with a run that can be read, each as the end of a sentence."""
    events = sa.select(EVENTS).where(EVENTS.c.run_id == run.id).order_by(EVENTS.c.id)
    with database.reading() as connection:
        rows = connection.execute(events).all()
    try:
        story = [read_kept(row).event for row in rows]
    except StoreError as error:
        return [shortened(error).removeprefix(f"Run {run.id} cannot be read: ").removesuffix(".")]
    odd = [row.id for row, event in zip(rows, story, strict=True) if row.kind != event.kind]
    of_another_kind = [f"its event {number} claims another kind" for number in odd[:1]]
    return [*of_another_kind, *faults(run, story, _checkpoints(database, run))]


def _checkpoints(database: Database, run: Run) -> Iterator[Any]:
    """The run's rows of CHECKPOINTS, one at a time, each in a transaction that is over when it is looked at."""
    mine = CHECKPOINTS.c.run_id == run.id
    with database.reading() as connection:
        epochs = connection.execute(sa.select(CHECKPOINTS.c.epoch).where(mine).order_by(CHECKPOINTS.c.epoch)).all()
    for (epoch,) in epochs:
        with database.reading() as connection:
            row = connection.execute(sa.select(CHECKPOINTS).where(mine & (CHECKPOINTS.c.epoch == epoch))).first()
        if row is not None:
            yield row


def _problem(source: Database, run: Run, taken: Mapping[str, Run], known: Collection[str]) -> str | None:
    """Why an ended run is not taken; `taken` are those before it, by their uuids.

    What is `known` in the target is not copied, so nobody has to vouch for it: a file that is brought again each week
    takes as long as its new runs do.
    """
    found = run_faults(source, run) if run.status in ENDED and run.uuid not in known else []
    if run.status in ENDED and run.uuid in taken:
        found = [f"it has the uuid of run {taken[run.uuid].id}", *found]
    return f"Run {run.id} ({run.name}) was not copied: {'; '.join(found[:3])}." if found else None


def _copy_run(source: sa.Connection, target: sa.Connection, run_id: int, slim: bool) -> int:
    run = source.execute(sa.select(RUNS).where(RUNS.c.id == run_id)).one()
    values = {name: getattr(run, name) for name in TAKEN}
    values |= {"name": run.name[:NAME_LENGTH], "wanted": from_json(run.config).device}
    new_id = int(target.execute(sa.insert(RUNS).values(**values).returning(RUNS.c.id)).scalar_one())
    story = sa.select(EVENTS.c.kind, EVENTS.c.time, EVENTS.c.payload).where(EVENTS.c.run_id == run_id)
    if slim:
        story = story.where(EVENTS.c.kind != Window.kind)
    events = [dict(row._mapping) | {"run_id": new_id} for row in source.execute(story.order_by(EVENTS.c.id)).all()]
    if events:
        target.execute(sa.insert(EVENTS), events)
    kept = sa.select(CHECKPOINTS.c.epoch).where(CHECKPOINTS.c.run_id == run_id).order_by(CHECKPOINTS.c.epoch.desc())
    for (epoch,) in source.execute(kept.limit(1) if slim else kept).all():
        whole = (CHECKPOINTS.c.run_id == run_id) & (CHECKPOINTS.c.epoch == epoch)
        row = source.execute(sa.select(CHECKPOINTS).where(whole)).one()
        left_out = {"optimizer_state": None, "state_digest": None} if slim else {}
        target.execute(sa.insert(CHECKPOINTS).values(**(dict(row._mapping) | {"run_id": new_id} | left_out)))
    return new_id
