"""The live view of one run: where it stands, its curves, its scorecard and, at the end, what it shows.

It is drawn for a click and for every state of the run. What moves in between, `lab.ui.channel` moves in the browser.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from html import escape
from typing import Any, Literal

import streamlit as st

from lab.analysis import RunSummary, summarize
from lab.config import RunConfig
from lab.curves import MEASURED_CURVE, SO_FAR, TRAIN_CURVE, accuracy_figure, learning_rate_figure, loss_figure
from lab.describe import curve_notes
from lab.findings import findings, scorecard
from lab.schedule import planned_learning_rates
from lab.standing import details, figures, whereabouts
from lab.steps import PublishedEpoch, published_epochs, step
from lab.store import ENDED, LIVE, Kept, Run, Store, StoreError
from lab.timeline import Timeline
from lab.ui.channel import follow, has_changed
from lab.ui.chart import Growing, show_figure
from lab.ui.layout import moving, show_figures
from lab.ui.run_words import ending_words, progress_words
from lab.ui.state import EVENTS, TOO_LATE, the_store
from lab.ui.text import plain
from lab.web import state_of

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
    """Draw the run. What moves of it is drawn by the browser; a click, or another state, has it drawn anew."""
    st.fragment(_view)(run_id)


def _view(run_id: int) -> None:
    if has_changed():
        st.rerun()  # the whole page
    if late := st.session_state.pop(TOO_LATE, None):
        st.toast(plain(late))
    store = the_store()
    try:
        run = store.run(run_id)
        kept = _events(store, run_id)
    except StoreError as error:  # deleted in another tab, or the database went away
        st.warning(plain(str(error)))
        return
    timeline = Timeline.of(one.event for one in kept)
    summary = summarize(run, timeline.epochs)
    _head(store, run, summary)
    _state(run, summary, cursor_of(kept))
    _figures(summary)
    growing = Growing(run=run.id, cursor=cursor_of(kept))
    _curves(run, timeline, growing)
    _below(run, timeline, summary, growing)


def cursor_of(kept: Sequence[Kept]) -> int:
    """The id of the newest of a run's events."""
    return kept[-1].id if kept else 0


def _events(store: Store, run_id: int) -> list[Kept]:
    """All events of the run; a session fetches each only once."""
    fetched: dict[int, list[Kept]] = st.session_state.setdefault(EVENTS, {})
    events = fetched.setdefault(run_id, [])
    events += store.events_after(run_id, events[-1].id if events else 0)
    return events


def _head(store: Store, run: Run, summary: RunSummary) -> None:
    title, *buttons = st.columns([5, 1.2, 1.2], vertical_alignment="center")
    colour = STATUS_COLOURS[run.status]
    title.markdown(f"**{plain(run.name)}** &nbsp; :{colour}-badge[{run.status}]")
    title.html(f'<p class="whereabouts">{moving("whereabouts", whereabouts(summary))}</p>')
    _buttons(store, run, buttons)


def _state(run: Run, summary: RunSummary, cursor: int) -> None:
    """How far it is, as a bar; why an unfinished run ended takes the bar's place."""
    epochs = len(summary.epochs)
    if run.status == "failed":
        st.error(plain(run.reason))
    elif run.status == "interrupted":
        st.warning(plain(ending_words(run, epochs)))
    else:
        text = progress_words(run, summary.training_seconds, epochs)
        follow(run.id, state_of(run), cursor, text, epochs / run.config.epochs, ends=run.status in ENDED)


def _buttons(store: Store, run: Run, columns: list[Any]) -> None:
    """Pause or go on, and stop; for an unfinished run that has ended, resume in the place of stop.

    Each says which attempt of the run was seen, so that a click that comes late does nothing to a later one.
    """
    first, second = columns
    if run.status in LIVE:
        label, command = ("Go on", "run") if run.command == "pause" else ("Pause", "pause")
        first.button(label, key="pause", width="stretch", on_click=_tell, args=(store, run, command))
    last: dict[str, Any] = {"key": "stop-or-resume", "width": "stretch"}
    if run.resumable:
        words = "Go on after the last finished epoch."
        second.button("Resume", **last, help=words, on_click=_resume, args=(store, run))
    elif run.status not in ENDED:
        words = "End the run; its finished epochs are kept."
        second.button("Stop", **last, help=words, on_click=_tell, args=(store, run, "stop"))


