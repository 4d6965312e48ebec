"""The head of the view of a run: what its buttons say that they do."""

import pytest
from app_pages import add_run, button, epoch, open_app

from lab.events import Event, Stopped
from lab.store import Store


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ((epoch(1), Stopped()), "Continues after the last finished epoch."),
        ((Stopped(),), "Starts it again from the beginning."),
    ],
)
def test_resume_says_where_it_goes_on(store: Store, told: tuple[Event, ...], words: str) -> None:
    app = open_app("train", run=str(add_run(store, *told)))
    assert button(app, "Resume").help == words
