"""Present: every page large, for the back row, and of a run nothing but the run."""

from __future__ import annotations

import streamlit as st

from lab.ui.choice import kept, known, put, remember

PRESENT = "present"
HELP = "Makes text and lines larger on every page, for a projector. On the Train page it also hides the controls."
_STYLE = """
<style>
:root {font-size: 20px !important; --lab-cell: 1rem; --lab-matrix: 38rem;}
:root:has(.guessed) {--lab-above-charts: 28rem;}
.block-container {max-width: none;}
[data-testid="stMarkdown"] [data-testid="stCaptionContainer"] {opacity: 1;}
/* No text is smaller than the page's own; one that is larger stays so. */
[data-testid="stMain"] :is(p, label, button, kbd, summary, details, li, abbr, dt, dd, td, th, figcaption),
[data-testid="stMain"] span:where(:not([data-testid="stIconMaterial"])),
.figures > div > span:first-child {font-size: max(1rem, 1em);}
[data-testid="stMain"] .stacks :is(div, b, i, s) {font-size: 1rem;}
.st-key-presents p {white-space: nowrap;}
.st-key-run-head {grid-template-columns: minmax(0, 1fr) minmax(12rem, auto);}  /* fewer buttons than else */
@media (min-width: 701px) and (max-height: 830px) {  /* the menu names the page: the curves get the room of its title */
    [data-testid="stLayoutWrapper"]:has(> .st-key-train-title) {position: absolute; clip-path: inset(50%);}
    :root {--lab-standing: 2.4rem; --lab-above-charts: 19.2rem;}
    :root:has(.guessed) {--lab-above-charts: 22.5rem;}
    :root .guessed {padding-block: 0.1rem;}
}
@media (max-width: 1500px) {  /* no room for two tables side by side */
    .st-key-halves > div > [data-testid="stHorizontalBlock"] > [data-testid="stColumn"] {min-width: 100%;}
}
@media (min-width: 1500px) {  /* the bar has room */
    header :is([data-testid="stTopNavLinkContainer"], [data-testid="stTopNavSection"]) * {font-size: 1rem;}
    .st-key-in-the-bar {left: 34rem;}
}
@media (min-width: 769px) and (max-width: 1000px) {  /* the menu leaves room for the switch alone */
    .st-key-in-the-bar {left: 27rem;}
    .st-key-live-run {display: none !important;}
}
@media (max-width: 768px) {
    [data-testid="stMain"] .st-key-in-the-bar :is(p, label, .lab-live-line) {font-size: 0.7rem !important;}
    .st-key-presents [data-testid="stTooltipIcon"] {display: none;}  /* the bar has no room for it */
}
.stMarkdownBadge, [data-testid="stMain"] .lab-live-line {font-size: 1rem !important;}
[data-testid="stSelectbox"] :is(input, [data-baseweb="select"] *), [data-testid="stTextInput"] input {font-size: 1rem;}
[data-testid="stMain"] .lab-read :is(.lab-layers-head, .lab-answer-reader) {font-size: 1rem;}
.st-key-who [data-testid="stColumn"]:nth-child(3) {flex-basis: 100% !important;}  /* a line of its own */
.lab-strip .head .axis :nth-child(odd) {display: none;}  /* its ticks would run into each other */
/* The cards of runs instead of their table: what is drawn on a canvas keeps the size that it was drawn with first. */
[data-testid="stElementContainer"][class*="st-key-run_cards"] {display: block;}
[data-testid="stElementContainer"][class*="st-key-runs_table"] {display: none;}
.lab-cards .facts {font-size: 1rem;}
.lab-cards {grid-template-columns: repeat(auto-fill, minmax(min(28rem, 100%), 1fr));}
</style>
"""


def presenting() -> bool:
    """Whether pages are shown large: by the switch, or by `present=1` in the address."""
    return known(PRESENT, st.query_params.get(PRESENT) == "1")


def look_large() -> None:
    """The look of every page while it is shown large; call before the page."""
    if PRESENT in st.session_state:
        remember(PRESENT)  # a page that was shown large and is no longer may draw no switch
    if presenting():
        put(PRESENT, True)  # also on the pages whose address does not say so
        st.html(_STYLE)
    else:
        st.query_params.pop(PRESENT, None)


def present_switch() -> None:
    """The switch of the pages that offer it; while it is on, it stands on every page in the bar at the top."""
    if not presenting():
        _switch()


def offer_way_back() -> None:
    """The switch while pages are shown large: on every page, so that whoever turned it on can turn it off."""
    if presenting():
        with st.container(key="presents"):
            _switch()


def _switch() -> None:
    if kept(PRESENT, presenting(), st.toggle, "Present", help=HELP):
        st.query_params[PRESENT] = "1"
    else:
        st.query_params.pop(PRESENT, None)
