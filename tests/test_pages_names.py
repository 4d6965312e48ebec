"""A run's name appears on every page as it was typed. Nothing is trained here; tests/browser reads it in a browser."""

import pytest
from app_pages import add_run, as_read, button, chart, epoch, go_to, open_app, words
from examples import tiny_run
from nasty import NASTY_NAMES
from runs_page import asked_about, select

from lab.events import Failed, Stopped
from lab.steps import step
from lab.store import Store
from lab.ui.text import plain


@pytest.mark.parametrize("name", NASTY_NAMES)
def test_a_name_is_shown_as_typed_where_its_run_is_watched_chosen_and_asked_about(store: Store, name: str) -> None:
    add_run(store, epoch(1), Stopped(), config=tiny_run(), name=name)
    line = " ".join(name.split())
    app = open_app("train")
    assert f"**{line}**" in words(app)
    assert any(plain(name) in element.value for element in app.markdown)
    select(go_to(app, "runs"), 0)
    assert app.dataframe[0].value["Name"].tolist() == [name]  # a table reads no Markdown
    button(app, "Delete").click().run()
    assert f"- {line} (run" in asked_about(app)
    button(app, "Rename").click().run()
    assert line in asked_about(app)


def test_every_run_of_a_step_with_a_nasty_name_leaves_the_steps_page_as_it_is(store: Store) -> None:
    add_run(store, *(epoch(number) for number in range(1, 16)), Stopped(), config=step(1).config, name=NASTY_NAMES[0])
    assert "published test" in chart(open_app("steps"), "step-curves")


def test_why_a_run_failed_is_shown_as_it_was_said(store: Store) -> None:
    add_run(store, Failed(reason="The file /a_b_c/*.gz is <missing>: $HOME :red[x]."))
    app = open_app("train")
    (error,) = app.error
    assert as_read(error.value) == "The file /a_b_c/*.gz is <missing>: $HOME :red[x]."
    assert "_" not in error.value and ":red[" not in error.value
