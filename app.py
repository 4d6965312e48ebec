"""What `streamlit run app.py` serves: the pages, the routes beside them, and the workers for as long as it lives."""

import streamlit as st

from lab.lifespan import lifespan
from lab.ui.errors import show_error
from lab.ui.layout import LOOK, TITLE
from lab.ui.requests import take_each_whole
from lab.web import first_page, guard, lab_routes, relative_redirects

take_each_whole()
app = st.App(
    "lab/ui/script.py",
    lifespan=lifespan,
    routes=lab_routes(st.get_option("server.baseUrlPath")),
    middleware=[guard(st.get_option), relative_redirects(), first_page(TITLE, LOOK)],
    on_script_error=show_error,
)
