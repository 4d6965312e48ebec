"""The script that Streamlit runs for every page; `app.py` serves it."""

import streamlit as st

from lab.lifespan import problems, visited
from lab.ui.addressed import addressed
from lab.ui.choice import telling
from lab.ui.errors import show_callback_error
from lab.ui.kept_draft import kept_in_tab
from lab.ui.layout import start_page
from lab.ui.navigation import PAGES, go_on, mark_menu, menu
from lab.ui.present import offer_way_back
from lab.ui.running import mention_live_run
from lab.ui.text import plain

visited()
start_page()
with st.container():  # always there: the page below keeps its place, whatever is said above it
    show_callback_error()
    for problem in problems():
        st.warning(plain(problem))
shown = st.navigation(menu(), position="top")
go_on(shown.title)
with addressed(shown.title), kept_in_tab(shown.title), telling():
    with st.container(key="in-the-bar"):
        mark_menu(shown.title)
        mention_live_run(on_train=shown.title == PAGES["train"][0])
        offer_way_back()
    shown.run()
