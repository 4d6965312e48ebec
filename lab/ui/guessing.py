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
.guessed {{display: flex; flex-wrap: wrap; gap: 0.2rem 2rem; align-items: baseline; padding: 0.1rem 0.9rem;
  border-left: 4px solid {GUESS}; background: rgba(128, 138, 148, 0.1); border-radius: 4px;}}
.revealed {{padding: 0.5rem 0.9rem;}}
.guessed span {{font-size: 0.85rem;}}
.guessed b {{display: block; font-size: 1.35rem; font-weight: 600; font-variant-numeric: tabular-nums;}}
.guessed p {{margin: 0; flex-basis: 100%; font-size: 0.92rem;}}
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
    """The guess while the run trains; once it is complete, how far off it was."""
    guess = guessed(run.run)
    if guess is None:
        return
    if not run.complete or run.last is None:
        st.html(f'{_STYLE}<div class="guessed">Your guess: {escape(unbroken(guess.words))}</div>')
        return
    how_far, question = verdict(guess, run.last.test_accuracy)
    cells = {"Your guess": guess.words, "Result": f"{run.last.test_accuracy:.2f} %", "Difference": how_far}
    body = "".join(f"<div><span>{label}</span><b>{escape(unbroken(value))}</b></div>" for label, value in cells.items())
    st.html(f'{_STYLE}<div class="guessed revealed">{body}<p>{escape(question)}</p></div>')
