"""Of a widget's value the browser is told only where that is another than it has."""

from typing import Any
from unittest.mock import patch

import pytest
import streamlit as st
from app_pages import add_run, draft, epoch, labelled, open_app, with_draft
from streamlit.testing.v1 import AppTest
from train_controls import EVERYTHING_ELSE, controls, expected

from lab.events import Finished
from lab.store import Store
from lab.ui import controls as controls_module


def test_what_a_drawing_that_was_cut_short_told_the_browser_is_told_again() -> None:
    """A click cuts it short, and what it had not sent is thrown away: the browser would send back empty fields."""

    def is_told(app: AppTest) -> set[bool]:
        widgets = [*app.toggle, *app.slider, *app.selectbox, *app.text_input]
        return {widget.proto.set_value for widget in widgets if widget.key.startswith(("field-", "switch-"))}

    app = with_draft(EVERYTHING_ELSE)
    with patch.object(controls_module, "show_augmented_digits", st.stop):  # late on the page
        labelled(app.selectbox, "Step").select(1).run()
    assert app.run().toggle(key="field-network.batch_norm").proto.set_value
    assert is_told(app.run()) == {False} and controls(app) == expected(draft(app))


def valued(app: AppTest) -> list[Any]:
    return [*app.toggle, *app.slider, *app.text_input, *app.selectbox, *app.get("button_group")]


def labels(app: AppTest) -> list[str]:
    return [widget.label for widget in valued(app)]


def told(app: AppTest) -> list[str]:
    """The labels of the widgets whose value the browser is told, whatever it shows."""
    return [widget.label for widget in valued(app) if widget.proto.set_value]


@pytest.mark.parametrize("page", ["start", "steps", "train", "layers", "draw", "inside", "mistakes", "runs"])
def test_no_page_tells_a_widget_its_value_when_it_is_opened(page: str, store: Store) -> None:
    runs = [add_run(store, epoch(1, 9000), epoch(2, 9100), Finished()) for _ in range(2)]
    chosen = {"compare": ",".join(map(str, runs))} if page == "runs" else {}
    assert not told(open_app(page, **chosen))


def test_only_a_widget_that_has_another_value_is_told_its_value(store: Store) -> None:
    """What is told may arrive just after a click or a text that its drawing knew nothing of, and take it back.

    A drawing that is not drawn to its end is followed by one that may not know what the browser has of it.
    """
    with patch.object(controls_module, "show_augmented_digits", st.stop):  # late on the page
        app = open_app("train")
        assert {"Step", "Batch norm", "Dropout", "Learning rate", "Rotation ±°"} <= set(labels(app)) and not told(app)
    assert not told(app.run())
    labelled(app.text_input, "Learning rate").set_value("0.001").run()
    assert told(app) == ["Step"]  # it is none any more
    assert not labelled(app.selectbox, "Step").proto.HasField("default")  # which an empty box would be taken for
    assert not told(app.run())
    labelled(app.selectbox, "Step").set_value(5).run()
    assert {"Augmentation", "Scheduler", "Rotation ±°"} <= set(told(app))
