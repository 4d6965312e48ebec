"""Checkpoints in the database: each with a digest, so that a damaged one is noticed before it is used."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from lab.events import DIVERGED, Checkpoint
from lab.store.database import Database, StoreError
from lab.store.schema import CHECKPOINTS, RUNS, digest
from lab.store.snapshots import ENDED, RESUMABLE


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
        raise StoreError(f"{_what_lacks(database, run_id, epoch)}.")
    if not is_whole(row):
        raise StoreError(f"Run {run_id}'s checkpoint of epoch {row.epoch} is damaged: choose another epoch or run.")
    return Checkpoint(
        epoch=row.epoch,
        weights=row.weights,
        predictions=row.predictions,
        optimizer_state=row.optimizer_state,
    )


def without_an_epoch(run_id: int, status: str) -> str:
    """Why a run has no network to open, as a sentence without its end: one that has ended will have none by itself."""
    how = {"stopped": "was stopped", "interrupted": "was interrupted"}.get(status, status)
    return f"Run {run_id} " + (f"{how}, and no epoch of it is kept" if status in ENDED else "has no finished epoch yet")


def _what_lacks(database: Database, run_id: int, epoch: int | None) -> str:
    if epoch is not None:
        return f"Run {run_id} has no checkpoint of epoch {epoch}"
    with database.reading() as connection:
        status = connection.execute(sa.select(RUNS.c.status).where(RUNS.c.id == run_id)).scalar()
    return without_an_epoch(run_id, str(status))


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

    A fork that has finished no epoch of its own needs none: it begins with the optimiser anew. One that has diverged
    would only do so again.
    """
    needs_none = CHECKPOINTS.c.epoch == RUNS.c.parent_epoch
    state = sa.case((CHECKPOINTS.c.optimizer_state.is_not(None) | needs_none, 1), else_=0)
    newest = sa.select(state).where(CHECKPOINTS.c.run_id == RUNS.c.id).order_by(CHECKPOINTS.c.epoch.desc()).limit(1)
    may_end_otherwise = RUNS.c.status.in_(RESUMABLE) & (RUNS.c.reason != DIVERGED)
    return may_end_otherwise & (sa.func.coalesce(newest.scalar_subquery(), 1) == 1)
