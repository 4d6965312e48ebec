"""A trained network, asked what it has learned: this is its door, and no other room knows a file behind it."""

from lab.probe.answers import Answers, Reading, images_of, kept_answers, read_answers, read_hardest_first, scores_of
from lab.probe.maps import LayerMaps, layer_maps, untrained
from lab.probe.sums import Step, Sum, Term, adding_up, number, sum_of

__all__ = [
    "Answers",
    "LayerMaps",
    "Reading",
    "Step",
    "Sum",
    "Term",
    "adding_up",
    "images_of",
    "kept_answers",
    "layer_maps",
    "number",
    "read_answers",
    "read_hardest_first",
    "scores_of",
    "sum_of",
    "untrained",
]
