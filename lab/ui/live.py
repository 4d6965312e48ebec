"""The live view of one run: where it stands, its curves, its scorecard and, at the end, what it shows.

It is drawn for a click and for every state of the run. What moves in between, `lab.ui.channel` moves in the browser.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from html import escape

import streamlit as st

from lab.analysis import RunSummary, summarize
from lab.config import TRAINING_IMAGES, RunConfig
from lab.curve_axis import guess_floor
from lab.curves import MEASURED_CURVE, SO_FAR, TRAIN_CURVE, accuracy_figure, learning_rate_figure, loss_figure
from lab.describe import curve_notes
from lab.evidence import one_seed_words, reference_pools
from lab.findings import findings
from lab.guess import Guess
from lab.number_words import unbroken
from lab.published import PublishedEpoch, published_epochs
from lab.schedule import rates_of_run
from lab.scorecard import scorecard
from lab.seeds import main_pool
from lab.standing import details, figures, hardware
from lab.steps import step
from lab.store import ENDED, Kept, Run, Store, StoreError
from lab.timeline import Timeline
from lab.ui.aloud import say_end
from lab.ui.channel import follow
from lab.ui.chart import Growing, show_figure
from lab.ui.choice import kept
from lab.ui.guessing import guessed, show_guess
from lab.ui.layout import moving, show_figures
from lab.ui.run_head import ending_sentences, show_head
from lab.ui.run_words import interrupted_words, progress_words
from lab.ui.sections import expander
from lab.ui.state import EVENTS, TOO_LATE, the_store
from lab.ui.text import plain
from lab.web import state_of


def show_run(run_id: int) -> None:
    """Draw the run. What moves of it is drawn by the browser; a click, or another state, has it drawn anew."""
    st.fragment(_view)(run_id)


def _view(run_id: int) -> None:
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
    show_head(store, run, summary)
    with st.container(key="standing"):  # as high while it trains as at the end: what is below stays where it is
        say_end(run.id, _end_aloud(run, summary))
        _state(run, summary, cursor_of(kept))
    with st.container():  # there from the beginning: an element more would have the charts made anew, their zoom lost
        show_guess(summary)
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


def _state(run: Run, summary: RunSummary, cursor: int) -> None:
    """How far it is, as a bar; what came of a run that has ended, or why it did, takes the bar's place."""
    epochs, (result, advice) = len(summary.epochs), ending_sentences(summary)
    if run.status == "failed":
        st.error(plain(f"{run.reason} {result} {advice}"))
    elif run.status == "interrupted":
        st.warning(plain(f"{interrupted_words(run, epochs)} {result} {advice}"))
    elif result:
        st.markdown(unbroken(f"**{plain(result)}** {plain(advice)}"))
    else:
        text = progress_words(run, summary.training_seconds, epochs)
        follow(run.id, state_of(run), cursor, text, epochs / run.config.epochs, ends=run.status in ENDED)


def _end_aloud(run: Run, summary: RunSummary) -> str:
    """What is said of its end; nothing of one that is live, or whose end is a box that a browser reads out itself."""
    if run.status not in ENDED or run.status in ("failed", "interrupted"):
        return ""
    result, advice = ending_sentences(summary)
    return f"{result} {advice}" if result else progress_words(run, summary.training_seconds, len(summary.epochs))


def _figures(run: RunSummary) -> None:
    """The figures of the run so far, in one line."""
    values = figures(run)
    labels = {
        "best": f"Best {run.evaluated} accuracy",
        "last": f"Last {run.evaluated} accuracy",
        "wrong": "Wrong of 10,000",
        "gap": f"Train − {run.evaluated}",
        "epoch-takes": "Last epoch took",
    }
    show_figures({label: (place, values[place]) for place, label in labels.items()}, {labels["gap"]: _gap_help(run)})


def _gap_help(run: RunSummary) -> str:
    return (
        f"Accuracy on training images minus {run.evaluated} accuracy, both measured in the same way after the epoch. "
        "Well above zero means overfitting. A dash means that the accuracy on training images was not measured."
    )


def _curves(run: Run, timeline: Timeline, growing: Growing) -> None:
    published, whole = st.columns(2)
    known = published_epochs(run.step) if run.step else ()
    with published:
        more = f", {TRAINING_IMAGES:,} images" if run.config.training_images < TRAINING_IMAGES else ""
        label = f"Published curve (one seed{more})" if known else "Published curve: none for these settings"
        dotted = kept("published", True, st.toggle, label, disabled=not known)
    with whole:
        whole_range = kept("whole-range", False, st.toggle, "Accuracy from 0 to 100 %")
    draw_curves(timeline, run.config, known if dotted else (), whole_range, growing, guessed(run.id))
    for note in curve_notes(run.config):
        st.caption(unbroken(note))


def draw_curves(
    timeline: Timeline,
    config: RunConfig,
    published: tuple[PublishedEpoch, ...],
    whole_range: bool = False,
    growing: Growing | None = None,
    guess: Guess | None = None,
) -> None:
    """Loss and accuracy side by side on one epoch axis; they grow with the run that `growing` names."""
    curves = (TRAIN_CURVE, MEASURED_CURVE, config.evaluate_on)
    axis = int(bool(published))
    left, right = st.columns(2)
    with left:
        loss = growing and replace(growing, chart="loss", curves=curves, axis=axis)
        show_figure(loss_figure(timeline, config, published), "loss", loss)
    with right:
        accuracy = growing and replace(
            growing,
            chart="accuracy",
            curves=curves,
            axis=None if whole_range else axis,
            least=None if guess is None else guess_floor(guess),
        )
        show_figure(accuracy_figure(timeline, config, published, whole_range, guess), "accuracy", accuracy)


def _below(run: Run, timeline: Timeline, summary: RunSummary, growing: Growing) -> None:
    """The learning rate beside the scorecard, once the run has ended its findings, and what few need to know."""
    left, right = st.columns(2)
    with left:
        rates = rates_of_run(run.config, timeline, run.parent_epoch)
        figure = learning_rate_figure(rates, run.config.epochs, timeline.reached)
        show_figure(figure, "rate", replace(growing, chart="rate", curves=(SO_FAR,)))
    with right:
        _scorecard(summary)
    if run.status in ENDED:
        _findings(summary)
    where = moving("hardware", hardware(summary))
    with expander("run-details", "Details", type="compact"):
        st.html(f'<p class="whereabouts">Hardware: {where}</p>')


_MARKS = {
    "met": "✓ met",
    "missed": "✗ missed",
    "open": "… not decided",
    "not judged": "– does not apply",
}


def _scorecard(run: RunSummary) -> None:
    """The target, line by line; only the details of a line change while the run trains."""
    st.markdown("**The published target**")
    places = details(run)
    lines = []
    for check, (place, detail) in zip(scorecard(run), places.items(), strict=True):
        words = _MARKS[check.state] + (" yet" if check.state == "open" and not run.is_over else "")
        mark = f'<span class="{check.state.replace(" ", "-")}">{words}</span>'
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
            with st.container(gap=None):  # the rule belongs to the sentence above it
                st.markdown(unbroken(finding.sentence))
                st.caption(unbroken(finding.rule))
    preset = step(run.step) if run.step else None
    if preset is not None and preset.published_findings:
        with theirs:
            st.markdown("**What the published run shows**")
            st.markdown(unbroken(preset.published_findings))
            st.caption(unbroken(one_seed_words(main_pool(reference_pools(), preset.number))))