def _tell(store: Store, run: Run, command: Literal["run", "pause", "stop"]) -> None:
    """A run that has ended or begun anew meanwhile takes no command that was drawn before: that is said."""
    if not store.send(run.id, command, seen=run):
        words = {"run": "Go on", "pause": "Pause", "stop": "Stop"}[command]
        st.session_state[TOO_LATE] = f"{words} came too late for {run.name}: it is shown as it is now."


def _resume(store: Store, run: Run) -> None:
    with suppress(StoreError):  # another tab has resumed or deleted it: the next drawing shows it as it is
        store.requeue(run.id, seen=run)


def _figures(run: RunSummary) -> None:
    """The figures of the run so far, in one line."""
    name, values = run.evaluated.capitalize(), figures(run)
    labels = {
        "best": f"{name}, best",
        "last": f"{name}, last",
        "wrong": "Wrong of 10,000",
        "gap": f"Train − {run.evaluated}",
        "epoch-takes": "An epoch takes",
    }
    show_figures({label: (place, values[place]) for place, label in labels.items()}, {labels["gap"]: _gap_help(run)})


def _gap_help(run: RunSummary) -> str:
    return (
        f"Accuracy on training images minus {run.evaluated} accuracy, both measured alike after the epoch. Well above "
        "zero means overfitting. A dash: this run was not measured on its training images."
    )


def _curves(run: Run, timeline: Timeline, growing: Growing) -> None:
    published, whole = st.columns(2)
    known = published_epochs(run.step) if run.step else ()
    with published:
        label = "Published curve (one seed)" if known else "Published curve: none for this config"
        dotted = st.toggle(label, value=True, key="published", disabled=not known)
    with whole:
        whole_range = st.toggle("Accuracy from 0 to 100 %", key="whole-range")
    draw_curves(timeline, run.config, known if dotted else (), whole_range, growing)
    for note in curve_notes(run.config):
        st.caption(note)


def draw_curves(
    timeline: Timeline,
    config: RunConfig,
    published: tuple[PublishedEpoch, ...],
    whole_range: bool = False,
    growing: Growing | None = None,
) -> None:
    """Loss and accuracy side by side on one epoch axis; they grow with the run that `growing` names."""
    curves = (TRAIN_CURVE, MEASURED_CURVE, config.evaluate_on)
    axis = int(bool(published))
    left, right = st.columns(2)
    with left:
        loss = growing and replace(growing, chart="loss", curves=curves, axis=axis)
        show_figure(loss_figure(timeline, config, published), "loss", loss)
    with right:
        accuracy = growing and replace(growing, chart="accuracy", curves=curves, axis=None if whole_range else axis)
        show_figure(accuracy_figure(timeline, config, published, whole_range), "accuracy", accuracy)


def _below(run: Run, timeline: Timeline, summary: RunSummary, growing: Growing) -> None:
    """The learning rate beside the scorecard and, once the run has ended, its findings."""
    left, right = st.columns(2)
    with left:
        reached = timeline.position(timeline.windows[-1]) if timeline.windows else 0
        figure = learning_rate_figure(planned_learning_rates(run.config), run.config.epochs, reached)
        show_figure(figure, "rate", replace(growing, chart="rate", curves=(SO_FAR,)))
    with right:
        _scorecard(summary)
    if run.status in ENDED:
        _findings(summary)


_MARKS = {
    "met": ("✓ met", "green"),
    "missed": ("✗ missed", "red"),
    "open": ("… open", "gray"),
    "not judged": ("– not judged", "gray"),
}


def _scorecard(run: RunSummary) -> None:
    """The target, line by line; only the details of a line change while the run trains."""
    st.markdown("**The published target**")
    places = details(run)
    lines = []
    for check, (place, detail) in zip(scorecard(run), places.items(), strict=True):
        words, colour = _MARKS[check.state]
        mark = f'<span style="color: var(--st-{colour}-text-color)">{words}</span>'
        lines.append(f"<p>{mark} &nbsp; {escape(check.claim)}: {moving(place, detail)}</p>")
    st.html(f'<div class="checks">{"".join(lines)}</div>')


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
