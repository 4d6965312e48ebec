"""A run that goes on from an epoch of another under a changed config: it begins with that run's story so far."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from lab.config import RunConfig
from lab.events import Epoch, Event, Started
from lab.forking import fork_problem
from lab.store.checkpoints import is_whole
from lab.store.claims import UNKNOWN
from lab.store.database import StoreError
from lab.store.reading import read_event
from lab.store.schema import CHECKPOINTS, EVENTS, RUNS
from lab.store.snapshots import Run


def begin_fork(connection: sa.Connection, parent: Run, epoch: int, config: RunConfig, row: dict[str, Any]) -> int:
    """Insert `row`, the new run's, with the parent's events and weights up to `epoch`; returns its id.

    The optimiser's state is not taken: it begins anew, whatever the parent's was.

    Raises:
        StoreError: `config` cannot go on from there, or what was kept up to that epoch is not whole.
    """
    problem = fork_problem(parent.config, epoch, config)
    if problem is not None:
        raise StoreError(problem)
    mine = (CHECKPOINTS.c.run_id == parent.id) & (CHECKPOINTS.c.epoch == epoch)
    kept = connection.execute(sa.select(CHECKPOINTS).where(mine)).first()
    if kept is None or not is_whole(kept):
        raise StoreError(f"Run {parent.id} has no complete checkpoint of epoch {epoch}: choose another epoch.")
    told = _story(connection, parent.id, epoch)
    said = [read_event(parent.id, one.id, one.payload) for one in told]
    values = row | {"parent": parent.uuid, "parent_epoch": epoch, "code_commit": _commits(said)}
    fork = int(connection.execute(sa.insert(RUNS).values(**values).returning(RUNS.c.id)).scalar_one())
    events = [
        {"run_id": fork, "kind": one.kind, "time": one.time, "payload": _payload(one, event, config)}
        for one, event in zip(told, said, strict=True)
    ]
    connection.execute(sa.insert(EVENTS), events)
    without_state = {"run_id": fork, "optimizer_state": None, "state_digest": None}
    connection.execute(sa.insert(CHECKPOINTS).values(**(dict(kept._mapping) | without_state)))
    return fork


def _story(connection: sa.Connection, parent: int, epoch: int) -> Sequence[Any]:
    """The parent's rows of EVENTS up to the end of the epoch."""
    told = (EVENTS.c.run_id == parent) & (EVENTS.c.kind == Epoch.kind)
    ends = connection.execute(sa.select(EVENTS.c.id).where(told).order_by(EVENTS.c.id)).scalars().all()
    if len(ends) < epoch:
        raise StoreError(f"Run {parent} has only {len(ends)} finished epochs: choose one of them.")
    until = (EVENTS.c.run_id == parent) & (EVENTS.c.id <= ends[epoch - 1])
    return connection.execute(sa.select(EVENTS).where(until).order_by(EVENTS.c.id)).all()


def _payload(row: Any, event: Event, config: RunConfig) -> str:
    """A row's event as the fork tells it: it goes on to its own last epoch, not to its parent's."""
    return json.dumps(replace(event, epochs=config.epochs).row()) if isinstance(event, Started) else str(row.payload)


def _commits(story: Iterable[Event]) -> str:
    """Of the code that trained the epochs of a story, as the row of a run tells them."""
    found: list[str] = []
    now = ""
    for event in story:
        if isinstance(event, Started):
            now = event.code_commit
        elif isinstance(event, Epoch) and found[-1:] != [now]:
            found.append(now)
    return ", ".join(commit or UNKNOWN for commit in found) if any(found) else ""
