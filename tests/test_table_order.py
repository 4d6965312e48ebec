"""A table that is drawn anew is ordered as Streamlit had ordered it in the browser."""

from typing import Any

import pytest

from lab.ui.table_order import Order, heard_order, in_order

ROWS: dict[str, dict[str, Any]] = {
    "a": {"Run": 1, "Name": "beyond", "Best, %": 99.1},
    "b": {"Run": 2, "Name": "Anna's", "Best, %": None},
    "c": {"Run": 3, "Name": "step 3"},
    "d": {"Run": 4, "Name": "anna's", "Best, %": 99.4},
}


@pytest.mark.parametrize(
    ("order", "found"),
    [
        (None, "dcba"),
        (Order("Run", is_down=False), "abcd"),
        (Order("Best, %", is_down=False), "cbad"),  # what is empty is the smallest, and equal ones stay as they were
        (Order("Best, %", is_down=True), "dacb"),
        (Order("Name", is_down=False), "dbac"),  # without regard to capitals
        (Order("Name", is_down=True), "cadb"),
    ],
)
def test_rows_are_ordered_by_what_they_have_in_the_column(order: Order | None, found: str) -> None:
    assert "".join(in_order("dcba", order, ROWS.__getitem__)) == found


@pytest.mark.parametrize(
    ("told", "order"),
    [("↓ Best, %", Order("Best, %", is_down=True)), ("↑ Run", Order("Run", is_down=False)), ("", None)],
)
def test_what_the_browser_tells_is_the_head_of_the_column(
    told: str, order: Order | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streamlit.session_state", {"table_order": {"order": told}})
    assert heard_order() == order
    assert order is None or order.head == told
