"""All that computes a run: this is its door, and no other room knows a file behind it."""

from lab.compute.scores import read_scores
from lab.compute.trainer import Batch, Trainer

__all__ = ["Batch", "Trainer", "read_scores"]
