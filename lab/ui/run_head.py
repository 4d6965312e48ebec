"""The head of the view of a run: its name and state, what it can be told to do, and what came of it at its end."""

from __future__ import annotations

from contextlib import suppress
from html import escape
from typing import Literal

import streamlit as st

from lab.analysis import RunSummary
from lab.ending import Ending, ending
from lab.standing import whereabouts
from lab.store import ENDED, LIVE, Run, Store, StoreError
from lab.ui.lesson import shows
from lab.ui.looking import offer_looks
from lab.ui.present import presenting
from lab.ui.run_words import progress_words
from lab.ui.state import TOO_LATE, draft, set_draft, use_settings
from lab.ui.text import plain

STATUS_COLOURS = {
    "queued": "gray",
    "running": "blue",
    "paused": "orange",
    "finished": "green",
    "stopped": "gray",
    "failed": "red",
    "interrupted": "orange",
}


def show_head(store: Store, run: Run, summary: RunSummary) -> None:
    """Name, state and whereabouts; beside them what the run can be told or, once it has ended, the ways on from it."""
    with st.container(key="run-head", horizontal=True, vertical_alignment="center"):
        with st.container(key="run-named", gap="xxsmall"):
            colour = STATUS_COLOURS[run.status]
            st.markdown(f"**{plain(run.name)}** &nbsp; :{colour}-badge[{run.status}]")
            if not presenting():  # there the curves need the height
                st.html(f'<p class="whereabouts">{escape(_whereabouts(run, summary))}</p>')
        with st.container(key="run-buttons", horizontal=True, horizontal_alignment="right"):
            _buttons(store, run, bool(summary.epochs))
            if run.status in ENDED:
                _ways_on(store, run, ending(summary))


def _whereabouts(run: Run, summary: RunSummary) -> str:
    """Which run it is and when it began; of one that is complete also how long it took: its bar is gone."""
    took = f", {progress_words(run, summary.training_seconds, len(summary.epochs))}" if summary.complete else ""
    return f"{whereabouts(summary)}{took}"


def ending_sentences(run: RunSummary) -> tuple[str, str]:
    """What came of a run that has ended, and what to do next; empty where its state says it all."""
    told = ending(run)
    if told is None:
        return "", ""
    return told.result, told.next if _leads_on(told) else ""


def _leads_on(told: Ending) -> bool:
    return told.step is None or shows("step")


def _ways_on(store: Store, run: Run, told: Ending | None) -> None:
    """To what it has learned, and to the next run."""
    if not presenting():
        offer_looks(store, run.id)
    if told is not None and told.step is not None and _leads_on(told):
        label, number = f"Set up step {told.step.number}", told.step.number
        st.button(label, key="next-step", on_click=_set_up, args=(number,))
    if told is not None and told.whole is not None:
        st.button("Set up the full run", key="full-run", on_click=use_settings, args=(told.whole,))


def _set_up(number: int) -> None:
    set_draft(draft().with_step(number))


def _buttons(store: Store, run: Run, has_an_epoch: bool) -> None:
    """Pause or resume, and stop; for an unfinished run that has ended, resume in the place of stop.

    Each says which attempt of the run was seen, so that a click that comes late does nothing to a later one.
    """
    if run.status in LIVE:
        label, command = ("Resume", "run") if run.command == "pause" else ("Pause", "pause")
        st.button(label, key="pause", on_click=_tell, args=(store, run, command))
    if run.resumable:
        words = "Continues after the last finished epoch." if has_an_epoch else "Starts it again from the beginning."
        st.button("Resume", key="stop-or-resume", help=words, on_click=_resume, args=(store, run))
    elif run.status not in ENDED:
        words = "Ends the run. Its finished epochs are kept."
        st.button("Stop", key="stop-or-resume", help=words, on_click=_tell, args=(store, run, "stop"))


def _tell(store: Store, run: Run, command: Literal["run", "pause", "stop"]) -> None:
    """A run that has ended or begun anew meanwhile takes no command that was drawn before: that is said."""
    if not store.send(run.id, command, seen=run):
        words = {"run": "Resume", "pause": "Pause", "stop": "Stop"}[command]
        st.session_state[TOO_LATE] = f"{words} came too late for {run.name}. The page shows what the run does now."


def _resume(store: Store, run: Run) -> None:
    with suppress(StoreError):  # another tab has resumed or deleted it: the next drawing shows it as it is
        store.requeue(run.id, seen=run)
