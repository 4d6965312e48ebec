"""The Run tab of the Train page's controls: how long, on what and how a run is computed."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lab.ui.fields import field
from lab.ui.state import draft


def run_fields() -> DeltaGenerator:
    """The tab but for the device; returns the place for that."""
    left, right = st.columns(2)
    with left:
        field(
            st.number_input, "Epochs", None, "epochs", min_value=1, max_value=200, step=1, help="Passes over the data."
        )
        field(
            *(st.number_input, "Batch size", None, "batch_size"),
            min_value=1,
            max_value=10_000,
            step=16,
            help="Images an iteration: larger is steadier and takes fewer steps an epoch.",
        )
        field(
            *(st.number_input, "Seed", None, "seed"),
            min_value=0,
            max_value=2**32 - 1,
            step=1,
            help="Decides every random number: the same seed gives the same run, another one shows the spread.",
        )
    with right:
        device = st.container()
        field(
            *(st.number_input, "Training images", None, "training_images"),
            min_value=1,
            max_value=60_000,
            step=1000,
            help="Train on the first so many images only: quicker, and it overfits sooner.",
        )
        field(
            *(st.selectbox, "Precision", None, "precision"),
            options=("float32", "bfloat16"),
            help="bfloat16 computes convolutions with fewer digits: faster on recent hardware.",
        )
    engines = {"fastest": "compiled for this processor where possible", "pytorch": "PyTorch only"}
    field(
        *(st.selectbox, "Computation", None, "engine"),
        options=tuple(engines),
        format_func=engines.get,
        help="On a CPU and in float32, a compiled engine does the same sums several times faster. They differ from "
        "PyTorch's in rounding only.",
    )
    sets = {"test": "the 10,000 test images", "validation": "10,000 held-out training images"}
    field(
        *(st.selectbox, "Evaluate on", None, "evaluate_on"),
        options=tuple(sets),
        format_func=sets.get,
        help="Choose settings on held-out training images, and look at the test set only at the end.",
    )
    return device


def device_field() -> None:
    """The devices of this machine to choose from."""
    from lab.device import available_devices  # imports torch: drawn after the rest of the page

    devices = dict.fromkeys(("auto", *available_devices(), draft().device))  # a copied config may name another
    field(*(st.selectbox, "Device", None, "device"), options=list(devices), help="auto takes the fastest one present.")
