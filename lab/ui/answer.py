"""What a network has read, as every page shows it: the digit, ten bars, and the picture that it was given."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from lab.answer import Answer
from lab.figures import PUBLISHED, TEST
from lab.network_config import CLASSES, IMAGE_SIZE

JS = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
_BARS = "".join(f"<div><span>{digit}</span><span><i></i></span><span></span></div>" for digit in range(CLASSES))
HTML = f"""
<div class="lab-answer">
  <div class="lab-answer-head">
    <b class="lab-answer-digit"></b>
    <div>
      <p class="lab-answer-prompt"></p>
      <p class="lab-answer-words"></p>
      <p class="lab-answer-next"></p>
      <p class="lab-answer-odd"></p>
      <p class="lab-answer-trouble" role="alert"></p>
    </div>
  </div>
  <div class="lab-bars" role="img">{_BARS}</div>
  <p class="lab-answer-reader"></p>
  <p class="lab-answer-aloud" role="status"></p>
</div>
<figure class="lab-received">
  <canvas width="{IMAGE_SIZE}" height="{IMAGE_SIZE}" role="img" aria-label="What the network receives"></canvas>
  <figcaption>What the network receives: 28×28 pixels, centred and scaled like the training digits.</figcaption>
</figure>
<p class="lab-layers-head">What each layer makes of it: its strongest map, yellow above 0 and blue below.</p>
<div class="lab-layers" role="group" aria-label="The strongest map of each layer"></div>
"""
"""Within an element that `answer.js` is given, of the class lab-read."""
CSS = f"""
.lab-read {{display: flex; flex-wrap: wrap; gap: 1rem 2.5rem; align-items: flex-start;
  font-family: var(--st-font); color: var(--st-text-color);}}
.lab-read p {{margin: 0; font-size: 1rem; line-height: 1.35;}}
.lab-answer {{flex: 1 1 260px; min-width: 260px; max-width: var(--lab-answer); container: lab-answer / inline-size;}}
/* Room for the longest reason, whether there is one or not: nothing below it moves while one draws. */
.lab-answer > * {{--lab-head: 6rem; --lab-bar: 1.35rem; --lab-lines: 1;}}
@container lab-answer (max-width: 33rem) {{.lab-answer > * {{--lab-head: 7.1rem; --lab-lines: 2;}}}}
@container lab-answer (max-width: 24rem) {{.lab-answer > * {{--lab-head: 8.5rem; --lab-bar: 1.15rem;}}}}
@container lab-answer (max-width: 21.9rem) {{.lab-answer > * {{--lab-head: 9.8rem;}}}}
@container lab-answer (max-width: 18.5rem) {{.lab-answer > * {{--lab-head: 11.2rem;}}}}
.lab-answer-head {{display: flex; align-items: flex-start; gap: 0.8rem; min-height: var(--lab-head);}}
.lab-answer-head > div {{padding-top: 0.5rem;}}
.lab-answer-digit {{font-size: 4.2rem; font-weight: 650; line-height: 1; font-variant-numeric: tabular-nums;}}
[data-state="guess"] .lab-answer-digit {{opacity: 0.6;}}
/* A reason stands where the second digit stands else; that one waits, in the place of what no longer counts. */
.lab-answer-prompt, [data-state="guess"] .lab-answer-next,
  :is([data-trouble], [data-late]) :is(.lab-answer-words, .lab-answer-next, .lab-answer-odd) {{display: none;}}
:is([data-state="nothing"], [data-late]) .lab-answer-prompt {{display: block;}}
[data-state="nothing"] .lab-answer-digit {{display: none;}}
.lab-answer-odd:not(:empty), .lab-answer-trouble:not(:empty) {{margin: 0.3rem 0 0.4rem 0; padding: 0.2rem 0.5rem;
  border-radius: 4px; color: var(--st-yellow-text-color); background: var(--st-yellow-background-color);}}
:is([data-trouble], [data-late]) :is(.lab-answer-digit, .lab-answer-words, .lab-answer-next, .lab-bars,
  .lab-received canvas, .lab-layers) {{opacity: 0.35;}}
.lab-bars {{font-variant-numeric: tabular-nums; font-size: 0.85rem;}}
.lab-bars > div {{display: grid; grid-template-columns: 1.2ch 1fr 4.6rem; gap: 0.6rem;
  align-items: center; white-space: nowrap;
  height: max(var(--lab-bar), (var(--lab-square) - var(--lab-head)) / 10);}}
.lab-bars > div > :nth-child(2) {{height: 70%; background: rgba(128, 138, 148, 0.15);}}
.lab-bars > div > :last-child {{text-align: right;}}
.lab-bars i {{display: block; height: 100%; background: {PUBLISHED}; transform: scaleX(0); transform-origin: left;
  transition: transform 0.1s;}}
.lab-bars-answer {{font-weight: 650;}}
.lab-bars-answer i {{background: {TEST};}}
@media (prefers-reduced-motion: reduce) {{.lab-bars i {{transition: none;}}}}
.lab-read .lab-answer-reader {{font-size: 0.85rem; line-height: 1.2rem; height: calc(1.2rem * var(--lab-lines));
  overflow: hidden; margin-top: 0.3rem; opacity: 0.8;}}
.lab-answer-aloud {{position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);}}
.lab-received {{margin: 0; flex: 0 0 var(--lab-square);}}
.lab-received canvas {{width: var(--lab-square); height: var(--lab-square); display: block; background: #000;
  image-rendering: pixelated; outline: 1px solid {PUBLISHED}; border-radius: 6px;}}
.lab-layers:empty {{display: none;}}
.lab-layers:not(:empty) {{flex: 1 0 100%; display: flex; flex-wrap: wrap; gap: 0.5rem 0.8rem;}}
.lab-read .lab-layers-head {{flex: 1 0 100%; margin-bottom: -0.6rem; font-size: 0.85rem;}}
.lab-layers-head:has(+ :empty) {{display: none;}}
.lab-layers figure {{margin: 0;}}
.lab-layers i {{display: block; width: var(--lab-small-map); height: var(--lab-small-map); border-radius: 3px;
  background-color: #000; image-rendering: pixelated;}}
.lab-layers figcaption {{font-size: 0.8rem; line-height: 1.3; opacity: 0.8;}}
.lab-received figcaption {{font-size: 0.85rem; line-height: 1.35; margin-top: 0.4rem; opacity: 0.8;}}
@media (max-width: 1000px) {{  /* no room beside the answer: a line of its own, and no higher than it must be */
  .lab-received:not([hidden]) {{flex: 1 0 100%; display: flex; align-items: center; gap: 1rem;}}
  .lab-received canvas {{width: 140px; height: 140px; flex: none;}}
  .lab-received figcaption {{margin: 0; max-width: 20rem;}}
}}
"""
_SHOW = """
export default function ({ parentElement, data }) {
  showAnswer(parentElement.querySelector(".lab-read"), data.answer);
}
"""


def show_answer(answer: Answer) -> None:
    """What was read in a picture file; what is drawn is answered by `lab.ui.drawing_board` itself."""
    html = f'<div class="lab-read">{HTML}</div>'
    panel = st.components.v2.component("lab_answer", html=html, css=CSS, js=JS + _SHOW, isolate_styles=False)
    panel(key="answer", data={"answer": answer.row()}, width="stretch", height="content")
