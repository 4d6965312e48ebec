"""The look that all pages share: page settings, the head of a page, tables, the budget gauge."""

from __future__ import annotations

import html
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lab.figures import RATE, WRONG
from lab.number_words import unbroken
from lab.ui.drawn_anew import let_draw_anew
from lab.ui.present import look_large

ICON = Path(__file__).parent / "icon.png"
"""Our own: Streamlit fetches a ":material/...:" page icon from the internet, and a classroom may have none."""

LONG = 30
"""Letters of a cell that breaks into lines: it is not made as narrow as its longest word."""
TITLE = "How a CNN learns"
LOOK = Path(__file__).with_name("look.css").read_text(encoding="utf-8")
"""The style sheet of every page, which a browser is sent once, with the first one (`lab.web.opening`)."""
_DRAWER = """
<script>
// On a phone the menu is a drawer over the page: it closes when a page is chosen, which Streamlit leaves to its user.
window.labClosesDrawer ??= (event) => {
  if (!event.target.closest?.("[data-testid=stSidebarNavLink]")) return;
  document.querySelector("[data-testid=stSidebarCollapseButton] button")?.click();
};
// Its list has a section among its items, which no list may have: to a screen reader it is a group of links instead.
window.labGroupsDrawer ??= () => requestAnimationFrame(() => {
  for (const part of document.querySelectorAll("[data-testid=stSidebarNav] :is(ul, li)")) part.role = "none";
});
for (const listener of [window.labClosesDrawer, window.labGroupsDrawer]) {
  document.addEventListener("click", listener);  // each is added once, however often this runs
}
</script>
"""
_WAY_BACK = "".join(
    f"<script>{Path(__file__).with_name(name).read_text(encoding='utf-8')}</script>"
    for name in ("history.js", "scroll_place.js")
)


def start_page() -> None:
    """Settings for every page; call first, once a run of the script."""
    st.set_page_config(page_title=TITLE, page_icon=ICON, layout="wide")
    with st.container(key="drawer"):  # a script takes the place of an element, which the look takes away
        st.html(_DRAWER + _WAY_BACK, unsafe_allow_javascript=True)
        look_large()
        let_draw_anew()


def two_sides(left: float = 1, right: float = 2.15, right_first: bool = False) -> list[DeltaGenerator]:
    """Controls on the left, what they change on the right; one above the other on a narrow screen.

    `right_first`: the keyboard comes to the right side first, and on a narrow screen it stands above the left one.
    """
    if right_first:
        with st.container(key="two-sides-right-first"):
            return st.columns([right, left], gap="large")[::-1]
    with st.container(key="two-sides"):
        return st.columns([left, right], gap="large")


def page_head(title: str, sentence: str = "") -> None:
    """A page's one idea: its title and one sentence, which may be left out."""
    st.title(unbroken(title), anchor=False)
    if sentence:
        st.caption(unbroken(sentence))


def scrolling(look: str, name: str, content: str) -> str:
    """HTML in a part of the page that scrolls sideways where it must, also by keyboard; the name says what it is."""
    return f'<div class="{look}" role="region" aria-label="{html.escape(name)}" tabindex="0">{content}</div>'


def show_table(rows: Sequence[Mapping[str, str]], name: str, numbers: Collection[str] = ()) -> None:
    """A plain table, one mapping a row, called `name`; the columns named in `numbers` are aligned to the right."""
    if not rows:
        return

    def cell(tag: str, column: str, text: str) -> str:
        tag = tag if text else "td"  # a head without a word is none
        kinds = ["number"] * (column in numbers) + ["long"] * (len(text) > LONG)
        return f'<{tag} class="{" ".join(kinds)}">{html.escape(unbroken(text))}</{tag}>'

    def cells(tag: str, texts: Mapping[str, str]) -> str:
        return "".join(cell(tag, column, text) for column, text in texts.items())

    head = cells("th", {column: column for column in rows[0]})
    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    table = f'<table class="plain"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    st.html(scrolling("wide", name, table))


def budget_words(parameters: int, budget: int) -> str:
    """Whether a network keeps the budget, which it must stay under: `1.0 times` would not tell."""
    if parameters < budget:
        return f"under the budget of {budget:,}"
    times = f"{parameters / budget:.1f}"
    return f"not under the budget of {budget:,}" if times == "1.0" else f"{times} times the budget of {budget:,}"


def budget_bar(parameters: int, budget: int) -> None:
    """A calm gauge of the parameter count against the budget; over or under is said in words too."""
    share = min(1.0, parameters / budget)
    words, colour = budget_words(parameters, budget), WRONG if parameters >= budget else RATE
    st.html(
        f'<div class="budget"><span><b>{parameters:,}</b> parameters</span><span>{words}</span></div>'
        f'<div class="budget-bar"><div style="width:{100 * share:.1f}%;background:{colour}"></div></div>'
    )


def show_figures(figures: Mapping[str, tuple[str, str]], helps: Mapping[str, str]) -> None:
    """A line of figures, each below its label: label -> the name of its place, and what stands there now.

    `helps` says more of some, by label.
    """

    def label(text: str) -> str:
        more = html.escape(helps.get(text, ""))
        return html.escape(text) + (f' <abbr title="{more}" tabindex="0">?</abbr>' if more else "")

    cells = (
        f'<div><span>{label(text)}</span><span class="value">{moving(place, value)}</span></div>'
        for text, (place, value) in figures.items()
    )
    st.html(f'<div class="figures">{"".join(cells)}</div>')


def moving(place: str, text: str) -> str:
    """Text that `lab.ui.channel` changes while a run trains, in HTML."""
    return f'<span data-moves="{place}">{html.escape(text)}</span>'
