"""The page table: `streamlit run app.py`."""

import streamlit as st

from lab.config import ConfigError
from lab.store import StoreError
from lab.ui.layout import start_page

start_page()
page = st.navigation(
    [
        st.Page("pages/steps.py", title="Steps", icon=":material/stairs:", default=True),
        st.Page("pages/train.py", title="Train", icon=":material/show_chart:"),
        st.Page("pages/layers.py", title="Layers", icon=":material/layers:"),
        st.Page("pages/draw.py", title="Draw", icon=":material/draw:"),
        st.Page("pages/runs.py", title="Runs", icon=":material/list:"),
    ],
    position="top",
)
try:
    page.run()
except (StoreError, ConfigError) as error:  # the database went away, or a run in it is not one that this lab can read
    st.error(str(error))
