"""What a browser session holds: the draft config and the id of the run it looks at. Everything else is in the store."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from lab.config import ConfigError, RunConfig
from lab.run_number import run_number
from lab.steps import step
from lab.store import Store, open_store

DRAFT, RUN = "draft", "run"
VALUE_PROBLEM, NETWORK_PROBLEM = "value_problem", "network_problem"


def the_store() -> Store:
    """The store that this page reads.

    Raises:
        StoreError: it cannot be opened; `lab.ui.errors` makes a sentence of it.
    """
    return open_store()


def draft() -> RunConfig:
    """The config that Start would train; step 3 for a new visitor."""
    if DRAFT not in st.session_state:
        st.session_state[DRAFT] = step(3).config
    config: RunConfig = st.session_state[DRAFT]
    return config


def set_draft(config: RunConfig) -> None:
    """Replace the draft as a whole; what was wrong with the last one is forgotten."""
    st.session_state[DRAFT] = config
    st.session_state.pop(VALUE_PROBLEM, None)
    st.session_state.pop(NETWORK_PROBLEM, None)


def take_preset(number: int) -> None:
    """Make a step's recipe the draft; seed, and where and how it computes, stay as the user set them."""
    kept = draft()
    machine = {name: getattr(kept, name) for name in ("seed", "device", "precision", "engine")}
    set_draft(replace(step(number).config, **machine))


def change_draft(part: str | None, **changes: Any) -> None:
    """Change fields of the draft, or of its `part` (network, augmentation, optimizer, schedule).

    A value that no run can have leaves the draft as it was and is explained by `draft_problem`. A layer table that
    cannot be built stays a problem, whatever else is changed.
    """
    config = draft()
    try:
        if part is not None:
            changes = {part: replace(getattr(config, part), **changes)}
        st.session_state[DRAFT] = replace(config, **changes)
        st.session_state.pop(VALUE_PROBLEM, None)
    except ConfigError as error:
        st.session_state[VALUE_PROBLEM] = str(error)


def draft_problem() -> str | None:
    """Why the last change could not be made or the network cannot be built; None when Start may be pressed."""
    problem: str | None = st.session_state.get(NETWORK_PROBLEM) or st.session_state.get(VALUE_PROBLEM)
    return problem


def set_draft_problem(sentence: str) -> None:
    """Block Start because the edited layers cannot be built, until another draft is set."""
    st.session_state[NETWORK_PROBLEM] = sentence


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


def forget_run(run_id: int) -> None:
    """Look at this run no longer: it was deleted."""
    st.session_state.get("events", {}).pop(run_id, None)
    if chosen_run() == run_id:
        choose_run(None)
