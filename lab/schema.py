"""The tables of the store, and the snapshots that it hands out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from lab.config import RunConfig, from_json
from lab.steps import matching_step

Status = Literal["queued", "running", "paused", "finished", "stopped", "failed", "interrupted"]
LIVE: tuple[Status, ...] = ("running", "paused")
ENDED: tuple[Status, ...] = ("finished", "stopped", "failed", "interrupted")
RESUMABLE: tuple[Status, ...] = ("stopped", "interrupted", "failed")

METADATA = sa.MetaData()

RUNS = sa.Table(
    "runs",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("config", sa.Text, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("command", sa.String(16), nullable=False, default="run"),
    sa.Column("reason", sa.Text, nullable=False, default=""),
    sa.Column("hardware", sa.Text, nullable=False, default=""),
    sa.Column("host", sa.Text),
    sa.Column("device", sa.String(16)),
    sa.Column("worker", sa.Text),
    sa.Column("heartbeat", sa.Float),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("started", sa.Float),
    sa.Column("ended", sa.Float),
    # One live run a device: the database itself refuses a second claim, whoever makes it.
    sa.Index(
        "one_live_run_per_device",
        "host",
        "device",
        unique=True,
        sqlite_where=sa.text("status IN ('running', 'paused')"),
        postgresql_where=sa.text("status IN ('running', 'paused')"),
    ),
    sqlite_autoincrement=True,
)

EVENTS = sa.Table(
    "events",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("run_id", sa.ForeignKey("runs.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("time", sa.Float, nullable=False),
    sa.Column("payload", sa.Text, nullable=False),
    sqlite_autoincrement=True,
)

CHECKPOINTS = sa.Table(
    "checkpoints",
    METADATA,
    sa.Column("run_id", sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("epoch", sa.Integer, primary_key=True),
    sa.Column("weights", sa.LargeBinary, nullable=False),
    sa.Column("predictions", sa.LargeBinary, nullable=False),
    sa.Column("optimizer_state", sa.LargeBinary),  # kept for the newest epoch only: resuming needs no other
)


@dataclass(frozen=True, kw_only=True)
class Run:
    """A snapshot of one run's row. Times are seconds since 1970."""

    id: int
    name: str
    config: RunConfig
    status: Status
    command: str
    reason: str
    hardware: str
    device: str | None
    worker: str | None
    created: float
    started: float | None
    ended: float | None

    @property
    def step(self) -> int | None:
        """The preset's number, or None for a config of the user's own."""
        preset = matching_step(self.config)
        return preset.number if preset else None


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """What was kept of one epoch: safetensors bytes, and one predicted label (byte) an evaluation image."""

    epoch: int
    weights: bytes
    predictions: bytes
    optimizer_state: bytes | None


def read_run(row: Any) -> Run:
    """A row of RUNS as a snapshot."""
    return Run(
        id=row.id,
        name=row.name,
        config=from_json(row.config),
        status=row.status,
        command=row.command,
        reason=row.reason,
        hardware=row.hardware,
        device=row.device,
        worker=row.worker,
        created=row.created,
        started=row.started,
        ended=row.ended,
    )
