"""Predict, then reveal: a guess before a run, and what came of it. Who predicts first understands more.

Crouch, Fagen, Callan and Mazur, "Classroom demonstrations: Learning tools or entertainment?", Am. J. Phys. 72, 835
(2004). A guess is kept with the session and in the page's address; the store knows nothing of it.
"""

from __future__ import annotations

from html import escape

import streamlit as st

from lab.analysis import RunSummary
from lab.figures import GUESS
from lab.guess import GUESSES, Guess, verdict
from lab.number_words import unbroken
from lab.ui.choice import kept, put
from lab.ui.state import draft, guess_of, keep_guess

KEY = "guess"
_STYLE = f"""
<style>
/* The same cells from the beginning: nothing below moves when the result comes. */
.guessed {{display: grid; grid-template-columns: repeat(3, auto) 1fr; gap: 0.2rem 1.5rem; align-items: center;
  padding: 0.4rem 0.9rem; border-left: 4px solid {GUESS}; background: rgba(128, 138, 148, 0.1); border-radius: 4px;}}
.guessed span {{display: block; font-size: 0.85rem; line-height: 1.3;}}
.guessed b {{font-size: 1.2rem; line-height: 1.3; font-weight: 600; white-space: nowrap;
  font-variant-numeric: tabular-nums;}}
.guessed p {{margin: 0; font-size: 0.88rem; line-height: 1.3; min-height: 2.6em; align-content: center;}}
@media (max-width: 700px) {{
  .guessed {{grid-template-columns: repeat(3, auto); gap: 0.2rem 0.8rem;}}
  .guessed b {{font-size: 1rem;}}
  .guessed p {{grid-column: 1 / -1; min-height: 3.9em;}}
}}
</style>
"""


def ask_guess() -> None:
    """What the run will come to, if one likes to say so; `take_guess` gives it to the run that is started."""
    kept(
        KEY,
        None,
        st.pills,
        f"Your guess first: the final {draft().config.evaluate_on} accuracy, in %",
        range(len(GUESSES)),
        format_func=lambda place: GUESSES[place].short,
        help="Choose a range or none, then start. The chart shows your guess; when the run ends, the page compares it "
        "with the result.",
    )


def take_guess(*run_ids: int) -> None:
    """Keep what was said for the runs that have just been started, and ask anew for the next."""
    place = st.session_state.get(KEY)
    if place is not None:
        for run_id in run_ids:
            keep_guess(run_id, place)
        put(KEY, None)


def guessed(run_id: int) -> Guess | None:
    """What was said of a run before it began."""
    place = guess_of(run_id)
    return None if place is None else GUESSES[place]


def show_guess(run: RunSummary) -> None:
    """The guess and, once the run is complete, how far off it was; until then their places are empty."""
    guess = guessed(run.run)
    if guess is None:
        return
    result, how_far = "–", "–"
    said = "The run ended early: there is no result to compare." if run.is_over else "The result comes at the end."
    if run.complete and run.last is not None:
        result = f"{run.last.test_accuracy:.2f} %"
        how_far, said = verdict(guess, run.last.test_accuracy)
    cells = {"Your guess": guess.words, "Result": result, "Difference": how_far}
    body = "".join(f"<div><span>{label}</span><b>{escape(unbroken(value))}</b></div>" for label, value in cells.items())
    st.html(f'{_STYLE}<div class="guessed">{body}<p>{escape(said)}</p></div>')
