"""The Chromium that the browser tests and benchmarks/opening.py drive: where it is, and how it is started."""

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find_chromium() -> str | None:
    """The program: the one LAB_CHROMIUM names, else the first that is installed."""
    return os.environ.get("LAB_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
