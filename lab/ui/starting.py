"""Where a run starts: Quick, or whole, and about how long each will take on this machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

import streamlit as st

from lab.address import STEP_AT_FIRST
from lab.config import RunConfig
from lab.describe import describe_extent
from lab.number_words import unbroken
from lab.quick import as_it_is, full, quick
from lab.standing import about
from lab.steps import STEPS, step
from lab.time_ahead import seconds_foreseen
from lab.ui.addressed import asked, one_of, say
from lab.ui.choice import shown
from lab.ui.draft import Draft
from lab.ui.guessing import ask_guess, take_guess
from lab.ui.navigation import go
from lab.ui.readiness import start_problems
from lab.ui.repeating import offer_other_seed, repeated
from lab.ui.state import choose_run, draft, set_draft, the_store
from lab.ui.text import plain

Change = Callable[[RunConfig], RunConfig]
STEP, CHOSEN_STEP, STARTED = "step", "chosen-step", "just-started"
DOUBLE_SECONDS = 5
"""Within them the same start is the same click: a page of a busy machine has not answered before."""
QUICK_HELP = (
    "Trains in the background, within seconds: few images, in small batches. Compare it only with other quick runs."
)
FULL_HELP = (
    "Trains in the background, as long as the published run. Seed, device, precision, computation, evaluation and "
    "measuring stay as you set them on the Train page. Your epochs and training images are not used here."
)


def chosen_step() -> int:
    """The step that the first page and Steps speak of: what is chosen on one is the other's too."""
    wanted = asked(STEP, one_of([preset.number for preset in STEPS]), usual=STEP_AT_FIRST)
    if wanted is not None:
        keep_step(wanted)
    number: int = st.session_state.get(STEP, STEP_AT_FIRST)
    say(STEP, str(number), usual=str(STEP_AT_FIRST))
    return number


def keep_step(number: int) -> None:
    """Speak of another step from now on."""
    st.session_state[STEP] = number


def choose_step() -> int:
    """The steps to choose from, by name; returns the one that is chosen."""
    number: int = shown(
        st.segmented_control,
        CHOSEN_STEP,
        chosen_step(),
        "Step",
        [preset.number for preset in STEPS],
        format_func=lambda value: f"{value}. {step(value).name}",
        on_change=lambda: keep_step(st.session_state[CHOSEN_STEP]),
        label_visibility="collapsed",
        required=True,
    )
    return number


def offer_step(number: int, clicked: Callable[[], int | None]) -> None:
    """Quick and Full of a step; a click starts the run and leads to where it is watched.

    `clicked`: the step that was chosen since the page was drawn, for a click that came before it is drawn anew.
    """
    whole = _whole(number)
    problems = start_problems(whole)
    button: dict[str, Any] = {"width": "stretch", "on_click": _start_and_go, "disabled": bool(problems)}
    ask_guess()
    quickly, wholly = st.columns(2)
    quickly.button("Quick", type="primary", help=QUICK_HELP, args=(clicked, quick), **button)
    wholly.button("Full", help=FULL_HELP, args=(clicked, as_it_is), **button)
    say_extents({"Quick": quick(whole.config), "Full": whole.config}, problems)


def _whole(number: int) -> Draft:
    held = draft().with_step(number)
    return replace(held, config=full(held.config))


def clicked_step() -> int | None:
    """What the steps to choose from say now."""
    number: int | None = st.session_state.get(CHOSEN_STEP)
    return number


def say_extents(runs: Mapping[str, RunConfig], problems: Sequence[str]) -> None:
    """What each button trains or repeats, and about how long that takes here; or why none can be pressed.

    The one in the other's place, and room for the other seed that one may want: what follows stays where it is, and
    with it the field that one is typing into.
    """
    with st.container(key="extents", gap=None):  # always there, whatever is in it: the open tab below stays open
        for problem in problems:
            st.error(plain(problem))
        if not problems:
            twins = repeated(the_store(), runs)
            st.caption(_extents(runs, twins))
            if twins:
                offer_other_seed(the_store(), runs)


def _extents(runs: Mapping[str, RunConfig], twins: Mapping[str, str]) -> str:
    lines = []
    for label, config in runs.items():
        seconds = seconds_foreseen(the_store(), config)
        here = "" if seconds is None else f", about {about(seconds)} on this machine"
        what = twins.get(label) or describe_extent(config)
        lines.append(f"**{label}:** {what}{here}.")
    return unbroken("  \n".join(lines))


def start(what: Draft, change: Change = as_it_is) -> bool:
    """Queue what Start would train, changed so, and watch it; nothing where it cannot be trained."""
    ready = replace(what, config=change(what.config))
    if start_problems(ready):
        return False
    watch(ready.config, lambda: [the_store().submit(ready.config)])
    return True


def watch(what: object, begin: Callable[[], Sequence[int]]) -> None:
    """Watch the first of the runs that `begin` queues; the guess was about all of them.

    The same once more so soon is no second start: a double click, or another one before the page has answered.
    """
    before: _Start | None = st.session_state.get(STARTED)
    if before and before.what == what and before.is_fresh():
        choose_run(before.run)
        return
    first, *others = begin()
    st.session_state[STARTED] = _Start(what, first, monotonic())
    choose_run(first)
    take_guess(first, *others)


@dataclass(frozen=True)
class _Start:
    what: object
    run: int
    at: float

    def is_fresh(self) -> bool:
        """Whether its run is still live, and was begun just now: one that has ended may be meant to begin anew."""
        return monotonic() - self.at < DOUBLE_SECONDS and any(run.id == self.run for run in the_store().active())


def _start_and_go(clicked: Callable[[], int | None], change: Change) -> None:
    number = clicked()
    if number is not None:
        keep_step(number)
    wanted = _whole(st.session_state.get(STEP, STEP_AT_FIRST))
    if start(wanted, change):
        set_draft(wanted)
        go("train")
