"""What people may tell a run to do, or call it: the rule stands in the very statement that carries it out."""

from __future__ import annotations

import time
from typing import Any, Literal

import sqlalchemy as sa

from lab.store.checkpoints import can_be_resumed
from lab.store.schema import RUNS
from lab.store.snapshots import ENDED, LIVE, Run

Command = Literal["run", "pause", "stop"]


def tell(connection: sa.Connection, run_id: int, command: Command, seen: Run | None) -> bool:
    """Give a run that has not ended a command; Stop is the last one that an attempt takes.

    See `Store.send`.
    """
    told = _the_run(run_id, seen) & RUNS.c.status.in_(("queued", *LIVE))
    if command == "stop":
        over = {"status": "stopped", "ended": time.time(), "claim": RUNS.c.claim + 1}
        if _changed(connection, told & (RUNS.c.status == "queued"), over):
            return True
        return _changed(connection, told, {"command": "stop"})
    told &= RUNS.c.command != "stop"
    if command == "run":  # a paused run may have to wait for its device: it has its turn after those who wait already
        _changed(connection, told & (RUNS.c.status == "paused") & (RUNS.c.command == "pause"), {"turn": next_turn()})
    return _changed(connection, told, {"command": command})


def queue_again(connection: sa.Connection, run_id: int, owner: str | None, seen: Run | None) -> bool:
    """Begin the next attempt of an ended, unfinished run; see `Store.requeue`."""
    where = _the_run(run_id, seen) & can_be_resumed()
    values = {"status": "queued", "command": "run", "reason": "", "ended": None, "worker": None, "owner": owner}
    return _changed(connection, where, values | {"turn": next_turn()})


def rename(connection: sa.Connection, run_id: int, name: str) -> None:
    """Give a run another name. One that has ended has no turn any more: a new one there tells who watches of it."""
    turn = sa.case((RUNS.c.status.in_(ENDED), next_turn()), else_=RUNS.c.turn)
    connection.execute(sa.update(RUNS).where(RUNS.c.id == run_id).values(name=name, turn=turn))


def next_turn() -> sa.ScalarSelect[int]:
    """The turn after everybody's."""
    everybody = RUNS.alias()
    return sa.select(sa.func.coalesce(sa.func.max(everybody.c.turn), 0) + 1).scalar_subquery()


def _the_run(run_id: int, seen: Run | None) -> sa.ColumnElement[bool]:
    """The run by its id, in the attempt in which it was seen; see `Run.attempt`."""
    if seen is None:
        return RUNS.c.id == run_id
    attempt = RUNS.c.claim + sa.case((RUNS.c.status == "queued", 1), else_=0)
    return (RUNS.c.id == run_id) & (attempt == seen.attempt)


def _changed(connection: sa.Connection, where: sa.ColumnElement[bool], values: dict[str, Any]) -> bool:
    return bool(connection.execute(sa.update(RUNS).where(where).values(**values)).rowcount)
