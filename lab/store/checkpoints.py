"""Checkpoints in the database: each with a digest, so that a damaged one is noticed before it is used."""

from __future__ import annotations

import hashlib
from typing import Any

import sqlalchemy as sa

from lab.events import Checkpoint
from lab.store.schema import CHECKPOINTS


def digest(*parts: bytes | None) -> str | None:
    """SHA-256 over the parts, in hexadecimal; None where there is nothing."""
    if None in parts:
        return None
    return hashlib.sha256(b"".join(part for part in parts if part is not None)).hexdigest()


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
