"""The tables of the store, and the version that a database file says it has."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa

VERSION = 4
"""Of the tables and of what they hold; lab/store/migrations.py brings older databases to it."""

NAME_LENGTH = 120
"""Characters of a run's name at most."""
NOT_IN_A_NAME = ("Cc", "Cs")
"""Unicode's categories of control characters and of halves of characters."""

METADATA = sa.MetaData()

SCHEMA_VERSION = sa.Table("schema_version", METADATA, sa.Column("version", sa.Integer, nullable=False))

RUNS = sa.Table(
    "runs",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("uuid", sa.String(32), unique=True),  # the same in every store that the run is copied to
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("config", sa.Text, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("command", sa.String(16), nullable=False, default="run"),
    sa.Column("reason", sa.Text, nullable=False, default=""),
    sa.Column("hardware", sa.Text, nullable=False, default=""),
    sa.Column("code_commit", sa.Text, nullable=False, default="", server_default=""),  # of the code that trained it
    sa.Column("parent", sa.String(32)),  # of a fork: the uuid of the run that it comes from, and after which epoch
    sa.Column("parent_epoch", sa.Integer),
    sa.Column("host", sa.Text),
    sa.Column("device", sa.String(16)),
    sa.Column("worker", sa.Text),
    sa.Column("claim", sa.Integer, nullable=False, default=0, server_default="0"),  # how often it has been claimed
    sa.Column("wanted", sa.String(16), nullable=False, default="auto", server_default="auto"),  # its config's device
    sa.Column("owner", sa.Text),  # the process that has queued it for itself
    sa.Column("turn", sa.Integer, nullable=False, default=0, server_default="0"),  # who waits longest has the lowest
    sa.Column("heartbeat", sa.Float),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("started", sa.Float),
    sa.Column("ended", sa.Float),
    sa.Index("runs_that_have_not_ended", "status", "turn"),
    # One run trains on a device: the database itself refuses a second, whoever claims it. A paused one needs none.
    sa.Index(
        "one_running_run_per_device",
        "host",
        "device",
        unique=True,
        sqlite_where=sa.text("status = 'running'"),
        postgresql_where=sa.text("status = 'running'"),
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
    sa.Column("digest", sa.String(64)),  # SHA-256 of weights and predictions, and of the optimiser state
    sa.Column("state_digest", sa.String(64)),
)


def digest(*parts: bytes | None) -> str | None:
    """SHA-256 over the parts, in hexadecimal; None where there is nothing."""
    if None in parts:
        return None
    return hashlib.sha256(b"".join(part for part in parts if part is not None)).hexdigest()
