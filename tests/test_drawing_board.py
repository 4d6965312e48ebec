"""The canvas that the browser gets."""

import re

import pytest
from charts import GROUNDS, contrast

from lab.ui import answer, drawing_board
from lab.ui.drawing_board import SCRIPT


def test_the_library_under_the_canvas_is_the_version_that_is_known_and_brings_its_licence() -> None:
    head = SCRIPT.read_text(encoding="utf-8")[:200]
    assert "Signature Pad v5.1.4" in head and "MIT license" in head
    assert "Permission is hereby granted" in SCRIPT.with_name("LICENSE").read_text(encoding="utf-8")
    assert {path.name for path in SCRIPT.parent.iterdir()} == {SCRIPT.name, "LICENSE"}


@pytest.mark.parametrize("place", [".lab-board-square", ".lab-received canvas"])
def test_the_edge_of_a_black_square_stands_out_from_the_ground_of_both_themes(place: str) -> None:
    styles = f"{drawing_board._CSS}{answer.CSS}"
    (edge,) = re.findall(re.escape(place) + r" \{[^}]*outline: 1px solid (#\w{6})", styles)[:1]
    assert all(contrast(edge, ground) >= 3 for ground in GROUNDS)
