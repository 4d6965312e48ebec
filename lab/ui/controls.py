"""The controls of the Train page: choose a step, toggle its parts, set everything else, start."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import streamlit as st

from lab.curves import learning_rate_figure
from lab.layers import ImpossibleNetwork, total_parameters
from lab.network_config import PARAMETER_BUDGET
from lab.schedule import planned_learning_rates
from lab.steps import DROPOUT, ROTATION, STEP_SCHEDULE, STEPS, matching_step, step
from lab.training_config import Augmentation
from lab.ui.chart import show_figure
from lab.ui.choice import shown
from lab.ui.digits import show_augmented_digits
from lab.ui.draft import STEP_RULE
from lab.ui.fields import field, slider, switch
from lab.ui.layout import budget_bar
from lab.ui.run_controls import device_field, run_fields
from lab.ui.sections import tabs
from lab.ui.state import draft, set_draft

PRESET = "preset"
TABS = {"augmentation": "Augmentation", "learning-rate": "Learning rate", "beyond": "Beyond", "run": "Run"}


def choose_step() -> None:
    """The preset: sets the recipe below; none is shown when the draft is none of them, or cannot be trained."""
    held = draft()
    matching = None if held.problems else matching_step(held.config)
    shown(
        st.selectbox,
        PRESET,
        matching.number if matching else None,
        "Step",
        options=[preset.number for preset in STEPS],
        format_func=lambda number: f"{number}. {step(number).name}",
        placeholder="Your own settings: none of the seven steps",
        on_change=_take_preset,
        help=f"A starting point: you can change everything below afterwards. {STEP_RULE}",
    )


def _take_preset() -> None:
    if st.session_state[PRESET] is not None:
        set_draft(draft().with_step(st.session_state[PRESET]))


def size() -> None:
    """The parameter gauge."""
    with suppress(ImpossibleNetwork):  # which is said below Start
        budget_bar(total_parameters(draft().config.network), PARAMETER_BUDGET)


def toggles() -> None:
    """The four things that the steps add, one switch each, in the order in which they add them."""
    with st.container(key="switches"):
        field("network.batch_norm")
        switch(
            "Dropout",
            "network.dropout",
            on=DROPOUT,
            off=0.0,
            help="Sets random values to zero during training, so that the network does not rely on single units.",
        )
        _augmentation_switch()
        switch(
            "Scheduler",
            "schedule.kind",
            on=STEP_SCHEDULE.kind,
            off="none",
            help="Lowers the learning rate during the run, so that the last epochs are steady.",
        )


def _augmentation_switch() -> None:
    key = "switch-augmentation"

    def flip() -> None:
        set_draft(draft().changed("augmentation", ROTATION if st.session_state[key] else Augmentation()))

    active, words = draft().config.augmentation.active, "Changes each image a little, in a new way in every epoch."
    shown(st.toggle, key, active, "Augmentation", on_change=flip, help=words)


def details() -> Callable[[], None]:
    """Everything else, in tabs; what is returned draws the parts that need torch into their places.

    Call that after the rest of the page, which then stands while torch is still being imported.
    """
    augmentation, learning, beyond, run = tabs("details", TABS)
    with augmentation:
        digits = st.container()
        _augmentation()
    with learning:
        _learning_rate()
    with beyond:
        _beyond()
    with run:
        device = run_fields()

    def draw_what_needs_torch() -> None:
        with digits:
            show_augmented_digits()
        with device:
            device_field()

    return draw_what_needs_torch


def _augmentation() -> None:
    left, right = st.columns(2)
    with left:
        for name in ("rotation", "scale", "pen"):
            slider(f"augmentation.{name}")
    with right:
        for name in ("shift", "shear"):
            slider(f"augmentation.{name}")
        field("augmentation.interpolation")
    slider("network.dropout")


def _learning_rate() -> None:
    config = draft().config
    left, right = st.columns(2)
    with left:
        field("schedule.kind")
        field("optimizer.learning_rate")
    with right:
        field("optimizer.kind")
        if config.optimizer.kind == "sgd":
            field("optimizer.momentum")
    _schedule_details(config.schedule.kind)
    field("optimizer.weight_decay")
    show_figure(learning_rate_figure(planned_learning_rates(config), config.epochs), "planned-rate")


def _beyond() -> None:
    """What none of the five published steps has."""
    st.caption("Five settings that the five published steps do not use.")
    field("network.bias")
    field("network.second_reading")
    field("network.deslant")
    left, right = st.columns(2)
    with left:
        slider("label_smoothing")
    with right:
        field("weight_averaging")


def _schedule_details(kind: str) -> None:
    left, right = st.columns(2)
    if kind == "step":
        with left:
            field("schedule.step_size")
        with right:
            field("schedule.gamma")
    elif kind == "one_cycle":
        slider("schedule.warmup")
