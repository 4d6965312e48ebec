"""A run in words: when it began, how far it came, why it ended. What moves while it trains is in `lab.standing`."""

from __future__ import annotations

from lab.standing import duration, moment
from lab.store import Run


def began_words(queued: float, started: float | None, status: str) -> str:
    """`24 Nov 12:05`: when training began; `queued 24 Nov 12:03` while it waits. Times in seconds since 1970."""
    if started is not None:
        return moment(started)
    return f"queued {moment(queued)}" if status == "queued" else "never"


def progress_words(run: Run, seconds: float, epochs: int) -> str:
    """`3 of 15 epochs in 20 s`, of a run that has ended; of a fork also which of them its parent has trained."""
    took = f" in {duration(seconds)}" if epochs else ""
    before = f", {run.parent_epoch} of them before the fork" if run.parent_epoch else ""
    return f"{epochs} of {run.config.epochs} epochs{took}{before}"


def interrupted_words(run: Run, epochs: int) -> str:
    """Why an unfinished run ended, and what is left of it."""
    reason = run.reason or "It was interrupted, and the reason is not known."
    if not epochs:
        begins = " Resume starts it again from the beginning." if run.resumable else ""
        return f"{reason} It had not finished an epoch.{begins}"
    kept = "1 finished epoch is kept" if epochs == 1 else f"{epochs} finished epochs are kept"
    return f"{reason} Its {kept}" + (". Resume continues from there." if run.resumable else ".")
