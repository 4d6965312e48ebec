"""The controls of the Train page: choose a step, toggle its parts, set everything else, start."""

from __future__ import annotations


