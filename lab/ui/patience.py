"""Work that takes seconds, during which a page still hears the next click.

Streamlit looks for a newer request only where a script touches its session or its page. So what takes long goes on in
a thread beside, and the script waits for it in small steps. Who leaves meanwhile is not kept; what was begun is done to
its end, and is there the next time where it is cached.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, wait
from importlib import import_module
from threading import Thread
from typing import TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import add_script_run_ctx

T = TypeVar("T")
STEP_SECONDS = 0.05


def patiently(work: Callable[[], T]) -> T:
    """What `work` returns; raises what it raises, or Streamlit's own, where a newer request ends the script."""
    doing: Future[T] = Future()

    def do() -> None:
        try:
            doing.set_result(work())
        except BaseException as error:
            doing.set_exception(error)

    add_script_run_ctx(Thread(target=do, daemon=True)).start()
    while not wait([doing], STEP_SECONDS).done:
        st.session_state.get("newer request")  # no such key: Streamlit looks for one here
    return doing.result()


def load(module: str) -> None:
    """Import what needs torch, which takes seconds where nothing has done so yet."""
    patiently(lambda: import_module(module))
