"""Widgets bound to the draft: each shows a field of it and writes it back.

The draft is the only truth: a widget's value is set from it before every drawing, so nothing is lost when a page is
left, and a preset moves every widget at once. What a field is called and may hold stands beside it in `lab.config`.

Numbers are typed as text: the browser's own number field turns "0,02" into 2, letters into 0, and rounds what it shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from lab.describe import PARTS
from lab.fields import Choice, Field, Number, Switch, about, number_text
from lab.ui.choice import shown
from lab.ui.state import draft, set_draft

SHOWN = "numbers_shown"


def field(name: str, options: Sequence[str] = ()) -> None:
    """The widget of a field, by its dotted name: `optimizer.kind`; `options` limit a choice to some of its values."""
    stated, key = _stated(name), f"field-{name}"
    match stated:
        case Switch():
            shown(st.toggle, key, _value(name), stated.label, on_change=_take, args=(name, key), help=stated.help)
        case Choice():
            shown(
                st.selectbox,
                key,
                _value(name),
                stated.label,
                options=options or stated.options,
                format_func=lambda value: stated.words.get(value, value),
                on_change=_take,
                args=(name, key),
                help=stated.help,
            )
        case Number():
            refused = draft().refused.get(name)
            text = refused.text if refused else number_text(_value(name))
            st.session_state.setdefault(SHOWN, {})[name] = text
            shown(st.text_input, key, text, stated.label, on_change=_take_typed, args=(name,), help=stated.help)


def take_all_typed() -> None:
    """Take what was typed since the last drawing: for a click whose callback may come before those of the fields."""
    for name, text in st.session_state.get(SHOWN, {}).items():
        if st.session_state.get(f"field-{name}", text) != text:
            _take_typed(name)


def slider(name: str) -> None:
    """A field that is a number, as a slider over its whole range."""
    stated = _stated(name)
    assert isinstance(stated, Number)
    value = float(_value(name))
    digits = max(_digits(stated.step), _digits(value))  # a value between two marks is shown as it is
    key = f"field-{name}"
    shown(
        st.slider,
        key,
        value,
        stated.label,
        float(stated.low),
        float(stated.high),
        step=float(stated.step),
        format=f"%.{digits}f",
        on_change=_take,
        args=(name, key),
        help=stated.help,
    )


def switch(label: str, name: str, on: Any, off: Any, help: str) -> None:
    """A toggle that is on whenever the field is not `off`; switching it on sets the field to `on`."""
    key = f"switch-{name}"
    shown(st.toggle, key, _value(name) != off, label, on_change=_flip, args=(name, key, on, off), help=help)


def _stated(name: str) -> Field:
    part, _, inner = name.rpartition(".")
    return about(PARTS[part])[inner]


def _value(name: str) -> Any:
    value: Any = draft().config
    for inner in name.split("."):
        value = getattr(value, inner)
    return value


def _take(name: str, key: str) -> None:
    set_draft(draft().changed(name, st.session_state[key]))


def _take_typed(name: str) -> None:
    stated = _stated(name)
    assert isinstance(stated, Number)
    set_draft(draft().typed(name, st.session_state[f"field-{name}"], partial(stated.parse, stated.label)))


def _flip(name: str, key: str, on: Any, off: Any) -> None:
    set_draft(draft().changed(name, on if st.session_state[key] else off))


def _digits(value: float) -> int:
    """How many digits after the point the number needs: 2 for 0.05."""
    return len(number_text(value).partition(".")[2])
