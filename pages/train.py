"""Train: set up a run on the left, watch it on the right."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from lab.config import RunConfig
from lab.published import published_epochs
from lab.quick import as_it_is, quick
from lab.steps import matching_step
from lab.timeline import Timeline
from lab.ui.controls import choose_step, details, size, toggles
from lab.ui.fields import take_all_typed
from lab.ui.forking import offer_fork
from lab.ui.guessing import ask_guess
from lab.ui.layout import page_head, two_sides
from lab.ui.lesson import keep_hidden_in_address, offer_lesson_link, shows
from lab.ui.live import draw_curves, show_run
from lab.ui.navigation import page
from lab.ui.opened import is_there, load_opened, offer_own_settings, say_that_none_is_there
from lab.ui.present import present_switch, presenting
from lab.ui.readiness import start_problems
from lab.ui.running import run_to_watch
from lab.ui.seeds import offer_seeds
from lab.ui.starting import QUICK_HELP, say_extents, start
from lab.ui.state import choose_run, draft, show_draft_in_address, the_store

store = the_store()


def start_draft(change: Callable[[RunConfig], RunConfig]) -> None:
    """Queue the draft or its quick run and watch it, unless something typed just before the click is refused."""
    take_all_typed()
    start(draft(), change)


def nothing() -> None:
    """What is left to draw where the controls are hidden."""


def set_up() -> Callable[[], None]:
    """The controls of the next run; returns what draws those parts of them that need torch."""
    offer_own_settings()
    if shows("step"):
        choose_step()
    if shows("switches"):
        toggles()
    size()
    problems = start_problems(draft())
    begin: dict[str, Any] = {"width": "stretch", "on_click": start_draft, "disabled": bool(problems)}
    if shows("guess"):
        ask_guess()
    whole, quickly = st.columns([1.6, 1])
    whole.button(
        "Start training",
        type="primary",
        args=(as_it_is,),
        help="Trains in the background with all your settings.",
        **begin,
    )
    extents = {"Start training": draft().config}
    if shows("quick"):
        quickly.button("Quick", args=(quick,), help=QUICK_HELP, **begin)
        extents["Quick"] = quick(draft().config)
    say_extents(extents, problems)
    if shows("seeds"):
        offer_seeds(store)
    if shows("layers"):
        st.page_link(
            page("layers"),
            label="Edit the layers",
            icon=":material/layers:",
            help="Change kernels, channels and pooling.",
        )
    offer_lesson_link()
    present_switch()
    return details() if shows("details") else nothing


is_large = presenting()
with st.container(key="train-title"):
    page_head("Train", "" if is_large else "Set up a run, start it, and watch the network learn.")
shown = run_to_watch(store)
load_opened(store)
show_draft_in_address()
keep_hidden_in_address()
if is_large:
    watch, draw_what_needs_torch = st.container(), nothing
else:
    controls, watch = two_sides(right_first=True)
    with controls:
        draw_what_needs_torch = set_up()

with watch:
    if shown is not None and is_there(store, shown):
        choose_run(shown)
        show_run(shown)
        if shows("fork") and not is_large:
            offer_fork(store, shown)
    elif shown is not None:
        say_that_none_is_there(shown)
    else:
        config = draft().config
        preset = matching_step(config)
        st.info("No run yet. Choose a step and press Start training. The curves will grow here.")
        with st.container(key="no-curves"):
            draw_curves(Timeline(), config, published_epochs(preset.number) if preset else ())

draw_what_needs_torch()
