"""What a browser session holds: the draft, the run it looks at, the events it has fetched, the runs it has ticked,
its guesses, the answer to a click that came too late.

Beside these there are only the values of widgets. Everything else is in the store.
"""

from __future__ import annotations

import streamlit as st

from lab.address import ADDRESSED, STEP, STEP_AT_FIRST, from_address, to_address
from lab.config import ConfigError, RunConfig
from lab.guess import GUESSES
from lab.run_number import run_number
from lab.steps import step
from lab.store import Store, open_store
from lab.ui.addressed import is_new, page_shown, say_not_here
from lab.ui.draft import Draft

DRAFT, RUN, EVENTS, TICKED, GUESSED, TOO_LATE = "draft", "run", "events", "ticked", "guessed", "too_late"
OPENED, OWN_DRAFT, ADDRESS_PROBLEM, HIDDEN = "opened", "own_draft", "address_problem", "hidden"
CHOSEN = "draft_chosen"
SAY_THE_DRAFT = ("Train", "Layers")
"""The pages whose address says it; elsewhere a step in it is what the page shows."""

MOST_COMPARED = 10_000
"""Characters of an address that are read for the runs to compare: of more than a thousand runs."""
FEW = 3
"""Words of it that are no runs and are named."""


def the_store() -> Store:
    """The store that this page reads.

    Raises:
        StoreError: it cannot be opened; `lab.ui.errors` makes a sentence of it.
    """
    return open_store()


def draft() -> Draft:
    """What Start would train; for a new visitor what the address says, else the usual step."""
    if DRAFT not in st.session_state:
        problem, config = None, None
        try:
            config = from_address(st.query_params.to_dict())
        except ConfigError as error:
            problem = f"The settings in the address are not used: {error}"
        st.session_state[DRAFT] = Draft(config=config or step(STEP_AT_FIRST).config)
        st.session_state[CHOSEN] = bool(config or problem) and page_shown() in SAY_THE_DRAFT
        st.session_state[ADDRESS_PROBLEM] = problem
    held: Draft = st.session_state[DRAFT]
    return held


def draft_so_far() -> Draft:
    """The draft; the usual step where this visitor has none yet, and still has none then."""
    held: Draft = st.session_state.get(DRAFT) or Draft(config=step(STEP_AT_FIRST).config)
    return held


def is_untouched() -> bool:
    """Whether this visitor has no draft yet."""
    return DRAFT not in st.session_state


def is_chosen() -> bool:
    """Whether the draft was set by this visitor or by a link, and is not just what a session begins with."""
    return bool(st.session_state.get(CHOSEN, False))


def leave_draft_as_it_is() -> None:
    """Take what the session has begun with for chosen."""
    st.session_state[CHOSEN] = True


def set_draft(changed: Draft) -> None:
    """Replace the draft as a whole: it is one's own from now on."""
    st.session_state[DRAFT] = changed
    st.session_state[CHOSEN] = True
    st.session_state.pop(OWN_DRAFT, None)
    st.session_state.pop(ADDRESS_PROBLEM, None)


def address_problem() -> str | None:
    """Why the settings in the address are not used, until something is set; None where they are, or there are none."""
    draft()  # which reads them
    problem: str | None = st.session_state.get(ADDRESS_PROBLEM)
    return problem


def show_draft_in_address() -> None:
    """Have the address say what Start would train: it outlives a reload, and a link carries it."""
    before = st.query_params.to_dict()
    after = {name: text for name, text in before.items() if name not in ADDRESSED} | to_address(draft().config)
    if after != before:
        st.query_params.from_dict(after)  # at once: the browser hears of each change


def use_settings(config: RunConfig) -> None:
    """Make a config the draft; what was wrong with the last one is forgotten."""
    set_draft(Draft(config=config))


def chosen_run() -> int | None:
    """The run this session looks at: from the address where that is visited (a refresh is a visit), or the session."""
    address = st.query_params.get("run") if is_new("run") else None
    if address is not None:
        number = run_number(address)
        if number is None:
            del st.query_params["run"]
            st.warning("The address has a run number that cannot exist. The Runs page lists all runs.")
        else:
            if st.session_state.get(RUN) != number and (RUN in st.session_state or STEP not in st.query_params):
                st.session_state[OPENED] = number  # by a link; with a step in it, it carries a draft as well
            st.session_state[RUN] = number
            _guess_from_the_address(number)
    run: int | None = st.session_state.get(RUN)
    return run


def open_run(run_id: int) -> None:
    """Look at a run that is there already: with its settings (`lab.ui.opened`)."""
    st.session_state[OPENED] = run_id
    choose_run(run_id)


def choose_run(run_id: int | None) -> None:
    """Look at another run, or at none."""
    st.session_state[RUN] = run_id
    if run_id is None:
        st.query_params.pop("run", None)
    else:
        st.query_params["run"] = str(run_id)
        guess = guess_of(run_id)
        if guess is None:
            st.query_params.pop("guess", None)
        else:
            st.query_params["guess"] = str(guess)


def guess_of(run_id: int) -> int | None:
    """What was said of a run before it began, by its place among `GUESSES`; None where nothing was."""
    guess: int | None = st.session_state.get(GUESSED, {}).get(run_id)
    return guess


def keep_guess(run_id: int, guess: int) -> None:
    """Remember it for the session; the address of the run's page carries it, too."""
    st.session_state.setdefault(GUESSED, {})[run_id] = guess
    st.query_params["guess"] = str(guess)


def _guess_from_the_address(run_id: int) -> None:
    guess = st.query_params.get("guess", "")
    if guess in map(str, range(len(GUESSES))):
        st.session_state.setdefault(GUESSED, {}).setdefault(run_id, int(guess))


def ticked_runs() -> tuple[int, ...]:
    """The ids of the runs that are ticked on the Runs page: for a new visitor those of the address."""
    if TICKED not in st.session_state:
        told = _asked_to_compare()
        odd = [text for text in told if text and run_number(text) is None]
        if odd:
            say_not_here(odd[:FEW], "run")
        numbers = map(run_number, told)
        st.session_state[TICKED] = tuple(dict.fromkeys(number for number in numbers if number is not None))
    ids: tuple[int, ...] = st.session_state[TICKED]
    return ids


def _asked_to_compare() -> list[str]:
    """The runs that the address names, each as a whole: the first digits of a number would be another run."""
    told = st.query_params.get("compare", "")
    if len(told) > MOST_COMPARED:
        told = told[:MOST_COMPARED].rpartition(",")[0]
        st.warning("The address asks for more runs than it can name. Those at its end are left out.")
    return told.split(",")


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
    for kept in (EVENTS, GUESSED):
        st.session_state.get(kept, {}).pop(run_id, None)
    tick_runs(tuple(ticked for ticked in ticked_runs() if ticked != run_id))
    if chosen_run() == run_id:
        choose_run(None)
