"""Compiles the engine, once for a user, a machine and a version of its source: with the system's C compiler or, where
there is none or it fails, with the one that comes as a Python package (Zig's Clang, from requirements.txt).

What is compiled is kept in a folder that only the user can write; anything that goes wrong means no library, and one
line in the log.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import logging
import os
import platform
import shutil
import stat
import subprocess
import sys
import tempfile
from functools import lru_cache
from pathlib import Path

import torch  # noqa: F401  # loads the OpenMP runtime that the library calls

log = logging.getLogger(__name__)

FOLDER = Path(__file__).parent
SOURCES = (FOLDER / "engine.c", *sorted(FOLDER.glob("*.h")))
FLAGS = ("-O3", "-march=native", "-std=gnu11", "-shared", "-fPIC")  # OpenMP: see parallel.h
COMPILERS = ("cc", "gcc", "clang")
PACKAGED = "ziglang"
TIMEOUT_SECONDS = 120


class NotBuilt(RuntimeError):
    """There is no library; the message says why."""


@lru_cache(maxsize=1)
def library() -> ctypes.CDLL | None:
    """The compiled engine; None where it cannot be had."""
    try:
        return ctypes.CDLL(str(build()))
    except (NotBuilt, OSError) as error:
        log.warning("The fast path is not used: %s", error)
        return None


def build() -> Path:
    """The library's file, compiled now if it is not there yet.

    Raises:
        NotBuilt: there is no compiler, each failed, or the folder is not the user's own.
    """
    folder = _own_folder()
    reasons = []
    for compiler in _compilers():
        try:
            return _built_by(compiler, folder)
        except NotBuilt as error:
            reasons.append(str(error))
    raise NotBuilt(" ".join(reasons) or "there is no C compiler on this machine.")


def _compilers() -> list[list[str]]:
    """The commands to try, in order."""
    system = [[found] for found in map(shutil.which, COMPILERS) if found][:1]
    packaged = [[sys.executable, "-m", PACKAGED, "cc"]] if importlib.util.find_spec(PACKAGED) else []
    return system + packaged


def _built_by(compiler: list[str], folder: Path) -> Path:
    file = folder / f"engine-{_version(compiler)}.so"
    if not file.exists():
        _compile(compiler, file)
    return file


def _version(compiler: list[str]) -> str:
    """One name for the source, the flags, the compiler and the processor that it compiles for."""
    said = _run([*compiler, "--version"]).stdout.encode()
    parts = [*(source.read_bytes() for source in SOURCES), " ".join(FLAGS).encode(), said, _processor()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def _run(command: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
    """The finished command, whatever its exit status; `variables` are added to its environment."""
    environment = {**os.environ, **variables}
    try:
        return subprocess.run(
            command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False, env=environment
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise NotBuilt(f"{command[0]} did not answer ({error}).") from error


def _processor() -> bytes:
    """What -march=native depends on."""
    try:
        lines = Path("/proc/cpuinfo").read_bytes().splitlines()
    except OSError:
        return f"{platform.machine()} {platform.processor()}".encode()
    return b"\n".join(line for line in lines[:40] if line.startswith((b"model name", b"flags", b"Features")))


def _own_folder() -> Path:
    """The cache folder, made if need be; refused when somebody else could put a library there."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "cnn-lab"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        about = folder.stat()
    except (OSError, RuntimeError) as error:
        raise NotBuilt(f"the folder {folder} cannot be made ({error}).") from error
    if hasattr(os, "getuid") and (about.st_uid != os.getuid() or about.st_mode & (stat.S_IWGRP | stat.S_IWOTH)):
        raise NotBuilt(f"others than you can write to {folder}.")
    return folder


def _compile(compiler: list[str], file: Path) -> None:
    """Compile to a name of its own first: two processes may do it at once, and neither may see half a file."""
    with tempfile.TemporaryDirectory(dir=file.parent) as folder:
        made = Path(folder) / file.name
        command = [*compiler, *FLAGS, "-o", str(made), str(SOURCES[0]), "-lm"]
        done = _run(command, ZIG_GLOBAL_CACHE_DIR=folder, ZIG_LOCAL_CACHE_DIR=folder)  # else 50 MB stay behind
        if done.returncode:
            raise NotBuilt(f"{' '.join(compiler)} failed: {(done.stderr.splitlines() or ['without a word'])[0]}")
        os.replace(made, file)
