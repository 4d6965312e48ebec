"""The canvas that the browser gets."""

from lab.ui.drawing_board import SCRIPT


def test_the_library_under_the_canvas_is_the_version_that_is_known_and_brings_its_licence() -> None:
    head = SCRIPT.read_text(encoding="utf-8")[:200]
    assert "Signature Pad v5.1.4" in head and "MIT license" in head
    assert "Permission is hereby granted" in SCRIPT.with_name("LICENSE").read_text(encoding="utf-8")
    assert {path.name for path in SCRIPT.parent.iterdir()} == {SCRIPT.name, "LICENSE"}
