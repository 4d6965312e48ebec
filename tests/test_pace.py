"""Pages do not slow the training down: in a crowd, and where epochs are long, each refreshes less often."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from app_pages import epoch, started, window
from examples import tiny_run
from streamlit.testing.v1 import AppTest

from lab.events import Epoch
from lab.timeline import Timeline
from lab.ui import live, pace
from lab.ui.live import EARLY
from lab.ui.pace import CALM, GONE_AFTER_SECONDS, LONG_EPOCH, REFRESHES_A_SECOND, seconds_for


def test_a_few_pages_refresh_once_a_second() -> None:
    assert [seconds_for(pages) for pages in (0, 1, 5)] == [1, 1, 1]


@pytest.mark.parametrize("pages", range(1, 200))
def test_all_pages_together_refresh_no_more_often_than_that_and_seldom_less_than_half_as_often(pages: int) -> None:
    together = pages / seconds_for(pages)
    assert together <= REFRESHES_A_SECOND
    assert seconds_for(pages) == 1 or together > REFRESHES_A_SECOND / 2


def page(epoch_seconds: float = 0.0) -> AppTest:
    return AppTest.from_string(
        f"import streamlit as st\nfrom lab.ui.pace import refresh_seconds\nst.text(refresh_seconds({epoch_seconds}))"
    )


def test_each_open_page_counts_once_and_a_closed_one_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(pace, "_seen", {})
    monkeypatch.setattr(pace, "time", SimpleNamespace(monotonic=lambda: now))
    pages = [page() for _ in range(6)]
    assert [one.run().text[0].value for one in pages] == ["1.0"] * 5 + ["2.0"]
    assert pages[0].run().text[0].value == "2.0"
    now += GONE_AFTER_SECONDS + 1
    assert pages[0].run().text[0].value == "1.0"


def test_a_page_that_watches_long_epochs_refreshes_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "_seen", {})
    assert page(LONG_EPOCH).run().text[0].value == "1.0"
    assert page(LONG_EPOCH + 0.1).run().text[0].value == str(CALM)
    crowd = [page(LONG_EPOCH + 0.1) for _ in range(45)]
    assert [one.run().text[0].value for one in crowd][-1] == "16.0"  # of 47: every 8 would be 5.9 a second


STARTED = replace(started(tiny_run()), iterations_per_epoch=10, batch_size=64)
WINDOW = replace(window(1), images_per_second=80.0)
EPOCH = epoch(1, seconds=9.0)


@pytest.mark.parametrize(
    ("status", "command", "windows", "epochs", "watched_for"),
    [
        ("running", "run", 20, [EPOCH], 9.0),
        ("running", "run", EARLY + 1, [], 640 / 80),  # the first epoch, as long as it seems to take
        ("running", "run", EARLY, [], 0.0),  # the first points are waited for
        ("running", "run", 0, [], 0.0),
        ("running", "pause", 20, [EPOCH], 0.0),  # and the answer to a click
        ("running", "stop", 20, [EPOCH], 0.0),
        ("paused", "pause", 20, [EPOCH], 0.0),
        ("queued", "run", 0, [], 0.0),
        ("finished", "run", 20, [EPOCH], None),
    ],
)
def test_only_a_run_that_trains_as_it_was_told_to_is_watched_at_the_pace_of_its_epochs(
    monkeypatch: pytest.MonkeyPatch,
    status: str,
    command: str,
    windows: int,
    epochs: list[Epoch],
    watched_for: float | None,
) -> None:
    monkeypatch.setattr(live, "refresh_seconds", lambda epoch_seconds: epoch_seconds)
    run: Any = SimpleNamespace(status=status, command=command)
    assert live.pace_of(run, Timeline(STARTED, [WINDOW] * windows, epochs)) == watched_for
