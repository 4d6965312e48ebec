"""A crowd of pages does not slow the training down: each refreshes less often."""

from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from lab.ui import pace
from lab.ui.pace import GONE_AFTER_SECONDS, REFRESHES_A_SECOND, seconds_for


def test_a_few_pages_refresh_once_a_second() -> None:
    assert [seconds_for(pages) for pages in (0, 1, 5)] == [1, 1, 1]


@pytest.mark.parametrize("pages", range(1, 200))
def test_all_pages_together_refresh_no_more_often_than_that_and_seldom_less_than_half_as_often(pages: int) -> None:
    together = pages / seconds_for(pages)
    assert together <= REFRESHES_A_SECOND
    assert seconds_for(pages) == 1 or together > REFRESHES_A_SECOND / 2


def page() -> AppTest:
    return AppTest.from_string(
        "import streamlit as st\nfrom lab.ui.pace import refresh_seconds\nst.text(refresh_seconds())"
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
