"""Runs from one store into another."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from lab.events import Window
from lab.store.database import Database
from lab.store.schema import CHECKPOINTS, EVENTS, RUNS
from lab.store.snapshots import ENDED


def copy_runs(source: Database, target: Database, slim: bool = False) -> list[int]:
    """Copy all ended runs into another database; returns their ids there.

    `slim` leaves out the windows and all checkpoints but the last, and what resuming would need.
    """
    ended = sa.select(RUNS).where(RUNS.c.status.in_(ENDED)).order_by(RUNS.c.id)
    with source.reading() as reading, target.writing() as writing:
        return [_copy_run(reading, writing, run, slim) for run in reading.execute(ended).all()]


def _copy_run(source: sa.Connection, target: sa.Connection, run: Any, slim: bool) -> int:
    values = {key: value for key, value in run._mapping.items() if key != "id"}
    new_id = target.execute(sa.insert(RUNS).values(**values).returning(RUNS.c.id)).scalar_one()
    events = sa.select(EVENTS).where(EVENTS.c.run_id == run.id).order_by(EVENTS.c.id)
    for row in source.execute(events.where(EVENTS.c.kind != Window.kind) if slim else events):
        values = {key: value for key, value in row._mapping.items() if key != "id"}
        target.execute(sa.insert(EVENTS).values(**(values | {"run_id": new_id})))
    kept = sa.select(CHECKPOINTS).where(CHECKPOINTS.c.run_id == run.id).order_by(CHECKPOINTS.c.epoch.desc())
    for row in source.execute(kept.limit(1) if slim else kept):
        values = dict(row._mapping) | {"run_id": new_id} | ({"optimizer_state": None} if slim else {})
        target.execute(sa.insert(CHECKPOINTS).values(**values))
    return int(new_id)
