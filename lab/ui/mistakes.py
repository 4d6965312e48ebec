"""Wrong digits on a page: the matrix that chooses which, and the gallery of those that were chosen."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from lab.network_config import CLASSES
from lab.number_words import percent_words, unbroken
from lab.store import open_store
from lab.ui.addressed import asked, say
from lab.ui.choice import choice, put
from lab.ui.confusion import chosen_cell, show_confusion
from lab.ui.followed_digit import look_inside_at
from lab.ui.patience import load, patiently
from lab.ui.reader import Reader
from lab.ui.text import plain
from lab.ui.tiles import Tile, picked, show_tiles

if TYPE_CHECKING:
    from lab.probe import Answers, Reading

Cell = tuple[int, ...]
ALL_WRONG: Cell = ()
"""In the place of a cell, (label, answer)."""
CELL, MATRIX, GALLERY, SHOWN = "mistakes_cell", "mistakes_matrix", "mistakes_gallery", "mistakes_shown"
TAKEN = "mistakes_taken"
"""The place in the gallery of the digit that was just clicked."""
_ADDRESSED: dict[str, Cell] = {f"{label}-{answer}": (label, answer) for label, answer in np.ndindex(CLASSES, CLASSES)}
AT_ONCE, MORE = 60, 240
"""Digits of the gallery before one asks for more, and how many more."""


def answers_of(reader: Reader) -> Answers | None:
    """The network's answers to its evaluation set: as they were kept, or read now and then kept by the process.

    None where the images cannot be read, which is said.

    Raises:
        StoreError: the network cannot be read.
    """
    load("lab.probe")
    from lab.mnist import DataError

    try:
        if reader.run is not None:
            return patiently(partial(_kept_answers, reader.run, reader.epoch, reader.url))
        with st.spinner("The network reads the 10,000 test images. This takes a few seconds, only once."):
            return patiently(partial(_read_answers, reader.changed(), reader))
    except DataError as error:
        st.error(plain(str(error)))
        return None


@st.cache_resource(max_entries=64, show_spinner=False)
def _kept_answers(run: int, epoch: int | None, url: str) -> Answers:
    from lab.probe import kept_answers

    return kept_answers(open_store(url), run, epoch)


@st.cache_resource(max_entries=2, show_spinner=False)
def _read_answers(changed: float, _reader: Reader) -> Answers:
    """`changed` makes a replaced file count as another one."""
    from lab.probe import read_answers

    return read_answers(_reader.predictor())


def readings_of(reader: Reader, answers: Answers, cell: Cell) -> list[Reading]:
    """What the network makes of the wrong digits, or of those of a cell, the hardest first."""
    count = len(_numbers(answers, cell))
    with st.spinner(f"The network reads {count:,} digits again to find their probabilities."):
        asked_for = (reader.run, reader.epoch, reader.url, reader.changed(), cell)
        return patiently(partial(_readings, *asked_for, reader, answers))


@st.cache_resource(max_entries=64, show_spinner=False)
def _readings(
    run: int | None, epoch: int | None, url: str, changed: float, cell: Cell, _reader: Reader, _answers: Answers
) -> list[Reading]:
    from lab.probe import read_hardest_first

    return read_hardest_first(_answers, _numbers(_answers, cell), _reader.predictor())


def _numbers(answers: Answers, cell: Cell) -> NDArray[np.int64]:
    return answers.cell(*cell) if cell else answers.wrong()


def show_matrix(answers: Answers) -> None:
    """How many are wrong, and the matrix with the chosen cell marked."""
    wanted = asked("cell", _ADDRESSED.get, usual=ALL_WRONG)
    if wanted is not None:
        put(CELL, wanted)
    wrong, of = len(answers.wrong()), len(answers.labels)
    share = f" ({100 * (of - wrong) / of:.2f} % correct)" if of else ""
    st.markdown(unbroken(f"**{wrong:,} wrong** of {of:,} {answers.evaluated} images{share}"))
    show_confusion(answers.confusion().tolist(), _kept_cell(), MATRIX, _take_cell)
    st.caption("Click a cell to see its digits. Click it again to see all wrong digits.")


def _take_cell() -> None:
    cell = chosen_cell(MATRIX)
    put(CELL, ALL_WRONG if cell == _kept_cell() else cell)


def _kept_cell() -> Cell:
    """What was chosen, also where the select box hands back a text that is none of its options (`lab.ui.choice`)."""
    cell = st.session_state.get(CELL)
    return cell if isinstance(cell, tuple) else st.session_state.get(f"{CELL}_kept", ALL_WRONG)


def choose_cell(answers: Answers) -> Cell:
    """The same choice as a select box: all wrong digits, or a cell, the fullest first and the right ones last."""
    counts = answers.confusion()
    cells = sorted(
        (tuple(place) for place in np.argwhere(counts).tolist()),
        key=lambda place: (place[0] == place[1], -counts[place], place),
    )
    kept = _kept_cell()
    if kept and kept not in cells:  # another epoch may have none: the choice stays
        cells.append(kept)

    def words(cell: Cell) -> str:
        return f"{cell[0]} read as {cell[1]}" if cell else "All wrong digits"

    chosen = choice(CELL, [ALL_WRONG, *cells], ALL_WRONG, label="Digits", format_func=words)
    say("cell", "-".join(map(str, chosen)) or None)
    return chosen


def show_gallery(answers: Answers, readings: list[Reading], cell: Cell) -> None:
    """The digits with what they are, what they were taken for and how surely; more of them on request."""
    from lab.probe import images_of

    if not readings:
        st.info(
            f"This network reads no {cell[0]} as {cell[1]}." if cell else "This network reads every digit correctly."
        )
        return
    order = (
        "The surest wrong answers come first." if readings[0].is_wrong else "The least sure correct answers come first."
    )
    count_words = "1 digit" if len(readings) == 1 else f"{len(readings):,} digits"
    st.caption(f"**{count_words}.** {order} Click one to see what each layer makes of it.")
    of, count = st.session_state.get(SHOWN, (cell, 0))
    shown = readings[: max(AT_ONCE, count if of == cell else 0)]
    pictures = images_of(answers.evaluated, [one.number for one in shown])[:, 0].numpy()
    tiles = [_tile(one, answers.evaluated) for one in shown]
    show_tiles(pictures, tiles, GALLERY, size=72, picks="picture", on_pick=_take_digit)
    if TAKEN in st.session_state:
        look_inside_at(shown[st.session_state.pop(TAKEN)].number, answers.evaluated)
    left = len(readings) - len(shown)
    if left:
        more = min(left, MORE)
        st.button(f"Show {more} more of {left:,}", on_click=_show_more, args=(cell, len(shown) + more))


def _take_digit() -> None:
    st.session_state[TAKEN] = picked(GALLERY)[0]


def _show_more(cell: Cell, count: int) -> None:
    st.session_state[SHOWN] = (cell, count)


def _tile(one: Reading, evaluated: str) -> Tile:
    percent = percent_words(one.probability)
    words = f"{evaluated.capitalize()} image {one.number:,}: a {one.label}, read as {one.answer} with {percent}"
    if one.is_wrong:
        words += f"; the {one.label} got {percent_words(one.of_label)}"
        return Tile(words, f"{one.label} read as ", str(one.answer), percent)
    return Tile(words, f"{one.label}, correct", note=percent)
