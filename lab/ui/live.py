"""The live view of one run: where it stands, its curves, its scorecard and, at the end, what it shows.

A fragment asks the store again and again while the run is live (`lab.ui.pace` says how often), and not afterwards.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import streamlit as st

from lab.analysis import RunSummary, gap, summarize, wrong_images
from lab.config import RunConfig
from lab.curves import MEASURED_CURVE, accuracy_figure, learning_rate_figure, loss_figure
from lab.events import Event
from lab.findings import findings, scorecard
from lab.schedule import planned_learning_rates
from lab.steps import PublishedEpoch, published_epochs, step
from lab.store import ENDED, LIVE, Kept, Run, Store, StoreError
from lab.timeline import Timeline, epoch_seconds, progress
from lab.ui.chart import show_figure
from lab.ui.layout import duration
from lab.ui.pace import refresh_seconds
from lab.ui.run_words import ending_words, place_words, progress_words
from lab.ui.state import EVENTS, the_store
from lab.ui.text import plain

EARLY = 8
"""Points of a curve, of twenty an epoch, that are shown as they come: there the loss falls fastest."""
STATUS_COLOURS = {
    "queued": "gray",
    "running": "blue",
    "paused": "orange",
    "finished": "green",
    "stopped": "gray",
    "failed": "red",
    "interrupted": "orange",
}


def show_run(run_id: int) -> None:
    """Draw the run, and go on drawing it while it is live."""
    store = the_store()
    try:
        run = store.run(run_id)
        pace = pace_of(run, Timeline.of(_events(store, run_id)))
    except StoreError as error:
        st.warning(plain(str(error)))
        return
    st.fragment(_view, run_every=pace)(run_id, pace)


def _view(run_id: int, pace: float | None) -> None:
    store = the_store()
    try:
        run = store.run(run_id)
        timeline = Timeline.of(_events(store, run_id))
    except StoreError as error:  # deleted in another tab, or the database went away: the next poll asks again
        st.warning(plain(str(error)))
        return
    if pace != pace_of(run, timeline):
        st.rerun()  # the whole page, so that refreshing starts, ends or changes its pace
    _head(store, run, timeline)
    summary = summarize(run, timeline.epochs)
    _figures(summary)
    _curves(run, timeline)
    _below(run, timeline, summary)


def pace_of(run: Run, timeline: Timeline) -> float | None:
    """Seconds between two refreshes; None for a run that has ended. Quick until a run trains as it was told to."""
    if run.status in ENDED:
        return None
    steady = run.status == "running" and run.command == "run" and len(timeline.windows) > EARLY
    return refresh_seconds((steady and epoch_seconds(timeline)) or 0.0)


def _events(store: Store, run_id: int) -> list[Event]:
    """All events of the run; a session fetches each only once."""
    fetched: dict[int, list[Kept]] = st.session_state.setdefault(EVENTS, {})
    events = fetched.setdefault(run_id, [])
    events += store.events_after(run_id, events[-1].id if events else 0)
    return [kept.event for kept in events]


def _head(store: Store, run: Run, timeline: Timeline) -> None:
    title, *buttons = st.columns([5, 1.2, 1.2], vertical_alignment="center")
    colour = STATUS_COLOURS[run.status]
    words = f"**{plain(run.name)}** &nbsp; :{colour}-badge[{run.status}] &nbsp; {plain(place_words(store, run))}"
    title.markdown(words)
    _buttons(store, run, buttons)
    _state(run, timeline)


def _state(run: Run, timeline: Timeline) -> None:
    """How far it is, as a bar; why an unfinished run ended takes the bar's place."""
    state = progress(timeline)
    if run.status == "failed":
        st.error(plain(run.reason))
    elif run.status == "interrupted":
        st.warning(plain(ending_words(run, len(timeline.epochs))))
    elif run.status in LIVE and state is not None:
        st.progress(state.share, text=progress_words(state))
    else:
        done, planned = len(timeline.epochs), run.config.epochs
        spent = f" in {duration(sum(epoch.seconds for epoch in timeline.epochs))}" if done else ""
        st.progress(done / planned, text=f"{done} of {planned} epochs{spent}")


