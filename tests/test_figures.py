"""What the parts of every chart promise: a colour each, text as typed, and pictures."""

import html
import re
from itertools import pairwise

import numpy as np
import pytest
from charts import GROUNDS, checked, contrast
from summaries import epochs, summary

from lab import figures
from lab.figures import LARGE, MEASURED, PUBLISHED, RATE, TEST, TRAIN, WRONG, as_typed, enlarged, signed_colours
from lab.groups import each
from lab.layer_row import Square
from lab.overlay import overlay_figure

digits_figure = checked(figures.digits_figure)
picture_figure = checked(figures.picture_figure)


def test_both_training_curves_test_published_learning_rate_and_wrong_have_a_colour_each() -> None:
    assert len({TRAIN, MEASURED, TEST, PUBLISHED, RATE, WRONG}) == 6


def test_every_colour_of_a_line_reaches_three_to_one_on_the_ground_of_both_themes() -> None:
    colours = [value for value in vars(figures).values() if re.fullmatch("#[0-9A-F]{6}", str(value))]
    assert {TRAIN, TEST, PUBLISHED, RATE, WRONG} <= set(colours)
    assert [(colour, ground) for colour in colours for ground in GROUNDS if contrast(colour, ground) < 3] == []


@pytest.mark.parametrize("words", ["a run", "5*5 vs 3*3", "~~old~~ :rocket:", "[seed 2]", "Größe 3, „neu“"])
def test_words_in_which_plotly_reads_nothing_stay_as_they_are(words: str) -> None:
    assert as_typed(words) == words


@pytest.mark.parametrize("words", ["lr<b>0.1</b>", "$x$", "%{y}", "a<br>b", "&amp;", "&lt;", "a\u00a0&"])
def test_of_tags_entities_formulas_and_templates_nothing_is_left_for_plotly_to_read(words: str) -> None:
    shown = as_typed(words)
    assert not set("<>$%") & set(shown)
    assert html.unescape(shown) == words


# --- pictures ----------------------------------------------------------------------------------------------------


def test_pictures_say_what_they_show() -> None:
    square = Square(top=0, left=0, bottom=5, right=5)
    shown = {
        "A picture of a digit": picture_figure(np.zeros((28, 28))),
        "A picture of a digit, with the square that the unit sees": picture_figure(np.zeros((28, 28)), square),
        "3 digits, as training sees them": digits_figure(np.zeros((3, 28, 28))),
    }
    assert [figure.layout.meta for figure in shown.values()] == list(shown)


def test_a_picture_is_drawn_from_the_top_with_white_ink_on_a_fixed_scale() -> None:
    image = np.zeros((28, 28))
    image[3, 5] = 1.0
    figure = picture_figure(image)
    (pixels,) = figure.data
    assert np.array_equal(pixels.z, image)
    assert (pixels.zmin, pixels.zmax) == (0, 1)
    assert pixels.colorscale == ((0, "rgb(0, 0, 0)"), (1, "rgb(255, 255, 255)"))
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]  # row 0 at the top
    assert figure.layout.shapes == ()


def test_the_square_lies_around_exactly_its_pixels() -> None:
    (frame,) = picture_figure(np.zeros((28, 28)), Square(top=2, left=5, bottom=7, right=12)).layout.shapes
    # pixel i covers i - 0.5 to i + 0.5
    assert (frame.y0, frame.y1) == (2 - 0.5, 6 + 0.5)
    assert (frame.x0, frame.x1) == (5 - 0.5, 11 + 0.5)


def test_values_are_black_at_0_and_yellow_or_blue_the_brighter_the_farther_from_it() -> None:
    colours = signed_colours(np.array([0.0, 2.0, 1.0, -2.0, -9.0, np.nan]), largest=2)
    share = 0.5**0.7
    half = [round(share * 240), round(share * 228), round(share * 66)]
    assert colours.dtype == np.uint8
    assert colours.tolist() == [[0, 0, 0], [240, 228, 66], half, [86, 180, 233], [86, 180, 233], [0, 0, 0]]
    assert signed_colours(np.zeros(3), largest=0).tolist() == [[0, 0, 0]] * 3


def test_digits_stand_in_one_row_with_a_gap_after_each() -> None:
    images = np.stack([np.full((28, 28), value) for value in (0.2, 0.6, 1.0)])
    (strip,) = digits_figure(images).data
    z = np.asarray(strip.z, dtype=float)
    assert z.shape == (28, 3 * (28 + 2))
    for number, value in enumerate((0.2, 0.6, 1.0)):
        assert (z[:, 30 * number : 30 * number + 28] == value).all()
        assert np.isnan(z[:, 30 * number + 28 : 30 * number + 30]).all()


# --- for a projector ----------------------------------------------------------------------------------------------


def test_an_enlarged_figure_has_larger_type_and_wider_lines_and_the_same_points() -> None:
    runs = each([summary(epochs(98.0, 99.0), run=3), summary(epochs(98.5, 99.2), run=5)])
    before = overlay_figure(runs, "accuracy")
    after = checked(enlarged)(before)
    for mine, theirs in zip(after.data, before["data"], strict=True):
        assert list(mine.y) == theirs["y"]
        assert mine.line.width > theirs["line"]["width"]
        assert mine.marker.size > theirs["marker"]["size"]
    assert after.layout.height > before["layout"]["height"]
    layout = after.layout
    types = (layout.xaxis.tickfont, layout.yaxis.title.font, layout.legend.font, layout.annotations[0].font)
    assert {font.size for font in types} == {LARGE}


def test_the_labels_of_an_enlarged_figure_are_as_far_apart_as_larger_type_needs_and_not_cut_off() -> None:
    runs = each([summary(epochs(98.0, 99.0), run=number) for number in range(1, 6)])  # all end in the same place
    before = overlay_figure(runs, "accuracy")
    after = checked(enlarged)(before)
    labels = [note for note in after.layout.annotations if note.name]
    shifts = sorted(note.yshift for note in labels)
    assert all(above - below >= LARGE for below, above in pairwise(shifts))
    longest = max(len(note.text) for note in labels)
    assert after.layout.margin.r >= labels[0].xshift + 0.55 * LARGE * longest  # a letter is about half as wide as high
    marks = [note for note in after.layout.annotations if not note.name]
    assert labels[0].xshift - marks[0].xshift >= LARGE


def test_a_figure_without_lines_or_legend_can_be_enlarged_too() -> None:
    assert checked(enlarged)(figures.digits_figure(np.zeros((2, 28, 28)))).layout.yaxis.tickfont.size == LARGE
