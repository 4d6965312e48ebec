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
_STYLE = """
<style>
/* Streamlit's own variables (--st-...) are there within components only. */
:root {--lab-ground: light-dark(#FFFFFF, #14181D); --lab-primary: light-dark(#00649D, #56B4E9);
    --lab-square: 280px; --lab-small-map: 52px; --lab-answer: 640px; --lab-row: 2.35rem;
    --lab-standing: 3rem;}
@media (max-height: 760px) {:root {--lab-row: 2.1rem;}}  /* with all seven, what starts one has room */
.block-container {padding: 3.9rem 2rem 1.5rem 2rem; max-width: 1480px;}
@media (min-width: 1700px) and (min-height: 900px) {  /* a large screen: the page uses it */
    :root {font-size: 17px !important; --lab-square: clamp(400px, 41vh, 520px); --lab-small-map: 76px;
        --lab-answer: 900px; --lab-row: 2.9rem;}
    .block-container {max-width: 1760px;}
}
[data-testid="stStatusWidget"] button {display: none;}  /* Streamlit's own Stop, for a script: here Stop ends a run */
[data-testid="stHeading"] h1 {padding: 0 0 0.1rem 0;}
.whereabouts {font-size: 0.88rem; margin: 0;}
.figures {display: grid; grid-template-columns: repeat(5, 1fr); gap: 0.4rem 1rem;}
.figures > div > span:first-child {display: block; font-size: 0.85rem;}
.figures .value {font-size: 1.5rem; line-height: 1.4; white-space: nowrap; font-variant-numeric: tabular-nums;}
.figures abbr {display: inline-block; width: 1.3em; height: 1.3em; line-height: 1.2em; text-align: center;
    font-size: 0.7rem; text-decoration: none; cursor: help; border: 1px solid; border-radius: 50%; opacity: 0.7;}
.figures > div {position: relative;}
.figures abbr:focus {opacity: 1;}
.figures abbr:focus::after {content: attr(title); position: absolute; left: 0; top: 1.6rem; z-index: 1; width: 16rem;
    max-width: 80vw; text-align: left; font-size: 0.85rem; line-height: 1.4; padding: 0.4rem 0.6rem; border: 1px solid;
    border-radius: 5px; background: var(--lab-ground);}
.checks p {margin: 0 0 0.5rem 0;}
.checks .met {color: light-dark(#158237, #5CE488);}
.checks .missed {color: light-dark(#BD4043, #FF8A8A);}
.checks :is(.open, .not-judged) {opacity: 0.8;}
@media (max-width: 700px) {.figures {grid-template-columns: repeat(2, 1fr);}}
[data-testid="stCaptionContainer"] p {margin-bottom: 0.75rem;}
.budget {display: flex; justify-content: space-between; font-size: 0.88rem;}
.budget-bar {height: 6px; border-radius: 3px; background: rgba(128, 138, 148, 0.25); margin-top: 4px;}
.budget-bar div {height: 6px; border-radius: 3px;}
.wide {overflow-x: auto;}
table.plain {border-collapse: collapse; width: 100%; font-size: 0.9rem;}
table.plain th {text-align: left; font-weight: 600; padding: 0.3rem 0.8rem 0.3rem 0; white-space: nowrap;
    border-bottom: 1px solid rgba(128, 138, 148, 0.6);}
table.plain td {padding: 0.3rem 0.8rem 0.3rem 0; border-bottom: 1px solid rgba(128, 138, 148, 0.25);}
table.plain .number {text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap;}
.wide table.plain :is(td, th):first-child {position: sticky; left: 0; background: var(--lab-ground);}
.wide table.plain:not(.layers) td:first-child {min-width: 8rem;}
table.plain .long {min-width: 12rem;}
@media (max-width: 1000px) {  /* on a tablet, the columns of st.container(key="halves") stand below each other */
    .st-key-halves > div > [data-testid="stHorizontalBlock"] > [data-testid="stColumn"] {min-width: 100%;}
}
/* What stands in the bar at the top, in the room that the menu leaves: it moves no page. */
[data-testid="stLayoutWrapper"]:has(> .st-key-in-the-bar) {position: absolute;}
.st-key-in-the-bar {position: fixed; z-index: 999991; top: 0; left: 32rem; right: 5.2rem; width: auto; height: 3.75rem;
    flex-direction: row; align-items: center; justify-content: flex-end; gap: 1rem; pointer-events: none;}
.st-key-in-the-bar > * {pointer-events: auto; width: auto; flex: none;}
.st-key-in-the-bar > :has(> .st-key-live-run) {flex: 1; min-width: 0; max-width: 44rem;}
.st-key-live-run {gap: 0;}
.st-key-live-run a {padding: 0;}
.st-key-live-run :is(p, [data-testid="stMarkdownContainer"]) {overflow: hidden; text-overflow: ellipsis;
    white-space: nowrap;}
.st-key-live-run .lab-live {height: 1.6rem;}
.st-key-live-run .lab-live-line {display: block; height: 1.25rem; line-height: 1.25rem; white-space: nowrap;}
.st-key-live-run .lab-live-bar {height: 4px;}
@media (max-width: 768px) {.st-key-in-the-bar {left: 3.4rem;}}  /* where the menu is a drawer */
/* A run's head and how it stands are as high while it trains as at its end, and its name as wide. */
.st-key-run-head {display: grid; grid-template-columns: minmax(0, 1fr) minmax(25.5rem, auto); min-height: 3.2rem;}
.st-key-run-head > * {width: auto; min-width: 0;}
.st-key-run-buttons {flex-wrap: nowrap; gap: 0.6rem;}
.st-key-run-buttons button p {white-space: nowrap;}
.st-key-standing {container: standing / inline-size; display: grid; align-items: center;
    grid-template-columns: minmax(0, 1fr);}
.st-key-standing > * {grid-area: 1 / 1;}
.st-key-standing::before {content: ""; grid-area: 1 / 1; height: var(--lab-standing);}
.st-key-standing p {line-height: 1.45;}
.st-key-standing [data-testid="stSkeleton"] {visibility: hidden;}  /* it would lie over what is said */
/* A reason may be as long as PyTorch likes: it is scrolled within the room that there is. */
.st-key-standing [data-testid="stAlertContainer"] {padding: 0.2rem 0.8rem; max-height: var(--lab-standing);
    overflow-y: auto; scrollbar-width: thin;}
.st-key-standing [data-testid="stAlertContainer"] p {line-height: 1.3;}
@container standing (max-width: 46rem) {.st-key-standing > *, .st-key-standing::before {--lab-standing: 4.5rem;}}
@container standing (max-width: 30rem) {.st-key-standing > *, .st-key-standing::before {--lab-standing: 5.9rem;}}
@container standing (max-width: 21rem) {.st-key-standing > *, .st-key-standing::before {--lab-standing: 7.3rem;}}
@media (max-width: 700px) {  /* on a phone, two buttons a line */
    .st-key-run-head {grid-template: auto minmax(2.5rem, auto) / minmax(0, 1fr) !important; gap: 0.5rem;}
    .st-key-run-buttons > * {flex: 1 1 auto; width: auto !important;}
    .st-key-run-buttons :is(.stButton, .stTooltipHoverTarget, button) {width: 100%;}
    .st-key-run-buttons button {padding: 0.25rem 0.3rem;}
    .st-key-run-buttons button p {font-size: 0.9rem;}
    .st-key-run-actions [data-testid="stHorizontalBlock"] {display: grid; grid-template-columns: 1fr 1fr;}
    .st-key-run-actions [data-testid="stColumn"] {width: auto; min-width: 0;}
    .st-key-run-actions [data-testid="stColumn"]:last-child {display: none;}
}
.st-key-two-sides-right-first > div > [data-testid="stHorizontalBlock"] {flex-direction: row-reverse;}
@media (max-width: 1000px) {
    [class*="st-key-two-sides"] > div > [data-testid="stHorizontalBlock"] {flex-direction: column; gap: 1.5rem;}
    [class*="st-key-two-sides"] > div > [data-testid="stHorizontalBlock"] > [data-testid="stColumn"] {
        width: 100%; flex: 1 1 auto;
    }
}
@media (max-width: 700px) {.st-key-no-curves {display: none;}}  /* else Start is two screens below them */
.st-key-guess [role="radiogroup"] {flex-wrap: wrap;}
/* Room for another seed, whether one is offered or not. */
.st-key-extents {padding-bottom: 1.7rem;}
.st-key-other-seed {height: 1.7rem; margin-bottom: -1.7rem;}
.st-key-other-seed button {min-height: 0; padding: 0;}
/* The steps to choose from may take several lines: each has its own edges then. */
.st-key-chosen-step button {border: 1px solid rgba(128, 138, 148, 0.6) !important; margin-right: -1px;}
.st-key-chosen-step [data-selected] {border-color: currentColor !important; position: relative; z-index: 1;}
.st-key-guess [role="radiogroup"] button {padding: 0 0.55rem;}
/* Text reaches 4.5:1 on its ground in both themes, which Streamlit's own does not. */
[data-testid="stMarkdown"] [data-testid="stCaptionContainer"] {color: inherit; opacity: 0.8;}
[data-testid="stExpander"] summary {opacity: 0.8;}
button[kind="primary"]:not(:disabled) {color: light-dark(#FFFFFF, #14181D);}
/* Toolbars appear above what the mouse is over: a table leaves room for its own, nothing else needs one. */
[data-testid="stElementToolbar"]:not(:has([aria-label="Search"])) {display: none;}
[data-testid="stElementContainer"]:has([data-testid="stDataFrame"]) {margin-top: 1.9rem;}
[data-testid="stMain"] {scroll-padding-top: 4rem;}
/* Where the keyboard is: Streamlit cuts off the ring of a tab, and draws none of a table without a chosen cell. */
[data-testid="stTabs"] [role="tab"]:focus-visible {background: rgba(128, 138, 148, 0.2);
    box-shadow: inset 0 2px var(--lab-primary), inset 0 -3px var(--lab-primary);}
[data-testid="stDataFrame"]:has(canvas:focus-visible) {outline: 2px solid var(--lab-primary); outline-offset: 1px;}
.st-key-drawer, [data-testid="stLayoutWrapper"]:has(> .st-key-kept) {display: none;}
[data-testid="stSelectbox"] input {text-overflow: ellipsis;}
[data-testid="stSidebar"][data-collapsed="true"] {visibility: hidden;}  /* else the keyboard goes through it unseen */
</style>
"""
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
    st.set_page_config(page_title="How a CNN learns", page_icon=ICON, layout="wide")
    st.html(_STYLE)
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


def budget_bar(parameters: int, budget: int) -> None:
    """A calm gauge of the parameter count against the budget; over or under is said in words too."""
    share = min(1.0, parameters / budget)
    over = parameters >= budget
    words = f"{parameters / budget:.1f} times the budget of {budget:,}" if over else f"under the budget of {budget:,}"
    colour = WRONG if over else RATE
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
