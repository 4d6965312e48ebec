"""Train: set up a run on the left, watch it on the right."""

import streamlit as st

from lab.steps import matching_step, published_epochs
from lab.store import ENDED
from lab.timeline import Timeline
from lab.ui.controls import choose_step, details, size_and_problems, toggles
from lab.ui.fields import take_all_typed
from lab.ui.layout import page_head, two_sides
from lab.ui.live import draw_curves, show_run
from lab.ui.navigation import page
from lab.ui.readiness import start_problems
from lab.ui.state import choose_run, chosen_run, draft, the_store

store = the_store()


def start() -> None:
    """Queue the draft and watch it, unless something typed just before the click is refused."""
    take_all_typed()
    if not start_problems(draft()):
        choose_run(store.submit(draft().config))


def run_to_show() -> int | None:
    """The chosen run; for a new session the newest live one, else the newest."""
    known = store.runs()
    chosen = chosen_run()
    if chosen is not None and any(run.id == chosen for run in known):
        return chosen
    live = (run.id for run in known if run.status not in ENDED)
    return next(live, known[0].id if known else None)


page_head("Train", "Set up a run, start it, and watch it learn.")
controls, watch = two_sides(right_first=True)
with controls:
    choose_step()
    toggles()
    ready = size_and_problems()
    st.button("Start training", type="primary", width="stretch", on_click=start, disabled=not ready)
    st.page_link(page("layers"), label="Edit the layers", icon=":material/layers:", help="Kernels, channels, pooling.")
    draw_what_needs_torch = details()

with watch:
    shown = run_to_show()
    if shown is not None:
        choose_run(shown)
        show_run(shown)
    else:
        config = draft().config
        preset = matching_step(config)
        st.info("No run yet. Choose a step on the left and press Start training: the curves grow here.")
        draw_curves(Timeline(), config, published_epochs(preset.number) if preset else ())

draw_what_needs_torch()
