"""A run in words: when it began, what it waits for, how far it is, why it ended."""

from __future__ import annotations

from datetime import datetime

from lab.store import Ahead, Run, Store
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
    """Where and since when it runs or ran; for one that waits for its device its place and about how long it waits."""
    ahead = store.ahead(run.id)
    since = f"began {moment(run.started)}" if run.started else ""
    if ahead is None:
        return ", ".join(words for words in (f"run {run.id}", run.hardware, since) if words)
    first = since or f"queued {moment(run.created)}"
    before = f"{len(ahead.waiting)} more before it on {ahead.device}" if ahead.waiting else f"next on {ahead.device}"
    seconds = _waiting_seconds(store, ahead)
    begins = "" if seconds is None else f", {'goes on' if run.started else 'begins'} in about {duration(seconds)}"
    return f"run {run.id}, {first}, {before}{begins}"


def _waiting_seconds(store: Store, ahead: Ahead) -> float | None:
    """The time left of the run that trains, and its time an epoch for every epoch before; None if not yet known."""
    if ahead.training is None:
        return None
    state = progress(Timeline.of(kept.event for kept in store.events_after(ahead.training)))
    if state is None or state.seconds_left is None:
        return None
    left_epochs = (1 - state.share) * state.epochs
    waiting = sum(run.config.epochs for run in store.runs() if run.id in ahead.waiting) if ahead.waiting else 0
    return state.seconds_left * (1 + waiting / left_epochs) if left_epochs else state.seconds_left


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
    return f"{reason} Its {kept}" + ("; Resume goes on from there." if run.resumable else ".")
