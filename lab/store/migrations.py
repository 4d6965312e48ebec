"""A database of an older lab -> the tables and words of today, in the transaction that opens it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from lab.store.schema import METADATA, RUNS, SCHEMA_VERSION, VERSION

WITHOUT_A_VERSION = 1
"""What a database is that has runs and says no version: it was made before there were versions."""


def bring_up_to_date(connection: sa.Connection) -> None:
    """Make the tables where there are none, and change older ones to `VERSION`."""
    version = _version(connection)
    if version is None:
        METADATA.create_all(connection)
    for older in range(version or VERSION, VERSION):
        MIGRATIONS[older](connection)
    if version != VERSION:
        connection.execute(sa.delete(SCHEMA_VERSION))
        connection.execute(sa.insert(SCHEMA_VERSION).values(version=VERSION))


def _version(connection: sa.Connection) -> int | None:
    """The version that the database says it has; None for an empty one."""
    tables = sa.inspect(connection).get_table_names()
    if SCHEMA_VERSION.name in tables:
        return int(connection.execute(sa.select(SCHEMA_VERSION.c.version)).scalar_one())
    return WITHOUT_A_VERSION if RUNS.name in tables else None


def _to_2(connection: sa.Connection) -> None:
    """Versions, numbered claims, names of runs that hold in every store; the words *engine* and *iteration*."""
    SCHEMA_VERSION.create(connection)
    connection.execute(sa.text("ALTER TABLE runs ADD COLUMN uuid VARCHAR(32)"))
    connection.execute(sa.text("ALTER TABLE runs ADD COLUMN claim INTEGER NOT NULL DEFAULT 0"))
    connection.execute(sa.text("ALTER TABLE runs ADD COLUMN wanted VARCHAR(16) NOT NULL DEFAULT 'auto'"))
    connection.execute(sa.text("ALTER TABLE runs ADD COLUMN owner TEXT"))
    connection.execute(sa.text("ALTER TABLE runs ADD COLUMN turn INTEGER NOT NULL DEFAULT 0"))
    connection.execute(sa.text("UPDATE runs SET turn = id"))
    connection.execute(sa.text("CREATE UNIQUE INDEX runs_uuid ON runs (uuid)"))
    connection.execute(sa.text("CREATE INDEX runs_that_have_not_ended ON runs (status, turn)"))
    connection.execute(sa.text("DROP INDEX one_live_run_per_device"))
    one = "CREATE UNIQUE INDEX one_running_run_per_device ON runs (host, device) WHERE status = 'running'"
    connection.execute(sa.text(one))
    for row in connection.execute(sa.text("SELECT id, config, hardware FROM runs")).all():
        words = {"config": _rewritten(row.config, CONFIG_TO_2), "hardware": _hardware_to_2(row.hardware)}
        told = ", ".join(f"{column} = :{column}" for column in ("uuid", "wanted", *words))
        change = sa.text(f"UPDATE runs SET {told} WHERE id = :id")
        connection.execute(change, {"uuid": uuid.uuid4().hex, "wanted": _device(row.config), "id": row.id} | words)
    kept = sa.text("SELECT id, payload FROM events WHERE kind IN ('started', 'window')")
    for row in connection.execute(kept).all():
        change = sa.text("UPDATE events SET payload = :payload WHERE id = :id")
        connection.execute(change, {"id": row.id, "payload": _rewritten(row.payload, EVENT_TO_2)})


ENGINES_TO_2 = {"fast": "compiled", "plain": "PyTorch"}
CONFIG_TO_2 = {"path": ("engine", {"fast": "fastest", "plain": "pytorch"})}
EVENT_TO_2 = {
    "path": ("engine", ENGINES_TO_2),
    "step": ("iteration", {}),
    "steps_per_epoch": ("iterations_per_epoch", {}),
}
"""Old name -> new name, and old values -> new ones."""


def _rewritten(text: str, changes: dict[str, tuple[str, dict[Any, Any]]]) -> str:
    """A JSON object with other names; what is no JSON object stays as it is, and is shown as unreadable later."""
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if not isinstance(values, dict):
        return text
    for old, (new, words) in changes.items():
        if old in values:
            value = values.pop(old)
            values[new] = words.get(value, value) if isinstance(value, str) else value
    return json.dumps(values, sort_keys=True)


def _device(config: str) -> str:
    """The device that a config names, which the queue is asked by."""
    try:
        device = json.loads(config)["device"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return "auto"
    return device if isinstance(device, str) and len(device) <= 16 else "auto"


def _hardware_to_2(words: str) -> str:
    """`a CPU, fast path` -> `a CPU, compiled engine`."""
    name, comma, path = words.rpartition(", ")
    old = path.removesuffix(" path")
    return f"{name}{comma}{ENGINES_TO_2.get(old, old)} engine" if path.endswith(" path") else words


MIGRATIONS: dict[int, Callable[[sa.Connection], None]] = {1: _to_2}
"""From this version to the next."""
