"""When something is wrong: whether a database is sound, and a copy of it."""

from __future__ import annotations

import os
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import sqlalchemy as sa

from lab.store.database import Database, StoreError, shown, sqlite_path
from lab.store.reading import RunReader
from lab.store.schema import METADATA, RUNS
from lab.store.snapshots import LIVE, Unreadable
from lab.store.sqlite import copy_database, integrity_faults
from lab.store.transfer import opened_copy, passing_copy, run_faults


def check(url: str) -> list[str]:
    """What is wrong with a database, a sentence each; it is looked at, and a file is neither changed nor made.

    Raises:
        StoreError: there is none, or it cannot be opened.
    """
    path = sqlite_path(url)
    if path is None:
        database = Database(url)
        try:
            return list(_faults(database))
        finally:
            database.close()
    with passing_copy(path) as copy:
        damage = integrity_faults(copy)
        if damage:
            return [f"The database {path} is damaged: {fault}." for fault in damage]
        with opened_copy(copy, path) as database:
            return list(_faults(database))


def _faults(database: Database) -> Iterator[str]:
    missing = list(_schema_faults(database))
    if missing:
        yield from missing  # what else there is cannot be asked
        return
    for run in reversed(RunReader(database).all()):  # oldest first
        if isinstance(run, Unreadable):
            yield run.problem
            continue
        for fault in run_faults(database, run):
            yield f"Run {run.id} ({run.name}): {fault}."
    yield from _claim_faults(database)


def _schema_faults(database: Database) -> Iterator[str]:
    with database.reading() as connection:
        inspector = sa.inspect(connection)
        names = set(inspector.get_table_names())
        for table in METADATA.sorted_tables:
            if table.name not in names:
                yield f"{database.name} lacks the table {table.name}."
                continue
            there = {column["name"] for column in inspector.get_columns(table.name)}
            for name in sorted({column.name for column in table.columns} - there):
                yield f"The table {table.name} of {database.name} lacks the column {name}."
            indexed = {index["name"] for index in inspector.get_indexes(table.name)}
            for index in sorted(str(index.name) for index in table.indexes if index.name not in indexed):
                yield f"The table {table.name} of {database.name} lacks the index {index}."


def _claim_faults(database: Database) -> Iterator[str]:
    unheld = RUNS.c.status.in_(LIVE) & (RUNS.c.worker.is_(None) | (RUNS.c.claim < 1))
    with database.reading() as connection:
        rows = connection.execute(sa.select(RUNS.c.id, RUNS.c.status).where(unheld)).all()
    for row in rows:
        yield f"Run {row.id} is called {row.status}, and no worker has claimed it."


def backup(url: str, target: Path) -> None:
    """Copy a database to a new file, in use or not; the copy is there as a whole, or not at all.

    Raises:
        StoreError: there is such a file already, or one of the two cannot be read or written.
    """
    path = sqlite_path(url)
    if path is None:
        raise StoreError(f"{shown(url)} is kept by a server: copy it with the server's own tool, such as pg_dump.")
    if os.path.exists(target):  # Path.exists raises where it may not be looked at; the copy then says so
        raise StoreError(f"{target} exists already and is left as it is: name a new file.")
    unfinished = target.with_name(f"{target.name}.{uuid.uuid4().hex[:8]}")
    try:
        copy_database(path, unfinished)
        os.replace(unfinished, target)
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise StoreError(f"{path} cannot be copied to {target} ({reason}).") from error
    finally:
        with suppress(OSError):
            unfinished.unlink()
