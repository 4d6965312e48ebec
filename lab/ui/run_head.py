"""The head of the view of a run: its name and state, what it can be told to do, and what came of it at its end."""

from __future__ import annotations

from contextlib import suppress
from html import escape
from typing import Any, Literal

import streamlit as st

from lab.analysis import RunSummary
from lab.ending import ending
from lab.number_words import unbroken
from lab.standing import whereabouts
from lab.store import ENDED, LIVE, Run, Store, StoreError
from lab.ui.lesson import shows
from lab.ui.present import presenting
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
    """Name, state and whereabouts, and the buttons."""
    with st.container(key="run-head"):
        title, *buttons = st.columns([5, 1.2, 1.2], vertical_alignment="center")
    colour = STATUS_COLOURS[run.status]
    with title, st.container(gap="xxsmall"):
        st.markdown(f"**{plain(run.name)}** &nbsp; :{colour}-badge[{run.status}]")
        if not presenting():  # there the curves need the height
            st.html(f'<p class="whereabouts">{escape(whereabouts(summary))}</p>')
    _buttons(store, run, buttons)


def show_ending(run: RunSummary) -> None:
    """What came of a finished run, and the way on."""
    told = ending(run)
    if told is None:
        return
    said, on = st.columns([4, 1.2], vertical_alignment="center")
    leads_on = told.step is None or shows("step")
    said.markdown(unbroken(f"**{plain(told.result)}** {plain(told.next) if leads_on else ''}"))
    if told.step is not None and leads_on:
        label, number = f"Set up step {told.step.number}", told.step.number
        on.button(label, key="next-step", width="stretch", on_click=_set_up, args=(number,))
    if told.whole is not None:
        on.button("Set up the full run", key="full-run", width="stretch", on_click=use_settings, args=(told.whole,))


def _set_up(number: int) -> None:
    set_draft(draft().with_step(number))


def _buttons(store: Store, run: Run, columns: list[Any]) -> None:
    """Pause or resume, and stop; for an unfinished run that has ended, resume in the place of stop.

    Each says which attempt of the run was seen, so that a click that comes late does nothing to a later one.
    """
    first, second = columns
    if run.status in LIVE:
        label, command = ("Resume", "run") if run.command == "pause" else ("Pause", "pause")
        first.button(label, key="pause", width="stretch", on_click=_tell, args=(store, run, command))
    last: dict[str, Any] = {"key": "stop-or-resume", "width": "stretch"}
    if run.resumable:
        words = "Continues after the last finished epoch."
        second.button("Resume", **last, help=words, on_click=_resume, args=(store, run))
    elif run.status not in ENDED:
        words = "Ends the run. Its finished epochs are kept."
        second.button("Stop", **last, help=words, on_click=_tell, args=(store, run, "stop"))


def _tell(store: Store, run: Run, command: Literal["run", "pause", "stop"]) -> None:
    """A run that has ended or begun anew meanwhile takes no command that was drawn before: that is said."""
    if not store.send(run.id, command, seen=run):
        words = {"run": "Resume", "pause": "Pause", "stop": "Stop"}[command]
        st.session_state[TOO_LATE] = f"{words} came too late for {run.name}. The page shows what the run does now."


def _resume(store: Store, run: Run) -> None:
    with suppress(StoreError):  # another tab has resumed or deleted it: the next drawing shows it as it is
        store.requeue(run.id, seen=run)
