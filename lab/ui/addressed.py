"""What the address of a page asks for, and the address that says what the page shows: a link carries it.

    wanted = asked("step", read, usual=3)  # before the widget is drawn; None: nothing new is asked for
    say("step", "5", usual="3")            # after it; the address has it when the page is drawn

An address is read when it is visited: by a link, by the menu, by Back. At every other time the session is right: a
click that comes before the browser has heard of a new address brings the old one along, which nobody went back to.

The settings of a run are in the address too, by `lab.address`; which run is watched is in `lab.ui.state`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from lab.fields import shown
from lab.ui.text import plain

T = TypeVar("T")
PAGE, VISIT, READ, SAID = "addressed_page", "addressed_visit", "addressed_read", "addressed_said"
NOTES = "addressed_notes"


@contextmanager
def addressed(page: str) -> Iterator[None]:
    """Around the drawing of a page: what it has said stands in its address at its end, as one entry of the history."""
    if st.session_state.get(PAGE) != page:
        st.session_state[PAGE], st.session_state[READ], st.session_state[NOTES] = page, {}, {}
    if _comes_by_back():
        st.session_state[VISIT] = st.session_state.get(VISIT, 0) + 1
    with _saying():
        yield


@contextmanager
def addressed_part() -> Iterator[None]:
    """Around the drawing of a fragment: what it says stands in the address also where only the fragment is drawn."""
    if SAID in st.session_state:  # it is drawn with its page, which says it at its own end
        yield
        return
    with _saying():
        yield


@contextmanager
def _saying() -> Iterator[None]:
    st.session_state[SAID] = {}
    try:
        yield
        before = st.query_params.to_dict()
        said: dict[str, str | None] = st.session_state[SAID]
        after = {name: text for name, text in (before | said).items() if text is not None}
        if after != before:
            st.query_params.from_dict(after)
    finally:  # also where a click cuts the drawing short
        del st.session_state[SAID]


def page_shown() -> str | None:
    """The title of the page that is drawn."""
    page: str | None = st.session_state.get(PAGE)
    return page


def notes() -> dict[str, str]:
    """What the page goes on saying until it is left: it is drawn anew whenever something happens elsewhere."""
    said: dict[str, str] = st.session_state.setdefault(NOTES, {})
    return said


def is_new(name: str) -> bool:
    """Whether what the address says under `name` has not been read since it was visited; it counts as read now."""
    visit, read = st.session_state.get(VISIT, 0), _read()
    if read.get(name) == visit:
        return False
    read[name] = visit
    return True


def asked(
    name: str, read: Callable[[str], T | None], usual: T, why_not: Callable[[str], str | None] = lambda text: None
) -> T | None:
    """What the address asks for under `name`, once a visit.

    `read` gives None for what there is not, which is said in a sentence: in that of `why_not`, where it knows one.
    `usual` is what a page shows whose address says nothing: who goes back to such an address sees it again; who comes
    by the menu sees what was chosen last.
    """
    is_left_before = name in _read()
    if not is_new(name):
        return None
    text = st.query_params.get(name)
    if text is None:
        return usual if is_left_before else None
    value = read(text)
    if value is None:
        st.warning(plain(why_not(text) or f"The address asks for {name} {_named(text)}, but {_no_such(name)}."))
    return value


def say_not_here(names: Sequence[str], kind: str) -> None:
    """Of what an address asks for among others that are there."""
    st.warning(plain(f"The address asks for {kind} {', '.join(map(_named, names))}, but {_no_such(kind)}."))


def _no_such(kind: str) -> str:
    return f"there is no such {kind} here"


def _named(text: str) -> str:
    return text if text.isdecimal() and len(text) < 20 else shown(text)


def say(name: str, text: str | None, usual: str | None = None) -> None:
    """Have the address say what is shown: nothing for None, or where it says nothing and the `usual` is shown."""
    said: dict[str, str | None] = st.session_state.setdefault(SAID, {})
    said[name] = None if text == usual and name not in st.query_params else text


def one_of(numbers: Collection[int]) -> Callable[[str], int | None]:
    """Reads one of these numbers."""
    return lambda text: next((number for number in numbers if str(number) == text), None)


def is_there(name: str, numbers: Collection[int]) -> bool:
    """Whether the address says one of these numbers under `name`, or nothing."""
    return name not in st.query_params or one_of(numbers)(st.query_params[name]) is not None


def place_in(shape: Sequence[int]) -> Callable[[str], tuple[int, ...] | None]:
    """Reads a place in an array of this shape as an address writes it, such as map, row and column: `5.14.14`."""

    def read(text: str) -> tuple[int, ...] | None:
        parts = text.split(".")
        if len(parts) != len(shape):
            return None
        places = [one_of(range(size))(part) for size, part in zip(shape, parts, strict=True)]
        return None if None in places else tuple(place for place in places if place is not None)

    return read


def place_text(place: Sequence[int]) -> str:
    """A place as `place_in` reads it."""
    return ".".join(map(str, place))


def _comes_by_back() -> bool:
    """Whether this drawing answers Back or Forward, and no click."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def _read() -> dict[str, int]:
    """What has been read of this page's address: by name, at which visit."""
    read: dict[str, int] = st.session_state.setdefault(READ, {})
    return read
