"""The runs that have not ended: who holds them, whose worker is dead, and in which order they get a device.

One small query, whatever else the store holds: an idle worker asks it three times a second.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from lab.store.database import Database
from lab.store.processes import is_gone, is_of_this_host
from lab.store.schema import RUNS
from lab.store.snapshots import LIVE

SILENCE = 90.0
"""Seconds without a new heartbeat after which a worker on another host is taken for dead."""
ONE_LOOK = 5.0
"""The most seconds that count between two looks: who slept or was stopped in between has not been watching."""
KILLED = (
    "The process that trained this run ended without a message: it was killed, it crashed or ran out of memory, or "
    "the machine was switched off."
)
SILENT = "The machine that trained this run has not answered for 90 seconds."
QUEUED_BY_THE_DEAD = "The command that queued this run ended before the run started."

MADE_ANEW = ("owner", "host", "heartbeat")
"""What the next worker that takes the run writes anew."""
MAY_BE_ODD = ("name", *MADE_ANEW)
"""Where an odd value counts as none: it keeps nobody from training the run, or from saying that it cannot be read."""
COLUMNS = tuple(
    RUNS.c[name]
    for name in (
        "id",
        "name",
        "status",
        "command",
        "claim",
        "turn",
        "wanted",
        "owner",
        "worker",
        "host",
        "device",
        "heartbeat",
    )
)
BY_STATUS = sa.select(RUNS.c.status, sa.func.count(), sa.func.max(RUNS.c.id), sa.func.max(RUNS.c.turn)).group_by(
    RUNS.c.status
)
QUERY = sa.select(*COLUMNS).where(RUNS.c.status.in_(("queued", *LIVE))).order_by(RUNS.c.turn, RUNS.c.id)


@dataclass(frozen=True, kw_only=True)
class Active:
    """A run that has not ended, without its config. `turn` is its place among those that wait for a device."""

    id: int
    name: str | None
    status: str
    command: str
    claim: int
    turn: int
    wanted: str
    """The device as its config names it: auto, cpu, cuda or mps."""
    owner: str | None
    """The process that queued the run for itself, if one did."""
    worker: str | None
    host: str | None
    device: str | None
    heartbeat: float | None

    @property
    def waits(self) -> bool:
        """Whether it would train if it had a device: queued, or paused and told to go on."""
        return self.status == "queued" or (self.status == "paused" and self.command == "run")


@dataclass(frozen=True, kw_only=True)
class Ahead:
    """What a waiting run waits for: the run that trains on its device, and those that come before it, in turn."""

    device: str
    training: int | None
    waiting: tuple[int, ...]


def active_runs(database: Database) -> list[Active]:
    """All runs that have not ended, in the order of their turns; without those whose row holds what it cannot."""
    with database.reading() as connection:
        rows = connection.execute(QUERY).all()
    return [run for row in rows if (run := _active(row)) is not None]


def ended_runs(database: Database) -> dict[str, tuple[int, int, int]]:
    """How many runs have ended, the newest of them and the last turn, by status; an index answers, and no run is read.

    The last turn is another one when one of them has been renamed (see `lab.store.commands.rename`).
    """
    with database.reading() as connection:
        rows = connection.execute(BY_STATUS).all()
    found = {str(status): tuple(counts) for status, *counts in rows if status not in ("queued", *LIVE)}
    return dict(sorted(found.items()))


def _active(row: sa.Row[Any]) -> Active | None:
    """A row of `QUERY`; None where it holds what it cannot."""
    values = dict(row._mapping)
    odd = [column.name for column in COLUMNS if not _fits(column, values[column.name])]
    return Active(**values | dict.fromkeys(odd)) if set(odd) <= set(MAY_BE_ODD) else None


def _fits(column: sa.Column[Any], value: object) -> bool:
    """SQLite keeps any value in any column; an odd one makes its run unreadable, and must not hold up the others."""
    return (value is None and bool(column.nullable)) or isinstance(value, column.type.python_type)


def device_for(wanted: str, devices: Sequence[str]) -> str:
    """Whose queue a run stands in; one for a device that is nowhere is the CPU worker's to report.

    `devices` are those of this machine, fastest first.
    """
    return devices[0] if wanted == "auto" else wanted if wanted in devices else "cpu"


def turns(runs: Sequence[Active], device: str, devices: Sequence[str]) -> list[Active]:
    """Those that wait for a device of this host, in turn; none while another run trains on it."""
    here = [run for run in _of_device(runs, device, devices) if run.worker is None or is_of_this_host(run.worker)]
    return [] if any(run.status == "running" for run in here) else [run for run in here if run.waits]


def ahead(runs: Sequence[Active], run_id: int, devices: Sequence[str]) -> Ahead | None:
    """What the waiting run `run_id` waits for; None when it does not wait."""
    mine = next((run for run in runs if run.id == run_id and run.waits), None)
    if mine is None:
        return None
    device = _device_of(mine, devices)
    same = _of_device(runs, device, devices)
    waiting = [run.id for run in same if run.waits]
    training = next((run.id for run in same if run.status == "running"), None)
    return Ahead(device=device, training=training, waiting=tuple(waiting[: waiting.index(run_id)]))


def _of_device(runs: Sequence[Active], device: str, devices: Sequence[str]) -> list[Active]:
    return [run for run in runs if _device_of(run, devices) == device]


def _device_of(run: Active, devices: Sequence[str]) -> str:
    return device_for(run.wanted, devices) if run.status == "queued" or run.device is None else run.device


class Watch:
    """What one observer has seen of the heartbeats of other hosts, by a clock of its own that nobody sets anew."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._looked: float | None = None
        self._silent: dict[tuple[int, int, float | None], float] = {}
        """(run, claim, heartbeat) -> seconds for which it has been seen unchanged."""

    def dead(self, runs: Sequence[Active]) -> dict[int, str]:
        """The runs, of these that have not ended, that nobody will train to their end: id -> why."""
        silent = self._silence(runs)
        found = {run.id: _why_dead(run, silent[run.id, run.claim, run.heartbeat]) for run in runs}
        return {run_id: why for run_id, why in found.items() if why}

    def _silence(self, runs: Sequence[Active]) -> dict[tuple[int, int, float | None], float]:
        with self._lock:
            now, before = self._clock(), self._looked
            passed = 0.0 if before is None else min(now - before, ONE_LOOK)
            looks = [(run.id, run.claim, run.heartbeat) for run in runs]
            self._silent = {look: self._silent[look] + passed if look in self._silent else 0.0 for look in looks}
            self._looked = now
            return self._silent


