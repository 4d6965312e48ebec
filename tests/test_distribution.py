"""The picture of the seeds: a dot each, and legible on light and dark pages."""

from xml.etree import ElementTree

import pytest
from summaries import pools, seed_runs

from benchmarks.distribution import DARK, LIGHT, distribution

SVG = "{http://www.w3.org/2000/svg}"


def dots(picture: str) -> int:
    return len(ElementTree.fromstring(picture).findall(f"{SVG}circle")) - 1  # one explains them


def test_the_picture_has_a_dot_a_seed_and_the_published_runs() -> None:
    picture = distribution(pools(*seed_runs(5, *[99.3] * 20), *seed_runs(6, 99.5, 99.6)))
    assert dots(picture) == 22
    published = [shape for shape in ElementTree.fromstring(picture).findall(f"{SVG}path")]
    assert len(published) == 1 + 1  # explained, and step 5's: nobody published Beyond


def test_the_picture_of_nothing_says_so() -> None:
    picture = distribution([])
    assert dots(picture) == 0 and "no complete run of a step yet" in picture


def luminance(colour: str) -> float:
    """Of a colour, as WCAG 2 defines it."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_the_picture_is_legible_on_its_ground(theme: dict[str, str]) -> None:
    ground = luminance(theme["ground"])
    for name in ("ink", "faint", "seed", "mean"):
        bright, dim = sorted((luminance(theme[name]), ground), reverse=True)
        assert (bright + 0.05) / (dim + 0.05) >= 4.5, name
