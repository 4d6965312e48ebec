"""The one place where an error becomes words on a page."""

from __future__ import annotations

import streamlit as st

from lab.config import ConfigError
from lab.store import StoreError


def show_error(error: Exception) -> bool:
    """Say what went wrong where it went wrong; Streamlit has written the traceback to the terminal."""
    if isinstance(error, StoreError | ConfigError):
        st.error(str(error))
    else:
        st.error("Something went wrong on this page. It is written in the terminal; reload the page.")
    return True
