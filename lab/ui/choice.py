"""Widgets that keep what was chosen, although their page is left, they are not drawn for a while, or options change.

Streamlit forgets a widget that one drawing of the script has not drawn. And it knows a choice by its words: where these
change (a layer is edited, a run renamed), it hands back a text that is none of the options.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import streamlit as st

T = TypeVar("T")
FIRST = {"pills": "default", "segmented_control": "default"}
"""What a widget calls the value that it has until it is given another; the others call it `value`."""
UNSURE, TOLD, WHOLE = "unsure", "told", "drawing_whole"
"""Keys of widgets: those to be told a value, until a drawing that tells it has come to its end; those of this one.
And whether this one is of a whole page.
"""


@contextmanager
def telling(part: bool = False) -> Iterator[None]:
    """Around the drawing of a page: what it tells the browser counts as known there once it was drawn to its end.

    Of a drawing that a click has cut short Streamlit throws away what it has not sent yet. `part`: of a fragment, which
    is drawn with its page at first, and by itself later.
    """
    if part and st.session_state.get(WHOLE):
        yield
        return
    st.session_state[WHOLE], st.session_state[TOLD] = not part, set()
    yield
    _keys(UNSURE).difference_update(_keys(TOLD))
    st.session_state[WHOLE] = False


def shown(widget: Callable[..., Any], key: str, value: Any, *stated: Any, **more: Any) -> Any:
    """Draw the widget with this value; returns what the widget returns.

    A value that it is told may arrive just after a click or a text that this drawing knew nothing of, and takes that
    back. So the value goes to the browser as the widget's first, which counts for a new widget only; it is told where
    the widget has another one.
    """
    first = _first(widget.__name__, value, more)
    if key in _keys(UNSURE) or (key in st.session_state and st.session_state[key] != value):
        st.session_state[key] = value
        _keys(UNSURE).add(key)
        _keys(TOLD).add(key)
        first = first if value is None else {}  # a select box without a first value takes its first option for one
    return widget(*stated, key=key, **more, **first)


def _first(kind: str, value: Any, more: Mapping[str, Any]) -> dict[str, Any]:
    if kind == "selectbox":
        return {"index": list(more["options"]).index(value) if value in more["options"] else None}
    return {FIRST.get(kind, "value"): value}


def _keys(name: str) -> set[str]:
    keys: set[str] = st.session_state.setdefault(name, set())
    return keys


def kept(key: str, first: T, widget: Callable[..., Any], *stated: Any, **more: Any) -> T:
    """Draw the widget; returns its value, which is `first` until it is given another one."""
    value: T = shown(widget, key, known(key, first), *stated, **more)
    st.session_state[_kept(key)] = value
    return value


def remember(key: str) -> None:
    """Keep the value of a widget that returns something else: tabs and expanders, which return their containers."""
    st.session_state[_kept(key)] = st.session_state[key]


def known(key: str, first: T) -> T:
    """The value of such a widget before it is drawn."""
    value: T = st.session_state.get(key, st.session_state.get(_kept(key), first))
    return value


def put(key: str, value: Any) -> None:
    """Give such a widget another value: before it is drawn, or in a callback."""
    st.session_state[_kept(key)] = value
    if key in st.session_state:  # otherwise it is drawn with this value as its first
        st.session_state[key] = value
        _keys(UNSURE).add(key)


def choice(key: str, options: Sequence[T], default: T, widget: Callable[..., Any] = st.selectbox, **select: Any) -> T:
    """Draw the select box, or another `widget`; returns the choice, `default` where it is no longer among `options`."""
    if known(key, default) not in options:
        earlier = st.session_state.get(_kept(key), default)
        put(key, earlier if earlier in options else default)
    return kept(key, default, widget, options=options, **select)


def lost(key: str, options: Collection[T]) -> T | None:
    """What was chosen and is no longer among `options`, before `choice` takes another; None where nothing is lost."""
    earlier: T | None = st.session_state.get(_kept(key))
    return None if earlier is None or earlier in options else earlier


def is_chosen_anew(key: str) -> bool:
    """Whether a hand has given the widget another value since it was drawn."""
    return key in st.session_state and st.session_state[key] != st.session_state.get(_kept(key))


def _kept(key: str) -> str:
    return f"{key}_kept"
