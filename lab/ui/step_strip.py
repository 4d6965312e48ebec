"""The seven steps as a strip: parameters and accuracy to scale, published and measured. A row chooses its step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path

import streamlit as st

from lab.describe import StepSummary, summarize_step
from lab.evidence import final_words
from lab.figures import PUBLISHED, TEST
from lab.published import TARGET_ACCURACY
from lab.seeds import Pool, main_pool
from lab.steps import STEPS

LOWEST, HIGHEST = 98.6, 99.7
"""Percent: the accuracies between which all steps end, with a standard deviation to each side."""
STRIP = "step-strip"
_JS = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
_HTML = '<div class="lab-strip" role="radiogroup" aria-label="Step"></div>'
_CSS = f"""
.lab-strip {{font-family: var(--st-font); color: var(--st-text-color); font-size: 0.86rem; display: grid; gap: 2px;
  container: strip / inline-size;}}
.lab-strip :is(label, .head) {{display: grid; align-items: center; gap: 0 0.8rem; padding: 0 0.5rem;
  grid-template-columns: minmax(8.2rem, 1.2fr) 1fr 1.3fr;}}
.lab-strip label {{min-height: var(--lab-row); border-radius: 6px; cursor: pointer; border: 1px solid transparent;}}
.lab-strip label:hover {{background: var(--st-secondary-background-color);}}
.lab-strip label:has(:checked) {{border-color: var(--st-primary-color);
  background: var(--st-secondary-background-color);}}
.lab-strip label:has(:checked) b {{color: var(--st-primary-color);}}
.lab-strip label:has(:focus-visible) {{outline: 2px solid var(--st-primary-color); outline-offset: 1px;}}
.lab-strip input {{position: absolute; opacity: 0; pointer-events: none;}}
.lab-strip b {{font-weight: 600; line-height: 1.15;}}
.lab-strip .head {{font-size: 0.78rem; opacity: 0.8; min-height: 1.5rem;}}
.lab-strip .word {{white-space: nowrap;}}
.lab-strip .unit {{text-align: right; padding-right: 1.1rem; grid-column: 1 / 3;}}
.lab-strip .size {{display: flex; align-items: center; gap: 0.4rem; font-variant-numeric: tabular-nums;}}
.lab-strip .size i {{display: block; height: 12px; background: var(--st-text-color); opacity: 0.55; flex: none;
  border-radius: 2px; min-width: 2px;}}
.lab-strip .axis {{position: relative; height: 1.5rem;}}
.lab-strip .axis > * {{position: absolute; top: 50%; transform: translate(-50%, -50%);}}
.lab-strip .goal {{top: 0; bottom: 0; height: auto; width: 0; transform: none; border-left: 1px solid {PUBLISHED};}}
.lab-strip .spread {{height: 6px; border-radius: 3px; background: {TEST}; opacity: 0.4; transform: translateY(-50%);}}
.lab-strip .mean {{width: 11px; height: 11px; border-radius: 50%; background: {TEST};}}
.lab-strip .published {{width: 9px; height: 9px; border: 2px solid {PUBLISHED}; transform: translate(-50%, -50%)
  rotate(45deg); background: var(--st-background-color);}}
.lab-strip .key {{position: static; transform: none; display: inline-block; vertical-align: -1px; margin: 0 0.25rem;}}
.lab-strip .key.published {{transform: rotate(45deg) scale(0.85);}}
.lab-strip .seen {{position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);}}
@media (max-width: 700px) {{.lab-strip .head .axis :nth-child(odd) {{display: none;}}}}  /* two ticks have room */
@container strip (max-width: 21rem) {{  /* a phone with large type: the name has a line of its own */
  .lab-strip :is(label, .head) {{grid-template-columns: 1fr 1fr;}}
  .lab-strip :is(b, .head > :first-child:empty, .unit) {{grid-column: 1 / -1;}}
  .lab-strip label {{padding-top: 0.3rem; padding-bottom: 0.3rem;}}
  .lab-strip .axis {{grid-column: 2;}}
}}
"""


def show_step_strip(chosen: int, pools: Sequence[Pool], choose: Callable[[int], None]) -> None:
    """Draw it, with `chosen` marked; `choose` is called with the step that a person chooses."""
    summaries = [summarize_step(preset) for preset in STEPS]
    most = max(summary.parameters for summary in summaries)
    rows = [_row(summary, most, main_pool(pools, summary.preset.number)) for summary in summaries]

    def take() -> None:
        number = clicked_row()
        if number is not None:
            choose(number)

    strip = st.components.v2.component("lab_step_strip", html=_HTML, css=_CSS, js=_JS, isolate_styles=False)
    strip(key=STRIP, data={"html": "".join([_head(), *rows, _foot()]), "chosen": chosen}, on_chosen_change=take)


def clicked_row() -> int | None:
    """The step whose row was clicked since the strip was drawn; None where none was."""
    number: int | None = getattr(st.session_state.get(STRIP), "chosen", None)
    return number if number in [preset.number for preset in STEPS] else None


def _head() -> str:
    return (
        "<div class='head'><span></span><span>parameters</span><span><span class='word'>"
        "<span class='key published'></span>published</span> <span class='word'><span class='key mean'></span>"
        "measured</span></span></div>"
    )


def _foot() -> str:
    """The ticks of the axis of accuracy."""
    ticks = (98.8, 99.0, 99.2, TARGET_ACCURACY, 99.6)
    marks = "".join(f"<span style='left:{_place(tick):.1f}%'>{tick:.1f}</span>" for tick in ticks)
    label = "<span class='unit'>test accuracy, %</span>"
    return f"<div class='head' aria-hidden='true'>{label}<span class='axis'>{marks}</span></div>"


def _row(summary: StepSummary, most: int, pool: Pool | None) -> str:
    preset = summary.preset
    return (
        f"<label><input type='radio' name='lab-step' value='{preset.number}'>"
        f"<b>{preset.number}. {escape(preset.name)}</b>"
        f"<span class='size'><i style='width:{60 * summary.parameters / most:.1f}%'></i>{summary.parameters:,}</span>"
        f"<span class='axis' title='{_words(summary, pool)}'>{_marks(summary.published_final, pool)}</span>"
        f"<span class='seen'>{_words(summary, pool)}</span></label>"
    )


def _marks(published: float | None, pool: Pool | None) -> str:
    marks = [f"<i class='goal' style='left:{_place(TARGET_ACCURACY):.1f}%'></i>"]
    if pool:
        spread = pool.final_spread or 0.0
        low, high = _place(pool.final_mean - spread), _place(pool.final_mean + spread)
        marks.append(f"<i class='spread' style='left:{low:.1f}%;width:{high - low:.1f}%'></i>")
        marks.append(f"<i class='mean' style='left:{_place(pool.final_mean):.1f}%'></i>")
    if published is not None:
        marks.append(f"<i class='published' style='left:{_place(published):.1f}%'></i>")
    return "".join(marks)


def _words(summary: StepSummary, pool: Pool | None) -> str:
    published = summary.published_final
    said = [f"published {published:.2f} %"] if published is not None else ["nothing published"]
    return ", ".join([*said, *([f"measured {final_words(pool)}"] if pool else [])])


def _place(accuracy: float) -> float:
    """Where an accuracy stands on the strip's axis, in percent of its width."""
    return 100 * (min(max(accuracy, LOWEST), HIGHEST) - LOWEST) / (HIGHEST - LOWEST)
