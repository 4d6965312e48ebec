"""A run that is live, mentioned on every page but the one where it is watched.

It stands in the bar at the top, beside the menu: there it moves nothing of the page when it comes or goes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress

import streamlit as st

from lab.store import ENDED, Active, Run, Store, StoreError
from lab.ui.channel import follow
from lab.ui.navigation import page
from lab.ui.state import chosen_run, open_run, the_store
from lab.ui.text import plain
from lab.web import state_of

WATCH = "Watch it."
WORDS = {"running": "is training", "paused": "is paused", "queued": "waits for its turn"}
MORE = (("running", "is training", "are training"), ("paused", "is paused", "are paused"), ("queued", "waits", "wait"))


def run_to_watch(store: Store) -> int | None:
    """The run that Train shows: the chosen one, there or not; of a new session the newest live one, or the newest."""
    known = store.runs()
    chosen = chosen_run()
    if chosen is not None:
        return chosen
    live = (run.id for run in known if run.status not in ENDED)
    return next(live, known[0].id if known else None)


def mention_live_run(on_train: bool) -> None:
    """Which run is live, how far it is, and the way to it; how many more are; nothing of a run that this page shows."""
    with suppress(StoreError):  # which the page itself will say
        store = the_store()
        active = store.active()
        watched = run_to_watch(store) if active and on_train else None
        others = [run for run in active if run.id != watched]
        live = _foremost(others)
        if live is not None:
            more = Counter(run.status for run in others if run.id != live.id)
            _mention(store.run(live.id), _more_words(more), elsewhere=not on_train)


def _foremost(active: Sequence[Active]) -> Active | None:
    """The one that trains; else one that is paused, else the one whose turn is next."""
    order = list(WORDS)
    return min(active, key=lambda run: order.index(run.status), default=None)


def _more_words(more: Mapping[str, int]) -> str:
    """` (1 more is paused, 2 more wait)`, of runs by their status; nothing where there are none."""
    told = [
        f"{more[status]} more {one if more[status] == 1 else several}" for status, one, several in MORE if more[status]
    ]
    return f" ({', '.join(told)})" if told else ""


def _mention(run: Run, more: str, elsewhere: bool) -> None:
    """`elsewhere`: on another page than Train, so with its bar, of which a page can have but one.

    The name comes last: where there is no room for all of it, its end is left out.
    """
    words, icon = f"Run {run.id} {WORDS[run.status]}{more}: {plain(run.name)}", ":material/play_circle:"
    with st.container(key="live-run"):
        if elsewhere:
            there = {"run": str(run.id)}
            st.page_link(page("train"), label=words, icon=icon, query_params=there, help=WATCH)
            follow(run.id, state_of(run), 0)
        else:  # a link to the page that it stands on is no visit of it
            st.button(words, icon=icon, type="tertiary", on_click=open_run, args=(run.id,), help=WATCH)
