"""A run in words: when it began, what it waits for, how far it is, why it ended."""

from __future__ import annotations

from datetime import datetime

from lab.store import LIVE, Run, Store
from lab.timeline import Progress, Timeline, progress
from lab.ui.layout import duration


def began_words(queued: float, started: float | None, status: str) -> str:
    """`24 Nov 12:05`: when training began; `queued 24 Nov 12:03` while it waits. Times in seconds since 1970."""
    if started is not None:
        return moment(started)
    return f"queued {moment(queued)}" if status == "queued" else "never"


def moment(seconds: float) -> str:
    """`24 Nov 12:05`, by this machine's clock."""
    return datetime.fromtimestamp(seconds).strftime("%d %b %H:%M")


def place_words(store: Store, run: Run) -> str:
    """Where and since when it runs or ran; for a queued run its place and about how long it waits."""
    if run.status != "queued":
        parts = (f"run {run.id}", run.hardware, f"began {moment(run.started)}" if run.started else "")
        return ", ".join(part for part in parts if part)
    ahead = store.queue_position(run.id)
    since = "waits to go on" if run.started else f"queued {moment(run.created)}"
    words = f"run {run.id}, {since}, " + (f"{ahead} more before it in the queue" if ahead else "next on this device")
    seconds = _waiting_seconds(store, run)
    return words if seconds is None else f"{words}, begins in about {duration(seconds)}"


def _waiting_seconds(store: Store, run: Run) -> float | None:
    """The live run's time left, and its time an epoch for every epoch queued before `run`; None if not yet known."""
    others = [other for other in store.runs() if other.id != run.id]
    live = next((other for other in others if other.status in LIVE), None)
    if live is None:
        return None
    state = progress(Timeline.of(kept.event for kept in store.events_after(live.id)))
    if state is None or state.seconds_left is None:
        return None
    left_epochs = (1 - state.share) * state.epochs
    queued = sum(other.config.epochs for other in others if other.status == "queued" and other.id < run.id)
    return state.seconds_left * (1 + queued / left_epochs) if left_epochs else state.seconds_left


def progress_words(state: Progress) -> str:
    """`Epoch 2 of 15, batch 300 of 938 · 9,000 images a second · 1 min 20 s left`."""
    words = f"Epoch {state.epoch} of {state.epochs}, batch {state.batch:,} of {state.batches:,}"
    if state.images_per_second:
        words += f" · {state.images_per_second:,.0f} images a second"
    return words + (f" · {duration(state.seconds_left)} left" if state.seconds_left is not None else "")


def ending_words(run: Run, epochs: int) -> str:
    """Why an unfinished run ended, and what is left of it."""
    kept = "1 finished epoch is kept" if epochs == 1 else f"{epochs} finished epochs are kept"
    reason = run.reason or "It was interrupted, and nobody said why."
    return f"{reason} Its {kept}; Resume goes on from there."
