"""Two stacks of layers, one above the other, with what a step changes marked in the lower one."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from lab.stacks import Block, Pair, pairs, stack
from lab.steps import Step, step
from lab.ui.layout import scrolling

_STYLE = """
<style>
.stacks {display: grid; grid-auto-flow: column; grid-auto-columns: minmax(6rem, 1fr); gap: 4px 5px; overflow-x: auto;
  grid-template: auto auto / max-content; padding-bottom: 4px;}
.stacks.alone {grid-template: auto / max-content;}
.stacks > div {border-radius: 5px; padding: 0.25rem 0.4rem; font-size: 0.74rem; line-height: 1.25;
  border: 1px solid rgba(128, 138, 148, 0.35); background: rgba(128, 138, 148, 0.1);}
.stacks > .row {background: none; border: none; padding: 0.25rem 0.4rem 0.25rem 0; font-weight: 600; font-size: 0.8rem;}
.stacks > .nothing {background: none; border: 1px dashed rgba(128, 138, 148, 0.35);}
.stacks b {display: block; font-weight: 600; font-size: 0.8rem;}
.stacks :is(span, i, s) {display: block; overflow-wrap: anywhere;}
.stacks .marked {border: 2px solid #C48500; background: rgba(196, 133, 0, 0.14);}
.stacks i {font-style: normal; font-weight: 600;}
.stacks i::before {content: "+ ";}
@media (max-width: 700px) {  /* side by side, read downwards */
  .stacks {grid-auto-flow: row; grid-template: none / 1fr 1fr; grid-auto-columns: auto;}
  .stacks.alone {grid-template: none / 1fr;}
  .stacks > div {font-size: 0.8rem;}
}
</style>
"""


def show_stacks(preset: Step) -> None:
    """The step's stack below that of the step before it; the first step's stands alone."""
    if preset.number == 1:
        found = [Pair(before=None, after=block) for block in stack(preset.config)]
        _show([(f"Step {preset.number}", "row"), *((_text(pair.after), "") for pair in found)], alone=True)
        return
    earlier = step(preset.number - 1)
    cells = [(f"Step {earlier.number}", "row"), (f"Step {preset.number}", "row")]
    for pair in pairs(stack(earlier.config), stack(preset.config)):
        cells.append((_text(pair.before, pair.gone_details, "s"), _kind(pair.before, pair.mark == "gone")))
        cells.append((_text(pair.after, pair.new_details, "i"), _kind(pair.after, pair.mark in ("new", "changed"))))
    _show(cells)


def _kind(block: Block | None, marked: bool) -> str:
    return "nothing" if block is None else "marked" if marked else ""


def _text(block: Block | None, marked: Sequence[str] = (), tag: str = "span") -> str:
    """A block in HTML; the details that are marked stand in an element of their own kind."""
    if block is None:
        return "<span>–</span>"
    tags = [(tag if detail in marked else "span", escape(detail)) for detail in block.details]
    return f"<b>{escape(block.name)}</b>" + "".join(f"<{kind}>{detail}</{kind}>" for kind, detail in tags)


def _show(cells: Sequence[tuple[str, str]], alone: bool = False) -> None:
    blocks = "".join(f'<div class="{kind}">{text}</div>' for text, kind in cells)
    st.html(_STYLE + scrolling(f"stacks{' alone' if alone else ''}", "Layers", blocks))
