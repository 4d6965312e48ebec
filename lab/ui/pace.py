"""How often a live page refreshes: the more pages are open, and the longer an epoch takes, the less often each."""

from __future__ import annotations

import time
import uuid

import streamlit as st

REFRESHES_A_SECOND = 5
"""Of all pages together: one costs the processor that trains some ten milliseconds (benchmarks/pages.py)."""
LONG_EPOCH, CALM = 3.0, 8.0
"""Seconds: a page that watches epochs longer than this refreshes this often."""
GONE_AFTER_SECONDS = 20.0

_seen: dict[str, float] = {}
"""When each open page last refreshed, on the monotonic clock."""


def refresh_seconds(epoch_seconds: float = 0.0) -> float:
    """Between two refreshes of this session's page, which counts as open from now on: 1, or more in a crowd.

    Where `epoch_seconds` say that epochs are long, `CALM` is the least: a browser on the processor that trains takes
    from both threads what it draws with (docs/performance.md).
    """
    now = time.monotonic()
    _seen[st.session_state.setdefault("page_id", uuid.uuid4().hex)] = now
    for page in [page for page, seen in list(_seen.items()) if now - seen > GONE_AFTER_SECONDS]:
        _seen.pop(page, None)
    return max(seconds_for(len(_seen)), CALM if epoch_seconds > LONG_EPOCH else 0.0)


def seconds_for(pages: int) -> float:
    """1, 2, 4, 8, ...: in few steps, so that one page more or less seldom changes it."""
    seconds = 1.0
    while pages > REFRESHES_A_SECOND * seconds:
        seconds *= 2
    return seconds
