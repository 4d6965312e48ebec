"""A run that goes on from an epoch of another under a changed config: it begins with that run's story so far."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from lab.config import RunConfig
from lab.events import Epoch
from lab.forking import fork_problem
from lab.store.checkpoints import is_whole
from lab.store.database import StoreError
from lab.store.schema import CHECKPOINTS, EVENTS, RUNS
from lab.store.snapshots import Run


def begin_fork(connection: sa.Connection, parent: Run, epoch: int, config: RunConfig, row: dict[str, Any]) -> int:
    """Insert `row`, the new run's, with the parent's events and weights up to `epoch`; returns its id.

    The optimiser's state is not taken: it begins anew, whatever the parent's was.

    Raises:
        StoreError: `config` cannot go on from there, or what was kept of that epoch is not whole.
    """
    problem = fork_problem(parent.config, epoch, config)
    if problem is not None:
        raise StoreError(problem)
    mine = (CHECKPOINTS.c.run_id == parent.id) & (CHECKPOINTS.c.epoch == epoch)
    kept = connection.execute(sa.select(CHECKPOINTS).where(mine)).first()
    if kept is None or not is_whole(kept):
        raise StoreError(f"Run {parent.id} has no complete checkpoint of epoch {epoch}: choose another epoch.")
    values = row | {"parent": parent.uuid, "parent_epoch": epoch}
    fork = int(connection.execute(sa.insert(RUNS).values(**values).returning(RUNS.c.id)).scalar_one())
    connection.execute(sa.insert(EVENTS), _story(connection, parent.id, epoch, fork))
    without_state = {"run_id": fork, "optimizer_state": None, "state_digest": None}
    connection.execute(sa.insert(CHECKPOINTS).values(**(dict(kept._mapping) | without_state)))
    return fork


def _story(connection: sa.Connection, parent: int, epoch: int, fork: int) -> list[dict[str, Any]]:
    """The parent's events up to the end of the epoch, as the fork's."""
    told = (EVENTS.c.run_id == parent) & (EVENTS.c.kind == Epoch.kind)
    ends = connection.execute(sa.select(EVENTS.c.id).where(told).order_by(EVENTS.c.id)).scalars().all()
    if len(ends) < epoch:
        raise StoreError(f"Run {parent} has only {len(ends)} finished epochs: choose one of them.")
    columns = (EVENTS.c.kind, EVENTS.c.time, EVENTS.c.payload)
    until = (EVENTS.c.run_id == parent) & (EVENTS.c.id <= ends[epoch - 1])
    rows = connection.execute(sa.select(*columns).where(until).order_by(EVENTS.c.id)).all()
    return [dict(row._mapping) | {"run_id": fork} for row in rows]
