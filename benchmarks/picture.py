"""The README's pictures, made again: the Train page after a run of step 5, and the lab at work.

    python benchmarks/picture.py

Starts the real server on a copy of the reference runs, and writes docs/train.png and docs/lab.webp. The second is a
Quick run with its curves growing, as fast as this machine trains it, shown faster, and a digit that is read while it is
drawn. Needs Chromium.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page, ViewportSize, sync_playwright

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from browser.chromium import ARGUMENTS, find_chromium
from lab_server import LabServer

from lab.analysis import summarize
from lab.store import Store

ROOT = Path(__file__).parent.parent
WINDOW: ViewportSize = {"width": 1280, "height": 720}
SIZE = (960, 540)
"""Of the moving picture."""
MOST_FRAMES, EVERY, LAST = 45, 300, 1500
"""Frames of the training; milliseconds between two, and for which the last of each half stays."""
THREE = [(0.3, 0.2), (0.5, 0.15), (0.7, 0.25), (0.65, 0.4), (0.48, 0.48), (0.68, 0.6), (0.66, 0.77), (0.45, 0.84)]
"""A 3 in one stroke, in shares of the canvas."""


def main() -> None:
    """Make both pictures."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = LabServer(Path(folder))
        server.store.import_file(ROOT / "lab" / "data" / "reference.sqlite3")
        try:
            server.start()
            page = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS).new_page(viewport=WINDOW)
            page.set_default_timeout(120_000)
            still(page, server).save(ROOT / "docs" / "train.png", optimize=True)
            frames = [*training(page, server), *drawing(page, server)]
            save_moving(frames, ROOT / "docs" / "lab.webp")
        finally:
            server.close()


def newest_of_step_5(store: Store) -> int:
    """The newest complete run of step 5."""
    runs = store.runs()
    epochs = store.epochs([run.id for run in runs])
    return next(run.id for run in runs if (one := summarize(run, epochs[run.id])).step == 5 and one.complete)


def still(page: Page, server: LabServer) -> Image.Image:
    """The Train page of a finished run, as high as its charts reach."""
    page.set_viewport_size({"width": 1280, "height": 860})
    page.goto(f"{server.address}/train?run={newest_of_step_5(server.store)}")
    wait_for_charts(page)
    picture = taken(page)
    page.set_viewport_size(WINDOW)
    return picture


def training(page: Page, server: LabServer) -> Iterator[tuple[Image.Image, int]]:
    """A Quick run of step 3, frame by frame, each with its milliseconds."""
    page.goto(f"{server.address}/train?step=3")
    wait_for_charts(page)
    page.get_by_role("button", name="Quick", exact=True).click()
    page.mouse.move(0, 0)  # else its help lies over the page
    page.get_by_role("button", name="Pause", exact=True).wait_for()
    finished = page.locator("strong", has_text="Finished:")  # it is said aloud as well
    for _ in range(MOST_FRAMES):
        yield taken(page), EVERY // 2
        if finished.is_visible():
            break
        page.wait_for_timeout(EVERY)
    finished.wait_for()
    page.wait_for_timeout(LAST)
    yield taken(page), LAST


def drawing(page: Page, server: LabServer) -> Iterator[tuple[Image.Image, int]]:
    """A digit while it is drawn, frame by frame, each with its milliseconds."""
    page.goto(f"{server.address}/draw")
    canvas = page.locator(".lab-board canvas")
    canvas.wait_for()
    page.wait_for_timeout(LAST)
    box = canvas.bounding_box()
    assert box is not None
    places = [(box["x"] + right * box["width"], box["y"] + down * box["height"]) for right, down in THREE]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=8)
        page.wait_for_timeout(EVERY)
        yield taken(page), EVERY
    page.mouse.up()
    page.wait_for_timeout(LAST)
    yield taken(page), 2 * LAST


def wait_for_charts(page: Page) -> None:
    """Until both charts are drawn, and the page has come to rest."""
    for chart in ("loss", "accuracy"):
        page.locator(f".st-key-{chart} .main-svg").first.wait_for()
    page.locator(".st-key-digits .main-svg").first.wait_for()
    page.wait_for_timeout(LAST)


def taken(page: Page) -> Image.Image:
    """The page as it stands."""
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def save_moving(frames: list[tuple[Image.Image, int]], path: Path) -> None:
    """All frames in one file, which begins again at its end."""
    pictures = [picture.resize(SIZE, Image.Resampling.LANCZOS) for picture, _ in frames]
    settings: dict[str, Any] = {"save_all": True, "loop": 0, "quality": 70, "method": 4, "minimize_size": True}
    pictures[0].save(path, append_images=pictures[1:], duration=[time for _, time in frames], **settings)
    print(f"{path.name}: {len(frames)} frames, {path.stat().st_size / 1000:,.0f} kB")


if __name__ == "__main__":
    main()
