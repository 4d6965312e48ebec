"""Every click is answered, however soon after it the browser sends the next request.

Streamlit takes a request by giving its values to the session and calling their callbacks, and then draws the page. A
newer one ends all that at the next touch of session or page, a callback's included. What was clicked is then lost: a
browser says it once, and the newer request does not have it. On a busy machine it is enough that another click, or what
a component of ours has to tell, follows within some milliseconds.
"""

from __future__ import annotations

from functools import wraps

from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequest, ScriptRequests


def take_each_whole() -> None:
    """Have each request taken whole before a newer one ends its drawing; once for all sessions of this process.

    It needs `runner.fastReruns = false`: otherwise a newer request gets a script of its own, beside one that is still
    taking the older or has not begun to. Requests that wait are merged instead, with all their clicks. Streamlit has no
    setting for the rest, so one of its methods is wrapped; tests/test_requests.py says what is lost without.
    """
    look = ScriptRequests.on_scriptrunner_yield
    if hasattr(look, "__wrapped__"):
        return

    @wraps(look)
    def look_once_taken(requests: ScriptRequests) -> ScriptRequest | None:
        context = get_script_run_ctx(suppress_warning=True)
        return look(requests) if context is None or context.has_script_started else None

    setattr(ScriptRequests, look.__name__, look_once_taken)
