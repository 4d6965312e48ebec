"""The snapshots that the store hands out: plain values, read once and never written back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from lab.config import RunConfig
from lab.events import Event
from lab.steps import matching_step

Status = Literal["queued", "running", "paused", "finished", "stopped", "failed", "interrupted"]
LIVE: tuple[Status, ...] = ("running", "paused")
ENDED: tuple[Status, ...] = ("finished", "stopped", "failed", "interrupted")
RESUMABLE: tuple[Status, ...] = ("stopped", "interrupted", "failed")


@dataclass(frozen=True, kw_only=True)
class Run:
    """A snapshot of one run's row. Times are seconds since 1970."""

    id: int
    uuid: str
    """The same in every store that the run is copied to."""
    name: str
    config: RunConfig
    status: Status
    command: str
    reason: str
    hardware: str
    device: str | None
    worker: str | None
    claim: int
    """How often a worker has taken it, or it was given up before one did."""
    created: float
    started: float | None
    ended: float | None
    resumable: bool
    """Whether it can be queued again: it ended unfinished, and what going on needs was kept."""
    code_commit: str = ""
    """Of the lab's code that trained it; several where a resumed run was trained by several; empty if not known."""

    parent: str | None = None
    """Of a fork: the uuid of the run that it comes from."""
    parent_epoch: int | None = None
    """The epoch after which it goes on; None for a run that begins at the beginning."""

    @property
    def attempt(self) -> int:
        """Which attempt at training it this is; a run that is queued again begins the next."""
        return self.claim + (self.status == "queued")

    @property
    def step(self) -> int | None:
        """The preset's number, or None for a config of the user's own."""
        preset = matching_step(self.config)
        return preset.number if preset else None


@dataclass(frozen=True, kw_only=True)
class Unreadable:
    """A run that is there and cannot be read: it can be shown as such, and deleted."""

    id: int
    name: str
    problem: str
    """One sentence: what of it cannot be read, and why."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """An event as the store keeps it; `id` is its place among all events, `time` in seconds since 1970."""

    id: int
    time: float
    event: Event

    def row(self) -> dict[str, Any]:
        """The event as a plain row, with its "id" and "time"."""
        return self.event.row() | {"id": self.id, "time": self.time}
