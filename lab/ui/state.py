"""What a browser session holds: the draft, the run it looks at, the events it has fetched, the runs it has ticked,
the answer to a click that came too late.

Beside these there are only the values of widgets. Everything else is in the store.
"""

from __future__ import annotations

import streamlit as st

from lab.config import RunConfig
from lab.run_number import run_number
from lab.steps import step
from lab.store import Store, open_store
from lab.ui.draft import Draft

DRAFT, RUN, EVENTS, TICKED, TOO_LATE = "draft", "run", "events", "ticked", "too_late"

MOST_COMPARED = 1_000
"""Characters of an address that are read for the runs to compare."""


def the_store() -> Store:
    """The store that this page reads.

    Raises:
        StoreError: it cannot be opened; `lab.ui.errors` makes a sentence of it.
    """
    return open_store()


def draft() -> Draft:
    """What Start would train; step 3 for a new visitor."""
    if DRAFT not in st.session_state:
        set_draft(Draft(config=step(3).config))
    held: Draft = st.session_state[DRAFT]
    return held


def set_draft(changed: Draft) -> None:
    """Replace the draft as a whole."""
    st.session_state[DRAFT] = changed


def use_settings(config: RunConfig) -> None:
    """Make a config the draft; what was wrong with the last one is forgotten."""
    set_draft(Draft(config=config))


def chosen_run() -> int | None:
    """The run this session looks at: from the address (so that a refresh finds it again) or the session."""
    address = st.query_params.get("run")
    if address is not None:
        number = run_number(address)
        if number is None:
            del st.query_params["run"]
            st.warning("The address asks for a run with a number that none can have: Runs lists those there are.")
        else:
            st.session_state[RUN] = number
    run: int | None = st.session_state.get(RUN)
    return run


def choose_run(run_id: int | None) -> None:
    """Look at another run, or at none."""
    st.session_state[RUN] = run_id
    if run_id is None:
        st.query_params.pop("run", None)
    else:
        st.query_params["run"] = str(run_id)


def ticked_runs() -> tuple[int, ...]:
    """The ids of the runs that are ticked on the Runs page: for a new visitor those of the address."""
    if TICKED not in st.session_state:
        numbers = map(run_number, st.query_params.get("compare", "")[:MOST_COMPARED].split(","))
        st.session_state[TICKED] = tuple(number for number in numbers if number is not None)
    ids: tuple[int, ...] = st.session_state[TICKED]
    return ids


def tick_runs(ids: tuple[int, ...]) -> None:
    """Remember which runs are ticked."""
    st.session_state[TICKED] = ids


def show_ticked_in_address() -> None:
    """Have the address of the Runs page say which runs are ticked, so that it can be shared."""
    ticked = ",".join(str(number) for number in sorted(ticked_runs()))
    if ticked:
        st.query_params["compare"] = ticked
    else:
        st.query_params.pop("compare", None)


def forget_run(run_id: int) -> None:
    """Look at this run no longer: it was deleted."""
    st.session_state.get(EVENTS, {}).pop(run_id, None)
    tick_runs(tuple(ticked for ticked in ticked_runs() if ticked != run_id))
    if chosen_run() == run_id:
        choose_run(None)
