"""The command that makes the README's pictures finds on the pages what it needs."""

from collections.abc import Callable
from pathlib import Path

from lab_server import LabServer
from PIL import Image, ImageChops
from playwright.sync_api import Page

from benchmarks import picture


def test_the_moving_picture_shows_a_quick_run_up_to_its_end_and_a_digit_that_is_read(
    new_tab: Callable[[str], Page], server: LabServer, tmp_path: Path
) -> None:
    page = new_tab(server.address)
    trained, drawn = list(picture.training(page, server)), list(picture.drawing(page, server))
    assert [run.status for run in server.store.runs()] == ["finished"]
    for frames in (trained, drawn):
        assert ImageChops.difference(frames[0][0], frames[-1][0]).getbbox() is not None
    picture.save_moving([*trained, *drawn], tmp_path / "lab.webp")
    with Image.open(tmp_path / "lab.webp") as moving:
        assert moving.size == picture.SIZE
        assert getattr(moving, "n_frames", 1) > len(picture.THREE)
