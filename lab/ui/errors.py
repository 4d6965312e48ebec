"""The one place where an error becomes words on a page, wherever it was raised: page, fragment, dialog or callback."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx

from lab.config import ConfigError
from lab.drawing import NoShapes
from lab.store import StoreError
from lab.ui.text import plain

UNEXPECTED = "Something went wrong on this page. Reload the page to continue. The details are in the terminal."
_CALLBACK_ERROR = "callback-error"


def show_error(error: Exception) -> bool:
    """Say what went wrong, where it went wrong; Streamlit has written the traceback to the terminal.

    A callback is called before anything of its page is drawn, and Streamlit would leave the page empty. So the page is
    drawn again, and `show_callback_error` says it there.
    """
    sentence = str(error) if isinstance(error, StoreError | ConfigError | NoShapes) else UNEXPECTED
    context = get_script_run_ctx()
    if context is None or context.script_requests is None or context.has_script_started:
        st.error(plain(sentence))
    else:
        st.session_state[_CALLBACK_ERROR] = sentence
        context.script_requests.request_rerun(  # as st.rerun does, which is not allowed here
            RerunData(
                query_string=context.query_string,
                page_script_hash=context.page_script_hash,
                cached_message_hashes=context.cached_message_hashes,
                context_info=context.context_info,
            )
        )
    return True  # Streamlit shows nothing of its own


def show_callback_error() -> None:
    """Say once what went wrong in the last click."""
    sentence = st.session_state.pop(_CALLBACK_ERROR, None)
    if sentence is not None:
        st.error(plain(sentence))
