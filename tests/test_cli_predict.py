"""`python -m lab predict`: a digit read from a picture file."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from command_line import Lab, answer, commands
from PIL import Image, ImageDraw

from lab.drawing import forget_shapes
from lab.mnist import Mnist


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Lab]:
    """Runs a command in this process."""
    with commands(monkeypatch, capsys, width=200) as run:
        yield run


def test_predict_reads_a_picture_of_a_digit(lab: Lab, mnist: Mnist, tmp_path: Path) -> None:
    picture = tmp_path / "digit.png"
    enlarged = mnist.test_images[0, 0].repeat_interleave(8, 0).repeat_interleave(8, 1)  # (224, 224)
    Image.fromarray(enlarged.numpy()).save(picture)
    answered = answer(lab("predict", picture, "--json"))
    assert answered["digit"] == mnist.test_labels[0]
    assert answered["odd"] is None
    assert len(answered["probabilities"]) == 10
    assert sum(answered["probabilities"]) == pytest.approx(1)
    assert answered["probabilities"][answered["digit"]] == max(answered["probabilities"])
    code, out, err = lab("predict", picture)
    assert (code, err) == (0, "")
    assert len(out.splitlines()) == 11  # a bar for each digit below the head


def test_predict_says_that_a_picture_does_not_look_like_one_digit_and_why(lab: Lab, tmp_path: Path) -> None:
    picture, house = tmp_path / "house.png", Image.new("L", (400, 400))
    walls = [(100, 180), (100, 320), (300, 320), (300, 180), (100, 180), (200, 80), (300, 180)]
    ImageDraw.Draw(house).line(walls, fill=255, width=14, joint="curve")
    house.save(picture)
    answered = answer(lab("predict", picture, "--json"))
    assert "not like those of any MNIST digit" in answered["odd"]
    code, out, err = lab("predict", picture)
    assert (code, err) == (0, "")
    assert " ".join(out.split()).startswith(f"This does not look like one digit: {answered['odd']}.")
    assert f"{answered['digit']} is only a guess." in " ".join(out.split())


def test_predict_without_the_shapes_of_digits_is_one_sentence(
    lab: Lab, mnist: Mnist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = tmp_path / "digit.png"
    Image.fromarray(mnist.test_images[0, 0].numpy()).resize((280, 280)).save(picture)
    monkeypatch.setattr("lab.drawing.likeness.SHAPES", tmp_path / "shapes.safetensors")
    forget_shapes()
    code, out, err = lab("predict", picture)
    forget_shapes()
    assert (code, out) == (2, "") and err.count("\n") == 1 and "is missing or damaged" in err


def test_predict_says_what_is_wrong_with_a_picture(lab: Lab, tmp_path: Path) -> None:
    blank, text, missing = (tmp_path / name for name in ("blank.png", "text.png", "missing.png"))
    Image.new("L", (40, 40)).save(blank)
    text.write_text("a seven")
    stripes = tmp_path / "stripes.png"
    Image.fromarray(np.where(np.arange(300) % 30 < 10, 0, 255).astype(np.uint8)[None].repeat(300, 0)).save(stripes)
    for picture, words in (
        (stripes, "A good picture shows"),
        (blank, "no ink"),
        (text, "not a PNG or JPEG"),
        (missing, "cannot be read"),
    ):
        code, out, err = lab("predict", picture)
        assert (code, out) == (2, "")
        assert words in err
        assert len(err.splitlines()) == 1