def _buttons(store: Store, run: Run, columns: list[Any]) -> None:
    """Pause or go on, and stop; for an unfinished run that has ended, resume in the place of stop.

    Each says which attempt of the run was seen, so that a click that comes late does nothing to a later one.
    """
    first, second = columns
    if run.status in LIVE:
        label, command = ("Go on", "run") if run.command == "pause" else ("Pause", "pause")
        first.button(label, key="pause", width="stretch", on_click=store.send, args=(run.id, command, run))
    last: dict[str, Any] = {"key": "stop-or-resume", "width": "stretch"}
    if run.resumable:
        words = "Go on after the last finished epoch."
        second.button("Resume", **last, help=words, on_click=_resume, args=(store, run))
    elif run.status not in ENDED:
        words = "End the run; its finished epochs are kept."
        second.button("Stop", **last, help=words, on_click=store.send, args=(run.id, "stop", run))


def _resume(store: Store, run: Run) -> None:
    with suppress(StoreError):  # another tab has resumed or deleted it: the next drawing shows it as it is
        store.requeue(run.id, seen=run)


def _figures(run: RunSummary) -> None:
    """The figures of the run so far, in one line."""
    last, best, name = run.last, run.best, run.evaluated.capitalize()
    columns = st.columns(5)
    columns[0].metric(f"{name}, best", f"{best.test_accuracy:.2f} %" if best else "–")
    columns[1].metric(f"{name}, last", f"{last.test_accuracy:.2f} %" if last else "–")
    columns[2].metric("Wrong of 10,000", f"{wrong_images(last)}" if last else "–")
    over = gap(last)
    words = "–" if over is None else f"{over:+.2f} points"
    columns[3].metric(f"Train − {run.evaluated}", words, help=_gap_help(run))
    columns[4].metric("An epoch takes", duration(last.seconds) if last else "–")


def _gap_help(run: RunSummary) -> str:
    return (
        f"Accuracy on training images minus {run.evaluated} accuracy, both measured alike after the epoch. Well above "
        "zero means overfitting. A dash: this run was not measured on its training images."
    )


def _curves(run: Run, timeline: Timeline) -> None:
    published, whole = st.columns(2)
    known = published_epochs(run.step) if run.step else ()
    with published:
        label = "Published curve (one seed)" if known else "Published curve: none for this config"
        dotted = st.toggle(label, value=True, key="published", disabled=not known)
    with whole:
        whole_range = st.toggle("Accuracy from 0 to 100 %", key="whole-range")
    draw_curves(timeline, run.config, known if dotted else (), whole_range)


def draw_curves(
    timeline: Timeline, config: RunConfig, published: tuple[PublishedEpoch, ...], whole_range: bool = False
) -> None:
    """Loss and accuracy side by side on one epoch axis."""
    left, right = st.columns(2)
    with left:
        show_figure(loss_figure(timeline, config, published), "loss")
    with right:
        show_figure(accuracy_figure(timeline, config, published, whole_range), "accuracy")
    if config.measure_training:
        st.caption(_two_curves(config))


def _two_curves(config: RunConfig) -> str:
    """What the difference between the two training curves is."""
    return (
        "**train** is measured while the network trains: dropout and augmentation are on, and every batch changes the "
        f"network. **{MEASURED_CURVE}** is measured after each epoch, on 10,000 training images as they are, with "
        f"dropout off. That is how **{config.evaluate_on}** is measured, so these two may be compared: the gap between "
        "them is what the network knows by heart."
    )


def _below(run: Run, timeline: Timeline, summary: RunSummary) -> None:
    """The learning rate beside the scorecard and, once the run has ended, its findings."""
    left, right = st.columns(2)
    with left:
        reached = timeline.position(timeline.windows[-1]) if timeline.windows else 0
        show_figure(learning_rate_figure(planned_learning_rates(run.config), run.config.epochs, reached), "rate")
    with right:
        _scorecard(summary)
    if run.status in ENDED:
        _findings(summary)


_MARKS = {
    "met": ":green[✓ met]",
    "missed": ":red[✗ missed]",
    "open": ":gray[… open]",
    "not judged": ":gray[– not judged]",
}


def _scorecard(run: RunSummary) -> None:
    st.markdown("**The published target**")
    for check in scorecard(run):
        st.markdown(f"{_MARKS[check.state]} &nbsp; {check.claim}: {check.detail}")


def _findings(run: RunSummary) -> None:
    found = findings(run)
    if not found:
        return
    mine, theirs = st.columns(2)
    with mine:
        st.markdown("**What this run shows**")
        for finding in found:
            st.markdown(finding.sentence)
            st.caption(finding.rule)
    preset = step(run.step) if run.step else None
    if preset is not None and preset.published_findings:
        with theirs:
            st.markdown("**What the published run shows**")
            st.markdown(preset.published_findings)
            st.caption("One run with one seed. Another seed moves the final accuracy by about 0.05 points.")
