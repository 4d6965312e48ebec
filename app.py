"""What `streamlit run app.py` serves: the pages, and beside them the workers for as long as the server lives."""

import streamlit as st

from lab.lifespan import lifespan
from lab.ui.errors import show_error

app = st.App("lab/ui/script.py", lifespan=lifespan, on_script_error=show_error)
