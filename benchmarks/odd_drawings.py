"""What is said not to look like one digit: real digits that are (false alarms), and odd drawings that are and are not.

    python benchmarks/odd_drawings.py               # prints the tables of docs/drawing.md
    python benchmarks/odd_drawings.py FONT FONT     # also counts the letters and digits of these files' fonts

Nothing was fitted to what is counted here, nor chosen by it: `benchmarks/odd_fit.py` says what was.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.doodles import DOODLES
from benchmarks.drawing import dark_on_light, enlarged, middle_line
from benchmarks.hands import HANDS
from benchmarks.letters import letter
from benchmarks.more_doodles import MORE_DOODLES
from benchmarks.shapes import by_hand, turned
from lab.drawing import (
    BlankDrawing,
    PictureError,
    Points,
    Stage,
    distances,
    doubts,
    drawing_stages,
    edges,
    odd,
    stroke_stages,
)
from lab.mnist import load_mnist, to_unit
from lab.predict import load_predictor

Rgba = NDArray[np.uint8]
Images = NDArray[np.float32]
Numbers = NDArray[np.float64]

COUNTED = slice(50_000, 60_000)
LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZabdefghjkmnpqrtuvwxyz"
"""Without c, I, i, l, O, o, S and s, which are no other shapes than digits or their parts."""
HOUSE = [
    np.array([(0, 0.4), (0, 1), (0.9, 1), (0.9, 0.4), (0, 0.4), (0.45, 0), (0.9, 0.4)]),
    np.array([(0.35, 1), (0.35, 0.7), (0.55, 0.7), (0.55, 1)]),
]


def scribble(rng: np.random.Generator) -> list[Points]:
    """A line through 20 to 40 random places."""
    return [rng.uniform(40, 240, (int(rng.integers(20, 41)), 2))]


def wavy(rng: np.random.Generator) -> list[Points]:
    """A zigzag of seven to thirteen strokes."""
    count = int(rng.integers(8, 15))
    return [
        np.stack([np.linspace(40, 240, count), np.where(np.arange(count) % 2, 80, 200) + rng.normal(0, 8, count)], 1)
    ]


def two(lines: Sequence[list[Points]], rng: np.random.Generator) -> list[Points]:
    """Two digits, up to a third of their size apart, or just touching."""
    left, right = (lines[i] for i in rng.integers(0, len(lines), 2))
    shift = np.concatenate(left)[:, 0].max() - np.concatenate(right)[:, 0].min() + rng.uniform(0, 0.3)
    return [120 * stroke for stroke in [*left, *(stroke + np.array([shift, 0]) for stroke in right)]]


def surrounded(digit: Images, rng: np.random.Generator) -> dict[str, Rgba]:
    """A digit on paper: as a sheet on a dark table, in a printed box, and in a window of a screen."""
    paper = Image.fromarray(dark_on_light(enlarged(digit, 130, rng.uniform(110, 170, 2)))).convert("RGB")
    table = Image.new("RGB", (420, 420), (60, 45, 35))
    turned = float(rng.uniform(-8, 8))
    sheet = Image.new("L", paper.size, 255).rotate(turned, expand=True)
    table.paste(paper.rotate(turned, expand=True, resample=Image.Resampling.BICUBIC), (60, 55), sheet)
    boxed, window = paper.copy(), paper.copy()
    ImageDraw.Draw(boxed).rectangle((12, 12, 267, 267), outline=(20, 20, 20), width=4)
    draw = ImageDraw.Draw(window)
    draw.rectangle((0, 0, 279, 24), fill=(50, 60, 80))
    draw.rectangle((0, 0, 279, 279), outline=(50, 60, 80), width=3)
    pictures = {"A sheet on a dark table": table, "In a printed box": boxed, "A whole window": window}
    return {name: np.asarray(picture.convert("RGBA")) for name, picture in pictures.items()}


def beyond(images: Images) -> Images:
    """Of pictures (N, 28, 28), (N,): more than 1 where edges are too far from every digit's, or another's."""
    features = edges(images)
    return np.maximum(distances(features), doubts(features))


def alarms(stages: Sequence[list[Stage]]) -> str:
    """Of drawings, how many are said not to look like one digit, and why."""
    why = Counter(reason for one in stages if (reason := odd(one) if one else "refused") is not None)
    words = ", ".join(f"{count} {reason}" for reason, count in why.most_common())
    return f"{sum(why.values())} of {len(stages)} | {words or '-'}"


def in_fonts(fonts: list[str], rng: np.random.Generator) -> dict[str, list[list[Stage]]]:
    """Letters and digits, each in every font once and five times."""
    if not fonts:
        return {}
    kinds = {"Letters of other fonts": LETTERS, "Digits of other fonts": "0123456789" * 5}
    return {
        kind: [stroke_stages(by_hand(letter(name, font), rng)) for name in names for font in fonts]
        for kind, names in kinds.items()
    }


def handwritings(drawn: dict[str, list[list[Stage]]], predictor: Callable[[Images], Images]) -> list[str]:
    """Rows: how many of each handwriting are read right, and what the others are taken for."""
    rows = []
    for name in HANDS:
        read = Counter(str(predictor(stages[-1].image).argmax()) for stages in drawn[f"A {name}"])
        wrong = ", ".join(f"{digit} ({times})" for digit, times in read.most_common() if digit != name[0])
        rows.append(f"| {name} | {read[name[0]]} of {read.total()} | {wrong} |")
    return rows


def main(fonts: list[str]) -> None:
    """Print the tables."""
    data, rng, predictor = load_mnist(), np.random.default_rng(1), load_predictor()
    train, test = (to_unit(images[:, 0]).numpy() for images in (data.train_images, data.test_images))
    print("| Real digits, 28×28 | Not taken for a digit by their edges, % |\n|---|---|")
    for name, images in (("Training images 50,001 to 60,000", train[COUNTED]), ("Test images", test)):
        print(f"| {name} | {100 * np.mean(_in_turn(beyond, images) > 1):.2f} |")
    lines = [middle_line(digit) for digit in test[::10]]
    middle, later = np.array([140.0, 140.0]), np.random.default_rng(2)
    drawn: dict[str, list[list[Stage]]] = {
        "Test digits as pictures": [_stages(enlarged(digit, 200, middle)) for digit in test[::10]],
        "Test digits, redrawn as strokes": [stroke_stages(line) for line in lines],
        "Digits of a font": [stroke_stages(by_hand(letter(d), rng)) for d in "0123456789" * 10],
        **{f"A {name}": [stroke_stages(turned(digit, rng)) for _ in range(40)] for name, digit in HANDS.items()},
        "Dots": [stroke_stages([rng.uniform(100, 110, (3, 2))], pen=18) for _ in range(50)],
        "Scribbles": [stroke_stages(scribble(rng)) for _ in range(100)],
        "Zigzags": [stroke_stages(wavy(rng)) for _ in range(100)],
        "Two digits": [stroke_stages(two(lines, rng)) for _ in range(100)],
        "Houses": [stroke_stages(by_hand(HOUSE, rng)) for _ in range(100)],
        "Letters": [stroke_stages(by_hand(letter(name), rng)) for name in LETTERS * 4],
        **{name: [stroke_stages(turned(doodle(rng), rng)) for _ in range(40)] for name, doodle in DOODLES.items()},
        **{
            name: [stroke_stages(turned(doodle(later), later)) for _ in range(40)]
            for name, doodle in MORE_DOODLES.items()
        },
        **in_fonts(fonts, later),
    }
    print("\n| Drawn | Said not to look like one digit | Because |\n|---|---|---|")
    for name, stages in drawn.items():
        print(f"| {name} | {alarms(stages)} |")
    print("\n| Handwriting | Read correctly | Taken for |\n|---|---|---|", *handwritings(drawn, predictor), sep="\n")
    seen = Counter(name for name, one in zip(LETTERS * 4, drawn["Letters"], strict=True) if odd(one))
    print("\nLetters never noticed:", *(name for name in LETTERS if not seen[name]))
    print("Always:", *(name for name in LETTERS if seen[name] == 4))
    print(
        "\n| Of 60 test digits | Read correctly | Read wrongly | Said to be no digit | Refused |\n|---|---|---|---|---|"
    )
    said: dict[str, Counter[str]] = {}
    for digit, label in zip(test[::166][:60], data.test_labels[::166][:60].tolist(), strict=True):
        for name, picture in surrounded(digit, rng).items():
            said.setdefault(name, Counter())[_answer(picture, label, predictor)] += 1
    for name, counts in said.items():
        print(f"| {name} | {counts['right']} | {counts['wrong']} | {counts['odd']} | {counts['refused']} |")


def _answer(picture: Rgba, label: int, predictor: Callable[[Images], Images]) -> str:
    stages = _stages(picture)
    if not stages:
        return "refused"
    if odd(stages):
        return "odd"
    return "right" if predictor(stages[-1].image).argmax() == label else "wrong"


def _stages(picture: Rgba) -> list[Stage]:
    """None where the picture is refused."""
    try:
        return drawing_stages(picture)
    except (PictureError, BlankDrawing):
        return []


def _in_turn(function: Callable[[Images], Images], images: Images) -> Images:
    return np.concatenate([function(images[start : start + 2000]) for start in range(0, len(images), 2000)])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("fonts", nargs="*", help="font files")
    main(parser.parse_args().fonts)
