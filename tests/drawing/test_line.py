"""What is read of a stroke is the line that the canvas shows: smooth between far points, and nothing outside."""

import numpy as np
import pytest

from lab.drawing import CANVAS_PEN, SIDE, Points, strokes_from_canvas
from lab.drawing.canvas import MOST_POINTS
from lab.drawing.line import MOST_STEPS

Line = list[list[float]]
EDGE = CANVAS_PEN / 2
"""How far outside the square a line still leaves ink in it."""


def ring(points: int, middle: float = SIDE / 2) -> Line:
    """A circle of radius 90 around a middle, as a pen leaves it that is heard of so many times."""
    turn = np.linspace(0, 2 * np.pi, points)
    return [[float(middle + 90 * np.cos(one)), float(SIDE / 2 + 90 * np.sin(one))] for one in turn]


def from_the_ring(line: Points) -> float:
    """How far from the circle a line is at its worst; its last piece, which the canvas draws straight, is left out."""
    return float(np.abs(np.hypot(*(line - SIDE / 2).T) - 90)[:-1].max())


@pytest.mark.parametrize("points", [5, 6, 8, 12])
def test_a_fast_ring_of_few_points_is_round(points: int) -> None:
    (line,) = strokes_from_canvas([ring(points)])
    corners = np.array(ring(points))
    straight = 90 - np.hypot(*((corners[0] + corners[1]) / 2 - SIDE / 2))  # the middle of its first straight piece
    assert from_the_ring(line) < 0.65 * straight


def test_the_points_themselves_stay_on_the_line() -> None:
    (line,) = strokes_from_canvas([ring(7)])
    for point in ring(7):
        assert np.hypot(*(line - point).T).min() < 1e-9


def test_a_slow_line_of_near_points_stays_as_it_is() -> None:
    points = np.array(ring(190))  # 3 pixels from each other
    (line,) = strokes_from_canvas([points.tolist()])
    assert line.shape == points.shape and np.abs(line - points).max() < 1e-9


@pytest.mark.parametrize("line", [[[30, 40]], [[30, 40], [200, 240]], [[30, 40], [30, 40], [30, 40]]])
def test_a_dot_and_a_line_of_two_points_have_nothing_to_bend(line: Line) -> None:
    assert [stroke.tolist() for stroke in strokes_from_canvas([line])] == [line]


def test_of_a_line_that_leaves_the_square_nothing_is_read_that_leaves_no_ink_in_it() -> None:
    (line,) = strokes_from_canvas([[[140, 100], [900, 100]]])
    assert line.tolist() == [[140, 100], [SIDE + EDGE, 100]]


def test_a_line_that_comes_back_is_read_as_the_two_that_are_seen() -> None:
    left, right = strokes_from_canvas([[[100, 60], [-400, 60], [-400, 200], [100, 200]]])
    assert left[0].tolist() == [100, 60] and right[-1].tolist() == [100, 200]
    assert np.concatenate([left, right])[:, 0].min() == pytest.approx(-EDGE)


def test_a_corner_outside_is_cut_off() -> None:
    out, back = strokes_from_canvas([[[287, 100], [290, 101.5], [287, 103]]])
    assert out.tolist() == [[287, 100], [SIDE + EDGE, 101]] and back.tolist() == [[SIDE + EDGE, 102], [287, 103]]


def test_a_line_that_crosses_the_square_between_two_points_outside_is_read() -> None:
    (line,) = strokes_from_canvas([[[-100, 140], [400, 140]]])
    assert line.tolist() == [[-EDGE, 140], [SIDE + EDGE, 140]]


@pytest.mark.parametrize("outside", [[[-50, 140]], [[300, 10], [300, 270], [310, 280]], [[-20, 100], [100, -20]]])
def test_what_is_outside_as_a_whole_is_no_stroke(outside: Line) -> None:
    assert strokes_from_canvas([outside, [[140, 140]]])[-1].tolist() == [[140, 140]]
    if outside[-1] != [100, -20]:  # whose middle leaves ink in the corner
        assert strokes_from_canvas([outside]) == []


def test_a_line_just_outside_whose_ink_is_seen_is_read() -> None:
    (line,) = strokes_from_canvas([[[-5, 60], [-5, 220]]])
    assert line.tolist() == [[-5, 60], [-5, 220]]


def test_the_largest_drawing_does_not_become_endless() -> None:
    far = [[float(x % 2 * SIDE), float(x % 281)] for x in range(MOST_POINTS)]
    assert sum(map(len, strokes_from_canvas([far]))) <= MOST_POINTS * MOST_STEPS
