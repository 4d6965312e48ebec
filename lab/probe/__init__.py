"""A trained network, asked what it has learned: this is its door, and no other room knows a file behind it."""

from lab.probe.answers import Answers, Reading, images_of, kept_answers, read_answers, read_hardest_first

__all__ = ["Answers", "Reading", "images_of", "kept_answers", "read_answers", "read_hardest_first"]
