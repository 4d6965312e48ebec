"""The controls of the Train page: choose a step, toggle its parts, set everything else, start."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from lab.config import PARAMETER_BUDGET, Augmentation, Schedule
from lab.curves import learning_rate_figure
from lab.describe import describe_schedule
from lab.layers import ImpossibleNetwork, total_parameters
from lab.schedule import planned_learning_rates
from lab.steps import DROPOUT, ROTATION, STEP_SCHEDULE, STEPS, matching_step, step
from lab.ui.chart import show_figure
from lab.ui.digits import show_augmented_digits
from lab.ui.fields import field, switch
from lab.ui.layout import budget_bar
from lab.ui.run_controls import device_field, run_fields
from lab.ui.state import change_draft, draft, draft_problem, take_preset

PRESET = "preset"


def choose_step() -> None:
    """The preset: sets every control below; "changed" when the draft is none of them."""
    matching = matching_step(draft())
    st.session_state[PRESET] = matching.number if matching else None
    st.selectbox(
        "Step",
        [preset.number for preset in STEPS],
        format_func=lambda number: f"{number}. {step(number).name}",
        key=PRESET,
        index=None,
        placeholder="Your own: none of the six presets",
        on_change=_take_preset,
        help="A starting point. Everything below can be changed afterwards.",
    )


def _take_preset() -> None:
    if st.session_state[PRESET] is not None:
        take_preset(st.session_state[PRESET])


def size_and_problems() -> bool:
    """The parameter gauge and what is wrong with the draft; True when it can be started."""
    problem = draft_problem()
    try:
        budget_bar(total_parameters(draft().network), PARAMETER_BUDGET)
    except ImpossibleNetwork as error:
        problem = str(error)
    if problem:
        st.error(problem)
    return problem is None


def toggles() -> None:
    """The four things that the steps add, one switch each."""
    left, right = st.columns(2)
    with left:
        field(st.toggle, "Batch norm", "network", "batch_norm", help="Keeps every map's scale steady: faster training.")
        _augmentation_switch()
    with right:
        switch(
            *("Dropout", "network", "dropout"),
            on=DROPOUT,
            off=0.0,
            help="Zeroes random units while training, so that none becomes indispensable.",
        )
        switch(
            *("Scheduler", "schedule", "kind"),
            on=STEP_SCHEDULE.kind,
            off="none",
            help="Lowers the learning rate during the run, so that the last epochs are steady.",
        )


def _augmentation_switch() -> None:
    key = "switch-augmentation"
    st.session_state[key] = draft().augmentation.active

    def flip() -> None:
        change_draft(None, augmentation=ROTATION if st.session_state[key] else Augmentation())

    st.toggle("Augmentation", key=key, on_change=flip, help="Changes each image a little, anew in every epoch.")


def details() -> Callable[[], None]:
    """Everything else, in tabs; what is returned draws the parts that need torch into their places.

    Call that after the rest of the page, which then stands while torch is still being imported.
    """
    augmentation, learning, run = st.tabs(["Augmentation", "Learning rate", "Run"])
    with augmentation:
        digits = st.container()
        _augmentation()
    with learning:
        _learning_rate()
    with run:
        device = run_fields()

    def draw_what_needs_torch() -> None:
        with digits:
            show_augmented_digits()
        with device:
            device_field()

    return draw_what_needs_torch


def _provenance(*parts: str) -> None:
    """What of a published step had to be inferred."""
    preset = matching_step(draft())
    for sentence in preset.provenance(*parts) if preset else ():
        st.caption(f":material/info: {sentence}")


def _augmentation() -> None:
    left, right = st.columns(2)
    with left:
        field(
            st.slider,
            "Rotation ±°",
            "augmentation",
            "rotation",
            min_value=0.0,
            max_value=180.0,
            step=1.0,
            format="%.0f",
        )
        field(st.slider, "Scale ±", "augmentation", "scale", min_value=0.0, max_value=0.5, step=0.01, format="%.2f")
        field(
            st.slider, "Pen ±", "augmentation", "pen", min_value=0.0, max_value=1.0, step=0.05, format="%.2f", help=_PEN
        )
    with right:
        field(
            st.slider, "Shift ± pixels", "augmentation", "shift", min_value=0.0, max_value=14.0, step=0.5, format="%.1f"
        )
        field(st.slider, "Shear ±°", "augmentation", "shear", min_value=0.0, max_value=45.0, step=1.0, format="%.0f")
        options = ("nearest", "bilinear")
        field(st.selectbox, "Interpolation", "augmentation", "interpolation", options=options, help=_INTERPOLATION)
    field(
        *(st.slider, "Dropout rate", "network", "dropout"),
        min_value=0.0,
        max_value=0.9,
        step=0.01,
        help="The share of units set to zero after each pooling while training.",
    )
    _provenance("augmentation", "dropout")


_PEN = "Thinner and thicker strokes; 1 is a whole pixel on each side."
_INTERPOLATION = "How a turned pixel is looked up: its nearest neighbour (sharp) or a blend of four (soft)."


def _learning_rate() -> None:
    config = draft()
    left, right = st.columns(2)
    with left:
        kinds = ("none", "step", "cosine", "one_cycle")
        field(
            *(st.selectbox, "Scheduler", "schedule", "kind"),
            options=kinds,
            format_func=lambda kind: describe_schedule(Schedule(kind=kind)) if kind != "step" else "StepLR",
            help="How the learning rate changes over the run; the curve below is the plan.",
        )
        field(
            *(st.number_input, "Learning rate", "optimizer", "learning_rate"),
            min_value=0.000001,
            max_value=10.0,
            step=0.005,
            format="%.4f",
            help="The length of a step: too small is slow, too large diverges. For one-cycle it is the peak.",
        )
    with right:
        names = {"sgd": "SGD with momentum", "adamw": "AdamW"}
        field(
            *(st.selectbox, "Optimiser", "optimizer", "kind"),
            options=tuple(names),
            format_func=names.get,
            help="AdamW scales the step of every weight by itself; it wants a smaller learning rate, about 0.003.",
        )
        if config.optimizer.kind == "sgd":
            field(
                *(st.number_input, "Momentum", "optimizer", "momentum"),
                min_value=0.0,
                max_value=0.999,
                step=0.05,
                help="How much of the last step is kept.",
            )
    _schedule_details(config.schedule.kind)
    field(
        *(st.number_input, "Weight decay", "optimizer", "weight_decay"),
        min_value=0.0,
        max_value=1.0,
        step=0.0001,
        format="%.4f",
        help="Pulls every weight towards zero a little at each step.",
    )
    show_figure(learning_rate_figure(planned_learning_rates(config), config.epochs), "planned-rate")
    _provenance("scheduler")


def _schedule_details(kind: str) -> None:
    left, right = st.columns(2)
    if kind == "step":
        with left:
            field(st.number_input, "Epochs between drops", "schedule", "step_size", min_value=1, max_value=200, step=1)
        with right:
            field(st.number_input, "Factor of a drop", "schedule", "gamma", min_value=0.0001, max_value=1.0, step=0.05)
    elif kind == "one_cycle":
        label = "Share of the run spent rising"
        field(st.slider, label, "schedule", "warmup", min_value=0.01, max_value=0.99, step=0.01)
