"""The pages: what the menu lists, and how one leads to another."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from streamlit.navigation.page import Page

FOLDER = Path(__file__).parents[2] / "pages"
PAGES = {
    "start": ("Start", ":material/gesture:"),
    "steps": ("Steps", ":material/stairs:"),
    "train": ("Train", ":material/show_chart:"),
    "layers": ("Layers", ":material/layers:"),
    "draw": ("Draw", ":material/draw:"),
    "inside": ("Inside", ":material/account_tree:"),
    "mistakes": ("Mistakes", ":material/rule:"),
    "runs": ("Runs", ":material/list:"),
}
"""Title and icon by the page's file; the first is the one that opens."""

INSIDE = "Look inside"
"""What stands behind one entry of the menu, so that the page itself is few tab stops away."""
BEHIND = ("layers", "inside", "mistakes")
GO = "go"
_MARKED = """<style>
[data-testid="stTopNavSection"] {background: rgba(128, 138, 148, 0.2); font-weight: 600;}
</style>"""


def menu() -> dict[str, list[Page]]:
    """The pages as the menu lists them: by themselves, or behind the name of what they have in common."""
    return {"": [page(name) for name in PAGES if name not in BEHIND], INSIDE: [page(name) for name in BEHIND]}


def mark_menu(title: str) -> None:
    """Mark the entry that this page stands behind: Streamlit marks only those that stand in the menu themselves."""
    if title in [PAGES[name][0] for name in BEHIND]:
        st.html(_MARKED)


def go(name: str) -> None:
    """Leave for another page, in a callback or while one is drawn; what follows is not done."""
    st.session_state[GO] = name
    st.switch_page(page(name))


def go_on(title: str) -> None:
    """Call before the page of this title is drawn: it leaves for the page that `go` named, and this is not.

    A click that comes while the page is changing has been made on the old one, and would lead back to it.
    """
    name = st.session_state.get(GO)
    if name is None:
        return
    if PAGES[name][0] != title:
        st.switch_page(page(name))
    del st.session_state[GO]


def page(name: str) -> Page:
    """A page by its file's name, to link or to switch to."""
    title, icon = PAGES[name]
    return st.Page(FOLDER / f"{name}.py", title=title, icon=icon, default=name == next(iter(PAGES)))
