"""A page that waits for what takes long hears the next click meanwhile."""

from threading import Event

import pytest
from streamlit.testing.v1 import AppTest


def page() -> None:
    from threading import Event

    import streamlit as st
    from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx

    from lab.ui.patience import patiently

    def long_work() -> str:
        st.session_state["began"] += 1
        ended: Event = st.session_state["ended"]
        return "its end" if ended.wait(60) else "never"

    st.session_state.setdefault("began", 0)
    if st.session_state["began"] == 0:
        context = get_script_run_ctx()
        assert context and context.script_requests
        context.script_requests.request_rerun(RerunData())  # somebody clicks
        st.write(patiently(long_work))
    st.write("The next page")


def test_a_newer_request_does_not_wait_for_the_work_of_the_one_before() -> None:
    app = AppTest.from_function(page, default_timeout=50)
    app.session_state["ended"] = Event()  # it has not ended
    app.run()
    assert [text.value for text in app.markdown] == ["The next page"]
    app.session_state["ended"].set()


def working() -> None:
    import streamlit as st

    from lab.ui.patience import patiently

    @st.cache_resource
    def tripled(number: int) -> int:
        return 3 * number

    def failing() -> None:
        raise TimeoutError("of the work")

    st.write(str(patiently(lambda: tripled(4))))
    try:
        patiently(failing)
    except TimeoutError as error:
        st.write(str(error))


def test_it_returns_and_raises_what_the_work_does(caplog: pytest.LogCaptureFixture) -> None:
    app = AppTest.from_function(working).run()
    assert [text.value for text in app.markdown] == ["12", "of the work"]
    told = [record.getMessage() for record in caplog.records]
    assert not [words for words in told if "MainThread" not in words]  # as of a thread that is not Streamlit's
