"""What the canvas sends: every stroke is where it is shown."""

from typing import Any

import numpy as np
import pytest
from drawings import Points

from lab.drawing.canvas import strokes_from_canvas


def path(commands: list[list[Any]], **placing: Any) -> dict[str, Any]:
    """An object as fabric.js 7.4 serialises a stroke of its free pen."""
    return {
        "type": "Path",
        "originX": "center",
        "originY": "center",
        "strokeWidth": 20,
        "scaleX": 1,
        "scaleY": 1,
        "angle": 0,
        "flipX": False,
        "flipY": False,
        "path": commands,
        **placing,
    }


CORNER = [["M", 10, 20], ["L", 50, 20], ["L", 50, 100]]
CORNER_POINTS = [[10, 20], [50, 20], [50, 100]]
"""A path whose box spans (10, 20) to (50, 100); its middle is (30, 60)."""


def only_stroke(*objects: dict[str, Any]) -> Points:
    (stroke,) = strokes_from_canvas({"version": "7.4.0", "objects": list(objects)})
    return stroke


@pytest.mark.parametrize("nothing", [None, {}, {"objects": []}, {"objects": [path([])]}])
def test_a_canvas_without_strokes_has_none(nothing: dict[str, Any] | None) -> None:
    assert strokes_from_canvas(nothing) == []


def test_what_is_no_path_is_ignored() -> None:
    others: list[dict[str, Any]] = [{"type": "Rect", "left": 3, "top": 4}, {"type": "Circle"}, {}]
    assert only_stroke(*others, path(CORNER, left=30, top=60)).tolist() == CORNER_POINTS


def test_the_older_name_of_a_path_and_its_corner_are_understood() -> None:
    corner = {"originX": "left", "originY": "top", "left": 10 - 10, "top": 20 - 10}  # half the pen
    assert only_stroke(path(CORNER, **corner, type="path")).tolist() == CORNER_POINTS


def test_a_path_without_a_place_is_where_its_points_are() -> None:
    assert only_stroke({"type": "path", "path": CORNER}).tolist() == CORNER_POINTS


def test_each_path_is_a_stroke() -> None:
    paths = [path(CORNER, left=30, top=60), path(CORNER, left=130, top=60)]
    strokes = strokes_from_canvas({"objects": paths})
    assert [stroke[0].tolist() for stroke in strokes] == [[10, 20], [110, 20]]


def test_a_curve_becomes_points_on_it() -> None:
    """Its middle is 1/4 start + 1/2 control + 1/4 end; here y = x (200 - x) / 100."""
    points = only_stroke({"type": "Path", "path": [["M", 0, 0], ["Q", 100, 200, 200, 0]]})
    assert points[[0, -1]].tolist() == [[0, 0], [200, 0]]
    assert points[len(points) // 2].tolist() == [100, 100]  # 200 / 2
    np.testing.assert_allclose(points[:, 1], points[:, 0] * (200 - points[:, 0]) / 100, atol=1e-9)
    assert np.hypot(*np.diff(points, axis=0).T).max() <= 4


def test_a_tap_is_one_point() -> None:
    """As the canvas sent it from Chromium: two points a twenty-fifth of a pixel apart."""
    tap = path([["M", 219.98, 200], ["L", 220.02, 200]], left=220, top=200)
    assert only_stroke(tap).tolist() == [pytest.approx([220, 200])]


@pytest.mark.parametrize(
    ("placing", "expected"),
    [
        ({"left": 130, "top": 60}, [(110, 20), (150, 20), (150, 100)]),
        ({"scaleX": 2, "scaleY": 0.5}, [(-10, 40), (70, 40), (70, 80)]),
        ({"flipX": True}, [(50, 20), (10, 20), (10, 100)]),
        ({"angle": 90}, [(70, 40), (70, 80), (-10, 80)]),  # clockwise
    ],
    ids=["moved", "scaled", "flipped", "turned"],
)
def test_an_edited_stroke_is_where_the_canvas_shows_it(
    placing: dict[str, Any], expected: list[tuple[float, float]]
) -> None:
    placed = only_stroke(path(CORNER, **{"left": 30, "top": 60, **placing}))
    np.testing.assert_allclose(placed, expected, atol=1e-9)
