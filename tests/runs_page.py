"""How tests of the Runs page use it: tick runs, and read and answer its dialogs."""

from typing import Any

from app_pages import as_read, labelled
from streamlit.testing.v1 import AppTest

from lab.ui.run_table import DRAWN


def select(app: AppTest, *rows: int) -> AppTest:
    """Tick rows of the table of runs, 0 the newest."""
    app.session_state[app.session_state[DRAWN].key] = {"selection": {"rows": list(rows), "columns": [], "cells": []}}
    app.run()
    return app


def ticked(app: AppTest) -> list[int]:
    """The runs whose rows are ticked as the table is drawn now."""
    table = app.dataframe[0]
    rows = app.session_state[app.session_state[DRAWN].key]["selection"]["rows"]
    return [int(table.value["Run"].iloc[row]) for row in rows]


def asked_about(app: AppTest) -> str:
    """What the open dialog says."""
    (dialog,) = app.get("dialog")
    return as_read("\n".join(element.value for element in (*dialog.markdown, *dialog.caption)))


def button_of_page(app: AppTest, label: str) -> Any:
    """The button outside the dialog, where both have one of this name."""
    (dialog,) = app.get("dialog")
    inside = [item.proto.id for item in dialog.button]
    return labelled([item for item in app.button if item.proto.id not in inside], label)
