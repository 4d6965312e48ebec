"""The confusion matrix of a network: a click on a cell, by mouse or keyboard, chooses its digits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from lab.figures import PUBLISHED, WRONG

_JS = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
_HTML = """
<div class="lab-confusion">
  <p>Columns: what the network answers</p>
  <div><p>Rows: what the digit is</p><table aria-label="Confusion matrix: digits by what they are, in the rows, and by
  what the network answers, in the columns"></table></div>
</div>
"""
_CSS = f"""
.lab-confusion {{font-family: var(--st-font); color: var(--st-text-color); max-width: var(--lab-matrix, 30rem);
  container-type: inline-size;}}
.lab-confusion p {{margin: 0; font-size: 0.85rem; text-align: center; padding-left: 2.4rem;}}
.lab-confusion > div {{display: flex;}}
.lab-confusion > div > p {{writing-mode: vertical-rl; transform: rotate(180deg); padding: 0 0 2.1rem 0;}}
.lab-confusion table {{border-collapse: separate; border-spacing: 2px; width: 100%; table-layout: fixed;}}
.lab-confusion th {{font-weight: 600; font-size: 0.9rem; height: 1.9rem; text-align: center;}}
.lab-confusion td {{padding: 0; height: 1.9rem; background: rgba(128, 138, 148, 0.08); border-radius: 4px;}}
.lab-confusion tr:first-child td {{background: none;}}
.lab-confusion button {{width: 100%; height: 1.9rem; border: none; border-radius: 4px; padding: 0; cursor: pointer;
  font: inherit; font-size: 0.8rem; font-variant-numeric: tabular-nums; color: inherit;}}
/* A cell is a twelfth of the width, and four digits fit into it, also where all type is large. */
.lab-confusion td > button {{font-size: min(var(--lab-cell, 0.8rem), 2.7cqw) !important;}}
.lab-confusion .wrong {{background: color-mix(in srgb, {WRONG} var(--share), transparent); font-weight: 600;}}
.lab-confusion .right {{background: color-mix(in srgb, {PUBLISHED} 22%, transparent);}}
.lab-confusion button:hover, .lab-confusion button:focus-visible, .lab-confusion [aria-pressed="true"] {{
  outline: 2px solid var(--st-primary-color); outline-offset: 0;}}
.lab-confusion button:focus-visible {{outline-width: 4px; position: relative;}}
"""


def show_confusion(
    counts: Sequence[Sequence[int]], chosen: tuple[int, ...], key: str, on_choose: Callable[[], None]
) -> None:
    """The matrix, the `chosen` cell (label, answer) marked; () marks none.

    `on_choose` is called when another cell is chosen; `chosen_cell` says which.
    """
    component = st.components.v2.component("lab_confusion", html=_HTML, css=_CSS, js=_JS, isolate_styles=False)
    component(key=key, data={"counts": counts, "chosen": list(chosen)}, on_cell_change=on_choose)


def chosen_cell(key: str) -> tuple[int, ...]:
    """The label and the answer of the cell that was just chosen."""
    label, answer = st.session_state[key]["cell"]
    return int(label), int(answer)
