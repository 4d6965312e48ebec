"""The runs as cards, for a screen too narrow for the table: a tap, or Space, ticks a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

NARROW = "(max-width: 700px)"
"""Where the cards stand in the table's place: the media query."""

_JS = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
_HTML = '<div class="lab-cards" role="group" aria-label="Runs"></div>'
_CSS = f"""
[class*="st-key-run_cards"] {{display: none;}}
@media {NARROW} {{
  [class*="st-key-run_cards"] {{display: block;}}
  [data-testid="stElementContainer"][class*="st-key-runs_table"] {{display: none;}}
}}
.lab-cards {{display: grid; gap: 0.45rem; align-content: start; min-height: min(12rem, 55vh); max-height: 55vh;
  overflow-y: auto; padding: 3px; margin: 0 -3px;
  font-family: var(--st-font); color: var(--st-text-color);}}
.lab-cards button {{display: grid; grid-template-columns: 1.3rem 1fr auto; gap: 0 0.6rem; align-items: start;
  width: 100%; padding: 0.55rem 0.7rem; text-align: left; font: inherit; color: inherit; cursor: pointer;
  background: var(--st-secondary-background-color); border: 1px solid var(--st-border-color); border-radius: 6px;}}
.lab-cards button:focus-visible {{outline: 2px solid var(--st-primary-color);}}
.lab-cards [aria-pressed="true"] {{border-color: var(--st-primary-color);
  box-shadow: inset 0 0 0 1px var(--st-primary-color);}}
.lab-cards .box {{grid-row: span 2; align-self: center; width: 1.2rem; height: 1.2rem; line-height: 1.15rem;
  text-align: center; border: 1px solid; border-radius: 3px;}}
.lab-cards [aria-pressed="true"] .box::before {{content: "✓"; font-weight: 700;}}
.lab-cards .name {{font-weight: 600; overflow-wrap: anywhere;}}
.lab-cards .accuracy {{font-variant-numeric: tabular-nums; white-space: nowrap;}}
.lab-cards .facts {{grid-column: 2 / span 2; font-size: 0.88rem;}}
"""


@dataclass(frozen=True)
class Card:
    """What a card says of a run: its name, its accuracy and, below, the rest."""

    run: int
    name: str
    accuracy: str
    facts: str


def show_cards(cards: Sequence[Card], ticked: Sequence[int], key: str, on_tick: Callable[[], None]) -> None:
    """The cards, those of the runs `ticked` marked; seen on a narrow screen only.

    `on_tick` is called when others are ticked; `ticked_cards` says which.
    """
    component = st.components.v2.component("lab_run_cards", html=_HTML, css=_CSS, js=_JS, isolate_styles=False)
    given = {"cards": [asdict(card) for card in cards], "ticked": list(ticked)}
    component(key=key, data=given, on_ticked_change=on_tick)


def ticked_cards(key: str) -> tuple[int, ...]:
    """The ids of the runs whose cards are ticked now."""
    return tuple(int(run) for run in st.session_state[key]["ticked"])
