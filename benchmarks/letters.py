"""The middle lines of a font's letters: what is fitted knows other fonts than those that are counted."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.drawing import middle_line
from benchmarks.shapes import Rng, Strokes

SIZE, PAPER, EDGE = 72, 260, 8
"""Pixels: of a letter, of the paper that holds it, and of what is left empty around it."""
FITTED = "AEFHKLMNPQRTUVWXYadefhkmnprtuvwxy"
"""Without those that have a digit's shape in some font or hand, such as b, g, q, z, B, D, G, J and Z."""
FONTS = [
    "DejaVuSans",
    "DejaVuSans-Oblique",
    "DejaVuSansMono",
    "DejaVuSerif",
    "DejaVuSerif-Italic",
    "STIXGeneral",
    "STIXGeneralItalic",
    "cmr10",
    "cmss10",
    "cmti10",
    "cmtt10",
    "cmmi10",
]
"""Of matplotlib."""


def fitted_letter(among: str, rng: Rng) -> Strokes:
    """One of these in one of the fonts that something is fitted to."""
    path = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{rng.choice(FONTS)}.ttf"
    return letter(str(rng.choice(list(among))), str(path))


@lru_cache(maxsize=1000)
def letter(name: str, path: str | None = None) -> Strokes:
    """Its middle line in the font of this file, or in Pillow's own."""
    font = ImageFont.truetype(path, SIZE) if path else ImageFont.load_default(SIZE)
    paper = Image.new("L", (PAPER, PAPER))
    ImageDraw.Draw(paper).text((80, 60), name, font=font, fill=255)
    ink = np.asarray(paper.crop(paper.getbbox()), dtype=np.float32) / 255
    square = np.pad(np.zeros((max(ink.shape),) * 2, dtype=np.float32), EDGE)
    square[EDGE : EDGE + ink.shape[0], EDGE : EDGE + ink.shape[1]] = ink
    return middle_line(np.asarray(Image.fromarray(square).resize((28, 28), Image.Resampling.BICUBIC)))
