"""A database of an older lab -> the tables and words of today, in the transaction that opens it."""

from __future__ import annotations

import filecmp
import json
import os
import uuid
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from lab.store.schema import METADATA, RUNS, SCHEMA_VERSION, VERSION, digest
from lab.store.sqlite import SqliteFile, copy_database

WITHOUT_A_VERSION = 1
"""What a database is that has runs and says no version: it was made before there were versions."""

ONE_AT_A_TIME = 6_028_110
"""The number of the lock under which PostgreSQL lets one lab look at a new database; SQLite's write lock does it."""


class Refused(Exception):
    """This database is not to be used: the end of a sentence."""


def bring_up_to_date(engine: sa.Engine, file: SqliteFile | None = None) -> None:
    """Make the tables where there are none, and change older ones to `VERSION`, with a copy of `file` kept beside it.

    Where that fails the file is as it was before, and the copy, which is the same, is not kept: the lab tries again and
    again. A lab that is killed meanwhile leaves its copy, which the next one takes for its own.

    Raises:
        Refused: the database is a newer lab's, or no lab's at all.
    """
    copy = None
    try:
        with engine.execution_options(writes="durably").begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(ONE_AT_A_TIME)))
            version = version_of(connection)
            if version is None:
                METADATA.create_all(connection)
            elif version < VERSION and file is not None:
                copy = _keep_a_copy(file, version)
            for older in range(version or VERSION, VERSION):
                MIGRATIONS[older](connection)
            if version != VERSION:
                connection.execute(sa.delete(SCHEMA_VERSION))
                connection.execute(sa.insert(SCHEMA_VERSION).values(version=VERSION))
    except Exception:
        if copy is not None:
            copy.unlink(missing_ok=True)
        raise


def version_of(connection: sa.Connection) -> int | None:
    """The version that the database says it has, which is only read; None for an empty one.

    Raises:
        Refused: the database is a newer lab's, or no lab's at all.
    """
    inspector = sa.inspect(connection)
    tables = inspector.get_table_names()
    if SCHEMA_VERSION.name not in tables:
        if RUNS.name not in tables and (not tables or connection.dialect.name != "sqlite"):
            return None
        if RUNS.name in tables and "config" in {column["name"] for column in inspector.get_columns(RUNS.name)}:
            return WITHOUT_A_VERSION
        raise Refused("it belongs to another program: name a new file in LAB_DATABASE_URL.")
    found = connection.execute(sa.select(SCHEMA_VERSION.c.version)).scalars().all()
    if len(found) != 1 or not isinstance(found[0], int) or found[0] < WITHOUT_A_VERSION:
        raise Refused(f"its version is {found!r}, which no lab writes: use a backup copy of it.")
    if found[0] > VERSION:
        raise Refused(
            f"a newer lab wrote it (version {found[0]}; this one knows {VERSION}): update this lab, or name another "
            "database in LAB_DATABASE_URL."
        )
    return found[0]


def _keep_a_copy(file: SqliteFile, version: int) -> Path | None:
    """Copy the file as it is to `<name>.version-1.bak`; one that is there already stays, and the new one is numbered.

    None where such a copy is there already: a lab was killed in its migration. The caller holds the write lock: the
    copy is what the migration begins with, and nobody else copies.
    """
    unfinished = file.path.with_name(f"{file.path.name}.version-{version}.bak.unfinished")
    _remove(unfinished)  # of a lab that was killed while it copied
    try:
        copy_database(file.path, unfinished)
        for number in count(1):
            copy = file.path.with_name(f"{file.path.name}.version-{version}{'' if number == 1 else f'-{number}'}.bak")
            if not copy.exists():
                os.replace(unfinished, copy)
                return copy
            if filecmp.cmp(unfinished, copy, shallow=False):
                return None
        raise AssertionError("there is always another number")
    finally:
        _remove(unfinished)


def _remove(copy: Path) -> None:
    """Delete a copy and what SQLite has kept beside it."""
    for suffix in ("", "-journal", "-wal", "-shm"):
        copy.with_name(f"{copy.name}{suffix}").unlink(missing_ok=True)


def _to_2(connection: sa.Connection) -> None:
    """Versions, numbered claims, digests, names of runs that hold in every store; *engine* and *iteration*."""
    SCHEMA_VERSION.create(connection)
    for table, column in (
        ("runs", "uuid VARCHAR(32)"),
        ("runs", "claim INTEGER NOT NULL DEFAULT 0"),
        ("runs", "wanted VARCHAR(16) NOT NULL DEFAULT 'auto'"),
        ("runs", "owner TEXT"),
        ("runs", "turn INTEGER NOT NULL DEFAULT 0"),
        ("checkpoints", "digest VARCHAR(64)"),
        ("checkpoints", "state_digest VARCHAR(64)"),
    ):
        connection.execute(sa.text(f"ALTER TABLE {table} ADD COLUMN {column}"))
    for statement in (
        "UPDATE runs SET turn = id",
        "CREATE UNIQUE INDEX runs_uuid ON runs (uuid)",
        "CREATE INDEX runs_that_have_not_ended ON runs (status, turn)",
        "DROP INDEX IF EXISTS one_live_run_per_device",
        "CREATE UNIQUE INDEX one_running_run_per_device ON runs (host, device) WHERE status = 'running'",
    ):
        connection.execute(sa.text(statement))
    _runs_to_2(connection)
    kept = sa.text("SELECT id, kind, payload FROM events WHERE kind IN ('started', 'window')")
    for row in connection.execute(kept).all():
        added = {"engine": "PyTorch"} if row.kind == "started" else {}  # of a lab that knew no other and did not say so
        change = sa.text("UPDATE events SET payload = :payload WHERE id = :id")
        connection.execute(change, {"id": row.id, "payload": _rewritten(row.payload, EVENT_TO_2, added)})
    _checkpoints_to_2(connection)


