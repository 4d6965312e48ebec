"""Where a run stands, in the words and figures that pages show of it and that change while it trains.

Plain values: the page draws them, and the live channel sends them when they have changed.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from lab.analysis import RunSummary, gap, wrong_images
from lab.config import RunConfig
from lab.number_words import NO_BREAK, signed, unbroken
from lab.scorecard import scorecard
from lab.timeline import Timeline, progress

Words = dict[str, str]
"""What stands in the places of a page whose text changes, by the name of the place."""


def whereabouts(run: RunSummary) -> str:
    """Which run it is and when it started; of one that has not, when it was queued."""
    if run.started is None:
        return f"run {run.run}, queued {moment(run.queued)}"
    return f"run {run.run}, started {moment(run.started)}"


def hardware(run: RunSummary) -> str:
    """What it runs or ran on."""
    return run.hardware or ("none: it never began" if run.is_over else "not known yet")


def figures(run: RunSummary) -> Words:
    """The figures of a run so far; dashes before its first epoch."""
    last, best, over = run.last, run.best, gap(run.last)
    said = {
        "best": f"{best.test_accuracy:.2f} %" if best else "–",
        "last": f"{last.test_accuracy:.2f} %" if last else "–",
        "wrong": f"{wrong_images(last):,}" if last else "–",
        "gap": "–" if over is None else f"{signed(over)} points",
        "epoch-takes": duration(last.seconds) if last else "–",
    }
    return {place: unbroken(words) for place, words in said.items()}


def details(run: RunSummary) -> Words:
    """The details of the lines of the run's scorecard, in their order."""
    return {f"check-{number}": unbroken(check.detail) for number, check in enumerate(scorecard(run))}


def told_aloud(run: RunSummary) -> str:
    """What is said of the newest epoch to who does not see the page."""
    last = run.last
    if last is None:
        return ""
    return f"Epoch {last.epoch} of {run.config.epochs}: {run.evaluated} accuracy {last.test_accuracy:.2f} %"


def movement(timeline: Timeline, config: RunConfig, seconds_left: float | None) -> dict[str, Any] | None:
    """Where a run is and how fast, for a browser that goes on from there; None before it has started.

    `seconds_left` as of the newest event.
    """
    state = progress(timeline)
    if state is None or timeline.started is None:
        return None
    speed = state.images_per_second
    if speed is not None and not 0 < speed < math.inf:
        speed = None
    return {
        "epochs": state.epochs,
        "batches": state.batches,
        "epoch": state.epoch,
        "batch": state.batch,
        "images": speed,
        "rate": speed / timeline.started.batch_size if speed else None,
        "left": seconds_left,
        "testing": config.images_read(state.epoch) if state.testing else 0,
        "paused": timeline.paused,
    }


def waiting_words(device: str, before: int, seconds: float | None, goes_on: bool) -> str:
    """`2 runs before it on cpu, starts in about 9 s`."""
    place = f"{before} {'run' if before == 1 else 'runs'} before it on {device}" if before else f"Next on {device}"
    verb = "continues" if goes_on else "starts"
    return place if seconds is None else f"{place}, {verb} in about {duration(seconds)}"


def moment(seconds: float) -> str:
    """`24 Nov 12:05`, by this machine's clock, of a time in seconds since 1970."""
    return datetime.fromtimestamp(seconds).strftime("%d %b %H:%M")


def about(seconds: float) -> str:
    """`9 s`, `21 min`, `1 h 5 min`: a duration that is only foreseen."""
    if round(seconds) < 60:
        return duration(seconds)
    return duration(60 * round(seconds / 60)).removesuffix(f"{NO_BREAK}0{NO_BREAK}s")


def duration(seconds: float) -> str:
    """`48 s`, `3 min 20 s`, `1 h 5 min`, on one line."""
    whole = round(seconds)
    if whole < 60:
        said = f"{whole} s"
    else:
        minutes, rest = divmod(whole, 60)
        said = f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
    return said.replace(" ", NO_BREAK)
