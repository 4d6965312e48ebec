"""Whatever goes wrong on a page, in a click, in a fragment or in a dialog is one sentence, and the page goes on."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from app_pages import SCRIPT, add_run, button, errors, go_to, is_well, open_app, window, with_draft, words
from examples import tiny_run
from streamlit.testing.v1 import AppTest

from lab.config import ConfigError
from lab.store import Store, StoreError
from lab.ui.errors import UNEXPECTED, show_error

GONE = StoreError("The database sqlite:///x did not answer: disk I/O error.")
ERRORS = [(GONE, str(GONE)), (ConfigError("epochs is 0."), "epochs is 0."), (ZeroDivisionError("by zero"), UNEXPECTED)]


@pytest.fixture
def ill(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, Exception], None]]:
    """Has a method of the store fail from now on: `ill("send", error)`."""

    def fail(method: str, error: Exception) -> None:
        def failing(*_: object, **__: object) -> Any:
            raise error

        monkeypatch.setattr(Store, method, failing)

    yield fail


def told(app: AppTest) -> list[str]:
    assert not app.exception
    return errors(app)


@pytest.mark.parametrize(("error", "sentence"), ERRORS)
def test_an_error_of_a_page_is_told_on_it(
    ill: Callable[[str, Exception], None], error: Exception, sentence: str
) -> None:
    ill("runs", error)
    assert told(open_app("steps")) == [sentence]


@pytest.mark.parametrize(("error", "sentence"), ERRORS)
def test_an_error_of_a_click_is_told_above_the_page_which_is_drawn_whole(
    ill: Callable[[str, Exception], None], error: Exception, sentence: str
) -> None:
    app = with_draft(tiny_run())
    ill("submit", error)
    button(app, "Start training").click().run()
    assert told(app) == [sentence]
    assert app.title[0].value == "Train"
    assert button(app, "Start training")
    app.run()
    assert is_well(app)  # said once


def test_an_error_of_a_click_in_a_fragment_leaves_the_page_whole(
    ill: Callable[[str, Exception], None], store: Store
) -> None:
    run_id = add_run(store, window(1))
    ill("send", GONE)
    app = open_app("train", run=str(run_id))
    button(app, "Stop").click().run()
    assert told(app) == [str(GONE)]
    assert button(app, "Stop") and button(app, "Start training")


def test_an_error_of_a_fragment_is_told_in_its_place() -> None:
    def page() -> None:
        import streamlit as st

        st.title("A page")

        @st.fragment
        def part() -> None:
            if st.button("Fail"):
                raise ZeroDivisionError
            st.write("A part")

        part()
        st.write("The rest")

    app = AppTest.from_function(page).run()
    app.button[0].click().run()
    assert told(app) == [UNEXPECTED]
    assert app.title[0].value == "A page"
    app.run()
    assert is_well(app) and "A part" in words(app) and "The rest" in words(app)


def test_an_error_of_a_dialog_is_told_in_it() -> None:
    def page() -> None:
        import streamlit as st

        from lab.store import StoreError

        @st.dialog("Delete")
        def ask() -> None:
            raise StoreError("The database did not answer.")

        if st.button("Ask"):
            ask()
        st.write("The rest")

    app = AppTest.from_function(page).run()
    app.button[0].click().run()
    assert told(app) == ["The database did not answer."]
    app.run()
    assert is_well(app) and "The rest" in words(app)


def test_the_traceback_is_written_to_the_terminal(
    ill: Callable[[str, Exception], None], capsys: pytest.CaptureFixture[str]
) -> None:
    ill("runs", ZeroDivisionError("by zero"))
    open_app("steps")
    assert "ZeroDivisionError" in "".join(capsys.readouterr())


def test_the_app_is_served_with_this_script_and_these_words() -> None:
    import app as served

    assert served.app._resolve_script_path() == SCRIPT
    assert served.app._on_script_error is show_error


# --- a run in the address ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["9" * 5000, "99999999999999999999", str(2**63), "0", "-1", "²", "one", ""])
@pytest.mark.parametrize("page", ["train", "draw"])
def test_an_address_with_a_number_that_no_run_has_is_one_sentence(store: Store, page: str, address: str) -> None:
    add_run(store, window(1))
    app = go_to(open_app("steps", run=address), page)
    assert is_well(app)


def test_the_address_says_so(store: Store) -> None:
    app = open_app("train", run="99999999999999999999")
    assert [warning.value for warning in app.warning] == [
        "The address has a run number that cannot exist. The Runs page lists all runs."
    ]
    assert "run" not in app.query_params
