"""The order that a reader gives a table of Streamlit's by a click on the head of a column, as the session knows it.

Streamlit orders the table in the browser, by its values, and tells nobody: the order is lost with the table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import streamlit as st

KEY = "table_order"
DOWN, UP = "↓", "↑"
_JS = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
T = TypeVar("T")


@dataclass(frozen=True)
class Order:
    """By a column: upwards, or down from its largest value."""

    column: str
    is_down: bool

    @property
    def clicked(self) -> Order | None:
        """What a click on its column makes of it."""
        return None if self.is_down else Order(self.column, is_down=True)

    @property
    def head(self) -> str:
        """What stands above the column, as Streamlit marks it."""
        return f"{DOWN if self.is_down else UP} {self.column}"


def in_order(items: Sequence[T], order: Order | None, row: Callable[[T], Mapping[str, Any]]) -> list[T]:
    """The items by what their rows have in the column, as Streamlit orders them: what is empty is the smallest."""
    if order is None:
        return list(items)

    def value(item: T) -> tuple[bool, Any]:
        found = row(item).get(order.column)
        return found is not None, found.casefold() if isinstance(found, str) else found

    return sorted(items, key=value, reverse=order.is_down)  # equal ones stay as they were, in both directions


def hear_order(table: str, mark: str, on_order: Callable[[], None]) -> None:
    """Call `on_order` when the table of this key is ordered by another column, or by none any more.

    `mark`: the head of the column that it was ordered by when it was drawn; "" where it has none.
    """
    component = st.components.v2.component("lab_table_order", js=_JS, isolate_styles=False)
    component(key=KEY, data={"table": table, "marked": mark}, on_order_change=on_order, height="content")


def heard_order() -> Order | None:
    """In the callback: how the table is ordered now."""
    arrow, _, column = str(st.session_state[KEY]["order"]).partition(" ")
    return Order(column, arrow == DOWN) if column else None
