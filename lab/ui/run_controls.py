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
        for name in ("epochs", "batch_size", "seed"):
            field(name)
    with right:
        device = st.container()
        field("training_images")
        field("precision")
    field("engine")
    field("evaluate_on")
    field("measure_training")
    return device


def device_field() -> None:
    """The devices of this machine to choose from."""
    from lab.device import available_devices  # imports torch: drawn after the rest of the page

    devices = dict.fromkeys(("auto", *available_devices(), draft().config.device))  # a copied config may name another
    field("device", options=list(devices))
