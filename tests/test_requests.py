"""A request that comes while the one before is being taken takes nothing away from it."""

from typing import Any

import pytest
from streamlit import config
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.runtime.scriptrunner import RerunData, ScriptRunner, ScriptRunnerEvent
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequests
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.local_script_runner import LocalScriptRunner

from lab.ui.requests import take_each_whole

MOMENTS = ["before the callback", "in the callback"]


class Interrupted(LocalScriptRunner):
    """Whose browser sends another request at one moment of every click."""

    moment = ""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.on_event.connect(self._started, weak=False)
        self.session_state["come"] = self._comes
        self._left = 1

    def _started(self, sender: ScriptRunner | None, event: ScriptRunnerEvent, **more: object) -> None:
        if event == ScriptRunnerEvent.SCRIPT_STARTED:
            self._comes(MOMENTS[0])

    def _comes(self, moment: str) -> None:
        if moment == self.moment and self._left:
            self._left -= 1
            self.request_rerun(RerunData(widget_states=WidgetStates()))


def page() -> None:
    import streamlit as st

    def click() -> None:
        st.session_state["come"]("in the callback")
        st.session_state["clicks"] += 1  # where Streamlit looks for a newer request

    st.session_state.setdefault("clicks", 0)
    st.button("Click", on_click=click)


@pytest.fixture(params=["never", *MOMENTS])
def clicked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """A page that counts the clicks on its button, on Streamlit as it comes."""
    look = ScriptRequests.on_scriptrunner_yield
    monkeypatch.setattr(ScriptRequests, "on_scriptrunner_yield", getattr(look, "__wrapped__", look))
    monkeypatch.setattr("streamlit.testing.v1.app_test.LocalScriptRunner", Interrupted)
    app = AppTest.from_function(page).run()
    monkeypatch.setattr(Interrupted, "moment", request.param)
    return app


def clicks(app: AppTest) -> int:
    app.button[0].click().run()
    count: int = app.session_state["clicks"]
    return count


def test_a_click_is_answered_whenever_the_next_request_comes(clicked: AppTest) -> None:
    take_each_whole()
    assert [clicks(clicked), clicks(clicked)] == [1, 2]


@pytest.mark.parametrize("clicked", MOMENTS, indirect=True)
def test_streamlit_alone_still_loses_it_or_else_the_wrapping_is_no_longer_needed(clicked: AppTest) -> None:
    assert clicks(clicked) == 0


def test_a_method_is_wrapped_once_however_often_it_is_asked_for() -> None:
    take_each_whole()
    once = ScriptRequests.on_scriptrunner_yield
    take_each_whole()
    assert ScriptRequests.on_scriptrunner_yield is once


def test_the_app_is_served_so() -> None:
    import app

    assert app.app and hasattr(ScriptRequests.on_scriptrunner_yield, "__wrapped__")
    assert config.get_option("runner.fastReruns") is False