def _runs_to_2(connection: sa.Connection) -> None:
    """The name that holds everywhere is made of what every copy of the run has: its config and its birth."""
    given: set[str] = set()
    for row in connection.execute(sa.text("SELECT id, config, hardware, created FROM runs ORDER BY id")).all():
        told = f"{row.created!r} {row.config}"
        names = (uuid.uuid5(uuid.NAMESPACE_OID, f"{told} {twin}" if twin else told).hex for twin in count())
        name = next(name for name in names if name not in given)
        given.add(name)
        values = {
            "uuid": name,
            "wanted": _device(row.config),
            "config": _rewritten(row.config, CONFIG_TO_2),
            "hardware": _hardware_to_2(row.hardware),
        }
        told = ", ".join(f"{column} = :{column}" for column in values)
        connection.execute(sa.text(f"UPDATE runs SET {told} WHERE id = :id"), values | {"id": row.id})


def _checkpoints_to_2(connection: sa.Connection) -> None:
    for run_id, epoch in connection.execute(sa.text("SELECT run_id, epoch FROM checkpoints")).all():
        mine = {"run_id": run_id, "epoch": epoch}
        where = "FROM checkpoints WHERE run_id = :run_id AND epoch = :epoch"
        row = connection.execute(sa.text(f"SELECT weights, predictions, optimizer_state {where}"), mine).one()
        if all(isinstance(blob, bytes | None) for blob in row):
            digests = {"digest": digest(row.weights, row.predictions), "state": digest(row.optimizer_state)}
            change = f"SET digest = :digest, state_digest = :state {where.removeprefix('FROM checkpoints')}"
            connection.execute(sa.text(f"UPDATE checkpoints {change}"), mine | digests)


ENGINES_TO_2 = {"fast": "compiled", "plain": "PyTorch"}
CONFIG_TO_2 = {"path": ("engine", {"fast": "fastest", "plain": "pytorch"})}
EVENT_TO_2 = {
    "path": ("engine", ENGINES_TO_2),
    "step": ("iteration", {}),
    "steps_per_epoch": ("iterations_per_epoch", {}),
}
"""Old name -> new name, and old values -> new ones."""


def _rewritten(
    text: object, changes: dict[str, tuple[str, dict[Any, Any]]], added: dict[str, Any] | None = None
) -> object:
    """A JSON object with other names, and with what is `added` where it lacks it.

    What is no JSON object stays as it is, and is shown as unreadable later.
    """
    try:
        values = json.loads(text) if isinstance(text, str) else None
        if not isinstance(values, dict):
            return text
        for old, (new, words) in changes.items():
            if old in values:
                value = values.pop(old)
                values[new] = words.get(value, value) if isinstance(value, str) else value
        return json.dumps((added or {}) | values, sort_keys=True)
    except (ValueError, RecursionError):
        return text


def _device(config: object) -> str:
    """The device that a config names, which the queue is asked by."""
    try:
        device = json.loads(config)["device"] if isinstance(config, str) else None
    except (ValueError, RecursionError, KeyError, TypeError):
        return "auto"
    return device if isinstance(device, str) and len(device) <= 16 else "auto"


def _hardware_to_2(words: object) -> object:
    """`a CPU, fast path` -> `a CPU, compiled engine`."""
    if not isinstance(words, str) or not words.endswith(" path"):
        return words
    name, comma, path = words.rpartition(", ")
    old = path.removesuffix(" path")
    return f"{name}{comma}{ENGINES_TO_2.get(old, old)} engine"


def _to_3(connection: sa.Connection) -> None:
    """The commit of the code that trained a run; runs of older labs were not measured on their training images."""
    connection.execute(sa.text("ALTER TABLE runs ADD COLUMN code_commit TEXT NOT NULL DEFAULT ''"))
    for row in connection.execute(sa.text("SELECT id, config FROM runs")).all():
        config = _rewritten(row.config, {}, {"measure_training": False})
        connection.execute(sa.text("UPDATE runs SET config = :config WHERE id = :id"), {"id": row.id, "config": config})


def _to_4(connection: sa.Connection) -> None:
    """Forks: the run that one comes from, and after which epoch."""
    for column in ("parent VARCHAR(32)", "parent_epoch INTEGER"):
        connection.execute(sa.text(f"ALTER TABLE runs ADD COLUMN {column}"))


MIGRATIONS: dict[int, Callable[[sa.Connection], None]] = {1: _to_2, 2: _to_3, 3: _to_4}
"""From this version to the next."""
