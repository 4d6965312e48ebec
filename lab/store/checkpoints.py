"""Checkpoints in the database: each with a digest, so that a damaged one is noticed before it is used."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from lab.events import Checkpoint
from lab.store.database import Database, StoreError
from lab.store.schema import CHECKPOINTS, RUNS, digest
from lab.store.snapshots import RESUMABLE


def keep_checkpoint(connection: sa.Connection, run_id: int, checkpoint: Checkpoint) -> None:
    """Keep an epoch's checkpoint in the place of an earlier one; only the newest keeps its optimiser state."""
    mine = CHECKPOINTS.c.run_id == run_id
    connection.execute(sa.update(CHECKPOINTS).where(mine).values(optimizer_state=None, state_digest=None))
    connection.execute(sa.delete(CHECKPOINTS).where(mine & (CHECKPOINTS.c.epoch == checkpoint.epoch)))
    connection.execute(
        sa.insert(CHECKPOINTS).values(
            run_id=run_id,
            epoch=checkpoint.epoch,
            weights=checkpoint.weights,
            predictions=checkpoint.predictions,
            optimizer_state=checkpoint.optimizer_state,
            digest=digest(checkpoint.weights, checkpoint.predictions),
            state_digest=digest(checkpoint.optimizer_state),
        )
    )


def is_whole(row: Any) -> bool:
    """Whether a row of CHECKPOINTS holds what was once put there."""
    blobs = (row.weights, row.predictions, b"" if row.optimizer_state is None else row.optimizer_state)
    if not all(isinstance(blob, bytes) for blob in blobs):
        return False
    as_put = (digest(row.weights, row.predictions), digest(row.optimizer_state))
    return as_put == (row.digest, row.state_digest)


def read_checkpoint(database: Database, run_id: int, epoch: int | None) -> Checkpoint:
    """What was kept of an epoch (None: the last).

    Raises:
        StoreError: nothing was, or it is damaged.
    """
    query = sa.select(CHECKPOINTS).where(CHECKPOINTS.c.run_id == run_id)
    if epoch is not None:
        query = query.where(CHECKPOINTS.c.epoch == epoch)
    with database.reading() as connection:
        row = connection.execute(query.order_by(CHECKPOINTS.c.epoch.desc())).first()
    if row is None:
        which = "has no finished epoch yet" if epoch is None else f"has no checkpoint of epoch {epoch}"
        raise StoreError(f"Run {run_id} {which}.")
    if not is_whole(row):
        raise StoreError(f"Run {run_id}'s checkpoint of epoch {row.epoch} is damaged: choose another epoch or run.")
    return Checkpoint(
        epoch=row.epoch,
        weights=row.weights,
        predictions=row.predictions,
        optimizer_state=row.optimizer_state,
    )


def checkpoint_epochs(database: Database, run_id: int) -> list[int]:
    """The epochs of a run that have a checkpoint, in order."""
    query = sa.select(CHECKPOINTS.c.epoch).where(CHECKPOINTS.c.run_id == run_id)
    with database.reading() as connection:
        return sorted(connection.execute(query).scalars())


def checkpoint_epochs_of_all(database: Database) -> dict[int, list[int]]:
    """The same of every run that has any, by its id."""
    with database.reading() as connection:
        rows = connection.execute(sa.select(CHECKPOINTS.c.run_id, CHECKPOINTS.c.epoch)).all()
    found: dict[int, list[int]] = {}
    for run_id, epoch in sorted(map(tuple, rows)):
        found.setdefault(run_id, []).append(epoch)
    return found


def can_be_resumed() -> sa.ColumnElement[bool]:
    """Whether a row of RUNS ended unfinished with what going on needs: its last checkpoint has its optimiser state.

    A fork that has finished no epoch of its own needs none: it begins with the optimiser anew.
    """
    needs_none = CHECKPOINTS.c.epoch == sa.func.coalesce(RUNS.c.parent_epoch, 0)
    state = sa.case((CHECKPOINTS.c.optimizer_state.is_not(None) | needs_none, 1), else_=0)
    newest = sa.select(state).where(CHECKPOINTS.c.run_id == RUNS.c.id).order_by(CHECKPOINTS.c.epoch.desc()).limit(1)
    return RUNS.c.status.in_(RESUMABLE) & (sa.func.coalesce(newest.scalar_subquery(), 1) == 1)
