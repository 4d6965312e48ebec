"""Widgets that keep what was chosen, although their page is left, they are not drawn for a while, or options change.

Streamlit forgets a widget that one drawing of the script has not drawn. And it knows a choice by its words: where these
change (a layer is edited, a run renamed), it hands back a text that is none of the options.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import streamlit as st

T = TypeVar("T")
TOLD_ON, TOLD, TELLING = "told_on", "told", "telling"
"""Of which page, and the keys of the widgets whose values the browser knows there, or is being told."""


@contextmanager
def telling(page: str) -> Iterator[None]:
    """Around the drawing of a page: what it tells the browser counts as known there once it was drawn to its end.

    Of a drawing that a click has cut short Streamlit throws away what it has not sent yet. On another page a widget of
    the same key is another widget.
    """
    if st.session_state.get(TOLD_ON) != page:
        st.session_state[TOLD_ON], st.session_state[TOLD] = page, set()
    st.session_state[TELLING] = set()
    yield
    _keys(TOLD).update(_keys(TELLING))


def tell(key: str, value: Any) -> None:
    """Have the widget of this key, which is drawn next, show a value.

    The browser is told only what it does not know: a value that is told in every drawing may arrive just after a click
    that this drawing knew nothing of, and takes it back.
    """
    if key not in _keys(TOLD) or key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value
        _keys(TOLD).discard(key)
    _keys(TELLING).add(key)


def _keys(name: str) -> set[str]:
    keys: set[str] = st.session_state.setdefault(name, set())
    return keys


def kept(key: str, first: T, widget: Callable[..., Any], *stated: Any, opens: bool = False, **more: Any) -> T:
    """Draw the widget; returns its value, which is `first` until it is given another one.

    `opens`: it stands in a popover, so it is in the browser only once that is opened, and is told its value each time.
    """
    if opens:
        st.session_state[key] = known(key, first)
    else:
        tell(key, known(key, first))
    value: T = widget(*stated, key=key, **more)
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
    st.session_state[key] = st.session_state[_kept(key)] = value
    _keys(TOLD).discard(key)


def choice(key: str, options: Sequence[T], default: T, widget: Callable[..., Any] = st.selectbox, **select: Any) -> T:
    """Draw the select box, or another `widget`; returns the choice, `default` where it is no longer among `options`."""
    if known(key, default) not in options:
        earlier = st.session_state.get(_kept(key), default)
        put(key, earlier if earlier in options else default)
    return kept(key, default, widget, options=options, **select)


def _kept(key: str) -> str:
    return f"{key}_kept"
