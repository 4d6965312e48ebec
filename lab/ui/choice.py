"""Widgets that keep what was chosen, although their page is left, they are not drawn for a while, or options change.

Streamlit forgets a widget that one drawing of the script has not drawn. And it knows a choice by its words: where these
change (a layer is edited, a run renamed), it hands back a text that is none of the options.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import streamlit as st

from lab.ui.addressed import PAGE

T = TypeVar("T")


def tell(key: str, value: Any) -> None:
    """Have the widget of this key, which is drawn next, show a value.

    The browser is told only what it does not know: a value that is told in every drawing may arrive just after a click
    that this drawing knew nothing of, and takes it back. On another page a widget of the same key is another widget.
    """
    page = st.session_state.get(PAGE)
    if key not in st.session_state or st.session_state[key] != value or st.session_state.get(_drawn_on(key)) != page:
        st.session_state[key] = value
    st.session_state[_drawn_on(key)] = page


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


def choice(key: str, options: Sequence[T], default: T, widget: Callable[..., Any] = st.selectbox, **select: Any) -> T:
    """Draw the select box, or another `widget`; returns the choice, `default` where it is no longer among `options`."""
    if known(key, default) not in options:
        earlier = st.session_state.get(_kept(key), default)
        st.session_state[key] = earlier if earlier in options else default
    return kept(key, default, widget, options=options, **select)


def _drawn_on(key: str) -> str:
    return f"{key}_drawn_on"


def _kept(key: str) -> str:
    return f"{key}_kept"
