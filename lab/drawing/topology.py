"""What a drawing is made of, whatever its size and shape: loose parts and holes, and whether one part is in another.

Ink joins along corners, ground along sides only (A. Rosenfeld, "Connectivity in digital pictures", JACM 17, 1970).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from lab.drawing.ink import Gray, crop_to_ink

LEAST_PART = 0.015
"""Of the ink: a touch of the pen by mistake has less, the eye of a face more."""
LEAST_HOLE = 0.005
"""Of the drawing's box: lines that cross a little askew leave smaller ones."""


@dataclass(frozen=True)
class Topology:
    """Counts of a drawing's parts and holes, those that are too small left out."""

    parts: int
    """Pieces of ink that touch no other."""
    holes: int
    """Pieces of ground that ink encloses."""
    is_nested: bool
    """Whether a part lies in a hole of another one."""


def topology(drawn: Gray) -> Topology:
    """Of the ink as it came (h, w), fine enough to see gaps."""
    ink = np.pad(crop_to_ink(drawn) > 0.25, 1)
    parts, _ = ndimage.label(ink, structure=np.ones((3, 3)))
    sizes = np.bincount(parts[ink])
    large = np.flatnonzero(sizes >= LEAST_PART * sizes.sum())
    ground, _ = ndimage.label(~ink)
    around = ground[0, 0]
    areas = np.bincount(ground[~ink])
    areas[around] = 0
    filled, _ = ndimage.label(ground != around, structure=np.ones((3, 3)))
    _, first = np.unique(parts, return_index=True)  # of each part one pixel; 0 is the ground
    outlines = np.unique(filled.ravel()[first[large]])
    return Topology(len(large), int((areas >= LEAST_HOLE * ink.size).sum()), len(outlines) < len(large))
