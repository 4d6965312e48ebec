"""Which commit of the lab's code this process runs: asked once, and never a reason for a run to fail."""

from __future__ import annotations

import os
import subprocess
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
SECONDS = 5.0
"""How long git may take: a slow disk delays the first run by so much, and its commit is then unknown."""


@lru_cache
def code_commit() -> str:
    """The commit in 12 digits, with "-dirty" behind it where a tracked file differs; empty where it is not known.

    It is known where the lab is a clone with its own `.git` beside it and git is installed.
    """
    return described(ROOT)


def described(root: Path) -> str:
    """What git says of the clone at `root`; empty where there is none, or no git, or no answer in time."""
    if not (root / ".git").exists():  # a file in a worktree; without it git would look further up
        return ""
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    elsewhere = {
        name: value for name, value in os.environ.items() if not name.startswith("GIT_")
    }  # as a hook sets them
    try:
        done = subprocess.run(
            command,
            env=elsewhere | {"GIT_OPTIONAL_LOCKS": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode("ascii", "replace").strip()
