"""What the pages say is said as a person would say it."""

import pytest
from any_config import run_configs
from app_pages import add_run, epoch, go_to, labelled, open_app, run_that_is, window, with_draft, words
from examples import tiny_run
from hypothesis import given
from streamlit.testing.v1 import AppTest
from train_controls import EVERYTHING_ELSE
from unspoken import STILTED, UNSPOKEN

from lab.config import RunConfig
from lab.describe import describe_config, describe_extent, differences
from lab.events import Finished
from lab.naming import describe_run
from lab.quick import quick
from lab.steps import STEPS, step
from lab.store import ENDED, LIVE, Store

PAGES = ("steps", "train", "layers", "inside", "mistakes", "runs")


def said(app: AppTest) -> str:
    """The page's text, the labels and helps of what can be used, and what select boxes offer."""
    assert not app.exception
    used = [*app.button, *app.toggle, *app.slider, *app.selectbox, *app.text_input]
    offered = [option for box in app.selectbox for option in box.options]
    return "\n".join([words(app), *(f"{widget.label} {widget.help}" for widget in used if widget.help), *offered])


@pytest.mark.parametrize("config", [quick(step(6).config), EVERYTHING_ELSE], ids=["beyond, quick", "everything else"])
def test_no_page_speaks_as_a_program_would(store: Store, config: RunConfig) -> None:
    add_run(store, epoch(1), Finished(), config=config)
    app = with_draft(config, page="steps")
    for page in PAGES:
        assert not UNSPOKEN.findall(said(go_to(app, page))), page


def test_every_page_speaks_plainly(store: Store) -> None:
    add_run(store, epoch(1), epoch(2), epoch(3), Finished(), config=tiny_run(epochs=3))
    app = with_draft(step(3).config, page="start")
    for page in ("start", *PAGES, "draw"):
        assert not STILTED.findall(said(go_to(app, page))), page


@pytest.mark.parametrize("status", sorted({*LIVE, *ENDED}))
@pytest.mark.parametrize("begun", [True, False], ids=["after an epoch", "before its first epoch"])
def test_every_state_of_a_run_is_told_plainly(store: Store, dead_worker: str, status: str, begun: bool) -> None:
    run = run_that_is(status, store, dead_worker, *([] if begun else [window(1)]))
    for page in ("train", "runs", "draw"):
        told = said(open_app(page, run=str(run), compare=str(run)))
        assert not STILTED.findall(told) + UNSPOKEN.findall(told), page


@pytest.mark.parametrize("number", [preset.number for preset in STEPS])
def test_no_step_speaks_as_a_program_would(number: int) -> None:
    app = with_draft(step(1).config, page="steps")
    labelled(app.get("button_group"), "Step").set_value(number).run()
    assert not UNSPOKEN.findall(said(app))
    assert not STILTED.findall(said(app))


@given(run_configs, run_configs)
def test_no_config_is_told_in_the_words_of_a_program(one: RunConfig, other: RunConfig) -> None:
    told = [*describe_config(one), *differences(one, other), (describe_run(one), describe_extent(one))]
    names = {name for name, *_ in differences(one, other)}  # dotted names are for programs
    assert not [text for row in told for text in row if text not in names and UNSPOKEN.search(text)]
