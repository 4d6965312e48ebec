"""What the canvas sends: strokes as lists of points, and nothing else is taken for them."""

import pytest

from lab.drawing import NoDrawing, TooMuch, strokes_from_canvas
from lab.drawing.canvas import MOST_POINTS, MOST_STROKES


def test_each_list_of_points_is_a_stroke() -> None:
    strokes = strokes_from_canvas([[[10, 20], [50, 20.5]], [[7.25, 8]]])
    assert [stroke.tolist() for stroke in strokes] == [[[10.0, 20.0], [50.0, 20.5]], [[7.25, 8.0]]]


@pytest.mark.parametrize("nothing", [[], [[]], [[], []]])
def test_a_canvas_without_points_has_no_stroke(nothing: list[list[object]]) -> None:
    assert strokes_from_canvas(nothing) == []


@pytest.mark.parametrize(
    "sent",
    [
        None,
        {},
        "strokes",
        3,
        [3],
        ["ab"],
        [{"x": 1}],
        [[3]],
        [[[1]]],
        [[[1, 2, 3]]],
        [[["1", 2]]],
        [[[True, 2]]],
        [[[1, None]]],
        [[[1, float("nan")]]],
        [[[1, float("inf")]]],
        [[[1, 1e300]]],
        [[[1, 10**400]]],
    ],
)
def test_what_is_no_drawing_is_refused_with_a_sentence(sent: object) -> None:
    with pytest.raises(NoDrawing, match=r"^A drawing is a list of strokes, .*\.$"):
        strokes_from_canvas(sent)


def test_a_drawing_has_a_largest_size() -> None:
    point: object = [1, 2]
    assert len(strokes_from_canvas([[point] * (MOST_POINTS - 1), [point]])) == 2
    too_much: list[list[list[object]]] = [[[point] * MOST_POINTS, [point]], [[]] * (MOST_STROKES + 1)]
    for sent in too_much:
        with pytest.raises(TooMuch, match="clear it and draw one digit"):
            strokes_from_canvas(sent)
