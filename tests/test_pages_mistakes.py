"""The Mistakes page: wrong digits of any network at any epoch, all of them or those of one cell of the matrix."""

import re
from typing import Any

import numpy as np
import pytest
from app_pages import ROOT, component_data, errors, go_to, labelled, open_alone, open_app
from stories import finished
from streamlit.testing.v1 import AppTest

from lab.mnist import DataError
from lab.number_words import NO_BREAK
from lab.store import Store
from lab.ui import mistakes
from lab.ui.mistakes import AT_ONCE, CELL, GALLERY, MATRIX
from lab.ui.network_choice import ASKED
from lab.ui.state import RUN


def opened(run: int) -> AppTest:
    """The page in a session that looks at a run."""
    app = AppTest.from_file(ROOT / "pages" / "mistakes.py", default_timeout=60)
    app.session_state[RUN] = run
    app.run()
    assert not app.exception
    return app


def gallery(app: AppTest) -> list[dict[str, Any]]:
    """What stands to each digit of the gallery."""
    tiles: list[dict[str, Any]] = component_data(app, GALLERY)["tiles"]
    return tiles


def counts(app: AppTest) -> list[list[int]]:
    matrix: list[list[int]] = component_data(app, MATRIX)["counts"]
    return matrix


def wrong(app: AppTest) -> int:
    return sum(count for label, row in enumerate(counts(app)) for answer, count in enumerate(row) if label != answer)


def at(counts: list[list[int]], cell: tuple[int, ...]) -> int:
    return counts[cell[0]][cell[1]]


def percents(app: AppTest) -> list[float]:
    return [float(tile["note"].removeprefix("over ").removesuffix(f"{NO_BREAK}%")) for tile in gallery(app)]


def test_the_network_that_comes_with_the_lab_shows_its_wrong_digits_the_surest_first() -> None:
    app = open_alone("mistakes")
    assert labelled(app.selectbox, "Network").value == 0
    (told,) = [text.value for text in app.markdown if "wrong" in text.value]
    assert told.startswith(f"**{wrong(app)} wrong** of 10,000 test images")
    assert len(gallery(app)) == wrong(app) < AT_ONCE
    assert percents(app) == sorted(percents(app), reverse=True)
    assert any("The surest wrong answers come first." in caption.value for caption in app.caption)


def test_each_digit_is_told_with_number_label_answer_and_probability() -> None:
    for tile in gallery(open_alone("mistakes")):
        told = re.fullmatch(
            r"Test image [\d,]+: a (\d), read as (\d) with ((?:over )?[\d.]+\s%); the (\d) got .*", tile["words"]
        )
        assert told is not None and told[1] == told[4] != told[2]
        assert (tile["caption"], tile["answer"], tile["note"]) == (f"{told[1]} read as ", told[2], told[3])


def test_every_cell_opens_exactly_its_digits_whether_they_are_right_or_wrong(trained: int) -> None:
    app = opened(trained)
    assert sum(map(sum, counts(app))) == 30
    for label, row in enumerate(counts(app)):
        for answer, count in enumerate(row):
            if count:
                app.selectbox(key=CELL).set_value((label, answer)).run()
                assert len(gallery(app)) == count
                assert all(f": a {label}, read as {answer} with" in tile["words"] for tile in gallery(app))
                assert component_data(app, MATRIX)["chosen"] == [label, answer]


def test_any_epoch_of_a_run_can_be_asked_and_the_chosen_cell_stays_although_it_is_empty(
    store: Store, trained: int
) -> None:
    app = opened(trained)
    assert app.selectbox(key=ASKED).value == trained
    found = {}
    for epoch in (1, 2, 3):
        labelled(app.select_slider, "Epoch").set_value(epoch).run()
        assert wrong(app) == 30 - store.epochs([trained])[trained][epoch - 1].test_correct
        found[epoch] = counts(app)
    label, answer = next(cell for cell in np.ndindex(10, 10) if at(found[1], cell) and not at(found[3], cell))
    labelled(app.select_slider, "Epoch").set_value(1).run()
    app.selectbox(key=CELL).set_value((label, answer)).run()
    labelled(app.select_slider, "Epoch").set_value(3).run()
    assert [info.value for info in app.info] == [f"This network reads no {label} as {answer}."]
    assert app.session_state[CELL] == (label, answer)


def test_a_cell_that_is_clicked_is_chosen_and_clicked_again_all_wrong_digits_are(
    trained: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AppTest cannot click on a component; the browser tests do."""
    state: dict[str, Any] = {CELL: mistakes.ALL_WRONG}
    monkeypatch.setattr("streamlit.session_state", state)
    monkeypatch.setattr(mistakes, "chosen_cell", lambda _: (4, 9))
    mistakes._take_cell()
    assert state[CELL] == (4, 9)
    mistakes._take_cell()
    assert state[CELL] == ()


def test_a_text_that_is_none_of_the_options_leaves_the_choice_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the browser sends it when the options have changed."""
    monkeypatch.setattr("streamlit.session_state", {CELL: "4 read as 7", f"{CELL}_kept": (4, 6)})
    assert mistakes._kept_cell() == (4, 6)


def test_of_very_many_digits_the_first_are_shown_and_more_on_request(
    trained: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mistakes, "AT_ONCE", 3)
    monkeypatch.setattr(mistakes, "MORE", 4)
    app = opened(trained)
    total = wrong(app)
    assert len(gallery(app)) == 3 < total
    next(button for button in app.button if button.label.startswith(f"Show 4 more of {total - 3}")).click().run()
    assert len(gallery(app)) == 7


def test_that_the_run_one_looked_at_was_deleted_is_said_where_another_network_takes_its_place(
    store: Store, trained: int
) -> None:
    app = opened(trained)
    assert labelled(app.selectbox, "Network").value == trained and not app.warning
    store.delete(trained)
    app.run()
    assert labelled(app.selectbox, "Network").value == 0
    (said,) = [warning.value for warning in app.warning]
    assert said.startswith(f"Run {trained} is no longer here: it was deleted. Another network")
    assert [warning.value for warning in app.run().warning] == [said]  # the page is drawn anew by itself


def test_that_it_was_deleted_is_said_no_longer_once_another_network_is_chosen(store: Store, trained: int) -> None:
    other = finished(store)
    app = opened(trained)
    store.delete(trained)
    app.run()
    assert len(app.warning) == 1
    labelled(app.selectbox, "Network").set_value(other).run()
    assert labelled(app.selectbox, "Network").value == other
    assert not app.warning and not app.run().warning


def test_that_it_was_deleted_is_said_no_longer_once_the_page_was_left(store: Store) -> None:
    run = finished(store)
    app = go_to(open_app("start", run=str(run)), "mistakes")
    store.delete(run)
    assert len(app.run().warning) == 1
    assert not go_to(go_to(app, "runs"), "mistakes").warning


def test_without_the_images_the_page_says_so(monkeypatch: pytest.MonkeyPatch, trained: int) -> None:
    def missing() -> None:
        raise DataError("The data file is missing: restore it.")

    monkeypatch.setattr("lab.probe.answers.load_mnist", missing)
    app = opened(trained)
    assert errors(app) == ["The data file is missing: restore it."]
