"""Fork from here: a run goes on from one of its epochs with the settings on the left, as a run of its own."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from lab.changes import changes
from lab.forking import fork_problem
from lab.store import ENDED, Store, StoreError
from lab.ui.choice import shown
from lab.ui.fields import take_all_typed
from lab.ui.readiness import start_problems
from lab.ui.sections import expander
from lab.ui.starting import watch
from lab.ui.state import draft
from lab.ui.text import plain

FORK_HELP = (
    "A new run continues from the weights of this run after that epoch, with your settings: for example a lower "
    "learning rate, or no dropout. The optimiser starts again from zero. This run does not change."
)
CHOSEN = "fork_epochs"
NOTHING_CHANGED = (
    "Your settings are the same as those of this run, so only its optimiser starts again from zero. To see what a "
    "setting does, change one first, such as the learning rate."
)
NO_EPOCH = "This run has no finished epoch yet. Open this section again after its first epoch."


def offer_fork(store: Store, run_id: int) -> None:
    """Which epoch, what is changed, and the button; nothing for a run that ended without an epoch or cannot be read.

    Of a run that trains it is there from the beginning: no epoch has the page drawn anew, but opening this does.
    """
    try:
        run, epochs = store.run(run_id), store.checkpoint_epochs(run_id)
    except StoreError:  # the view above says why
        return
    if not epochs and run.status in ENDED:
        return
    with expander("fork", "Fork from here", icon=":material/call_split:"):
        if not epochs:
            st.caption(NO_EPOCH)
            return
        config = draft().config
        epoch = epochs[0]
        if len(epochs) > 1:
            epoch = _choose_epoch(run_id, epochs, config.epochs)
        problem = fork_problem(run.config, epoch, config)
        if problem is None:
            st.markdown("  \n".join(map(plain, changes(run.config, config))) or NOTHING_CHANGED)
        for sentence in [*filter(None, [problem]), *start_problems(draft())]:
            st.caption(plain(sentence))
        st.button(
            f"Fork after epoch {epoch}",
            on_click=_fork,
            args=(store, run_id, epoch),
            disabled=problem is not None or bool(start_problems(draft())),
            help=FORK_HELP,
        )


def _choose_epoch(run_id: int, epochs: Sequence[int], planned: int) -> int:
    """The one that was chosen for this run; until then the last from which `planned` epochs leave something to do."""
    chosen: dict[int, int] = st.session_state.setdefault(CHOSEN, {})
    before_its_end = [epoch for epoch in epochs if epoch < planned] or epochs
    wanted = chosen.get(run_id, before_its_end[-1])
    key = f"fork-epoch-{run_id}"

    def choose() -> None:
        chosen[run_id] = st.session_state[key]

    first = wanted if wanted in epochs else before_its_end[-1]
    epoch: int = shown(
        st.select_slider, key, first, "Continue after epoch", options=epochs, on_change=choose, help=FORK_HELP
    )
    return epoch


def _fork(store: Store, run_id: int, epoch: int) -> None:
    """Queue the fork and watch it, unless something typed just before the click is refused."""
    take_all_typed()
    if not start_problems(draft()):
        config = draft().config
        watch((run_id, epoch, config), lambda: [store.fork(run_id, epoch, config)])