def _why_dead(run: Active, silent: float) -> str:
    """A sentence, or nothing for a run whose process may live: on this host it lives as long as it is there.

    A process that was stopped, that waits for the store or whose machine slept beats no more, and goes on later.
    """
    if run.status == "queued":
        gone = run.owner is not None and is_of_this_host(run.owner) and is_gone(run.owner)
        return QUEUED_BY_THE_DEAD if gone else ""
    if run.worker is None:
        return KILLED
    if is_of_this_host(run.worker):
        return KILLED if is_gone(run.worker) else ""
    return SILENT if silent > SILENCE else ""


def mark_interrupted(database: Database, watch: Watch) -> list[Active]:
    """Record every run whose worker is dead as interrupted; returns the runs that have not ended."""
    runs = active_runs(database)
    dead = watch.dead(runs)
    for run in runs:
        if run.id in dead:
            _mark(database, run, dead[run.id])
    return active_runs(database) if dead else runs


def _mark(database: Database, run: Active, why: str) -> None:
    """It may have ended, beaten or been claimed since it was looked at; then it is left alone."""
    values = {"status": "interrupted", "reason": why, "ended": _last_seen(run)}
    if run.status == "queued":
        values["claim"] = run.claim + 1  # this attempt is over: a number is never used for two
    with database.writing() as connection:
        row = connection.execute(QUERY.where(RUNS.c.id == run.id).with_for_update()).first()
        now = None if row is None else _active(row)
        if now is not None and (now.status, now.claim, now.heartbeat) == (run.status, run.claim, run.heartbeat):
            connection.execute(sa.update(RUNS).where(RUNS.c.id == run.id).values(**values))


def _last_seen(run: Active) -> float:
    """When a dead run ended, as far as is known: at its last heartbeat, where that can have been."""
    now = time.time()
    return run.heartbeat if run.status in LIVE and run.heartbeat is not None and 0 <= run.heartbeat <= now else now
