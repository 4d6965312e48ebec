"""Compiles the engine, once for a user, a machine and a version of its source: with the system's C compiler or, where
there is none or it fails, with the one that comes as a Python package (Zig's Clang, from requirements.txt); on Windows
and macOS with that one only, which the tests cross-compile with.

It computes on PyTorch's threads where they can be reached, else on threads of its own (parallel.h). What is compiled is
kept in a folder that only the user can write; anything that goes wrong means no library, and one line in the log.
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

import torch  # loads the OpenMP runtime that the library calls

log = logging.getLogger(__name__)

FOLDER = Path(__file__).parent
SOURCES = (FOLDER / "engine.c", *sorted(FOLDER.glob("*.h")))
COMPILERS = ("cc", "gcc", "clang") if sys.platform == "linux" else ()  # a Mac's cc may open a dialog instead
PACKAGED = "ziglang"
TIMEOUT_SECONDS = 300
SUFFIX = {"win32": ".dll", "darwin": ".dylib"}
"""Of a library's file, where it is not .so."""
TARGETS = {"win32": "windows-gnu", "darwin": "macos"}
MACHINES = {"AMD64": "x86_64", "ARM64": "aarch64", "arm64": "aarch64"}
"""Zig's names for systems, named to it so that it is told here what the tests tell it, and for processors."""
OPENMP = ("GOMP_parallel", "omp_get_thread_num")
"""What the library calls of PyTorch's OpenMP runtime."""


class NotBuilt(RuntimeError):
    """There is no library; the message says why."""


@lru_cache(maxsize=1)
def library() -> ctypes.CDLL | None:
    """The compiled engine; None where it cannot be had."""
    try:
        return _on_pytorchs_threads() or ctypes.CDLL(str(build(own_threads=True)))
    except (NotBuilt, OSError) as error:
        log.warning("The compiled engine is not used: %s", error)
        return None


def build(own_threads: bool) -> Path:
    """The library's file, compiled now if it is not there yet.

    Raises:
        NotBuilt: there is no compiler, each failed, or the folder is not the user's own.
    """
    folder = _own_folder()
    reasons = []
    for compiler in _compilers():
        try:
            return _built_by(compiler, _options(compiler, own_threads), folder)
        except NotBuilt as error:
            reasons.append(str(error))
    raise NotBuilt(" ".join(reasons) or "there is no C compiler on this machine.")


def _options(compiler: list[str], own_threads: bool) -> list[str]:
    """The options for this machine and `compiler`."""
    target = f"{MACHINES.get(platform.machine(), platform.machine())}-{TARGETS.get(sys.platform)}"
    return options(own_threads, target if PACKAGED in compiler and sys.platform in TARGETS else None)


def options(own_threads: bool, target: str | None = None, processor: str = "native") -> list[str]:
    """What to tell the compiler: for this Linux, or Zig's for one of the machines that it names as `target`."""
    windows, mac = (target or "").endswith("-windows-gnu"), (target or "").endswith("-macos")
    chosen = ["-O3", "-std=gnu11", "-shared"]
    chosen += ["-target", target, f"-mcpu={processor}"] if target else [f"-march={processor}"]
    if windows:  # no start-up code, see threads.h; the headers have to be named then
        chosen += ["-nostdlib", "-isystem", str(_packaged_headers()), "-lucrtbase", "-lkernel32"]
    else:
        chosen += ["-fPIC", "-lm"]
    if own_threads:
        chosen.append("-DOWN_THREADS")
    elif mac:
        chosen += ["-undefined", "dynamic_lookup"]  # OpenMP's functions are found in what PyTorch has loaded
    return chosen


def _packaged_headers() -> Path:
    """Windows' own, in the package."""
    found = importlib.util.find_spec(PACKAGED)
    assert found is not None and found.origin is not None
    return Path(found.origin).parent / "lib" / "libc" / "include" / "any-windows-any"


def _on_pytorchs_threads() -> ctypes.CDLL | None:
    """The library that computes on them; None where they cannot be reached, be it only when it is loaded."""
    if not _openmp_is_reachable():
        return None
    file = build(own_threads=False)
    try:
        return ctypes.CDLL(str(file))
    except OSError:
        return None


def _openmp_is_reachable() -> bool:
    """Whether a library that is loaded now finds the functions of PyTorch's OpenMP runtime."""
    if sys.platform == "win32":
        return False  # its runtime there has other functions
    if sys.platform == "darwin":
        bundled = Path(torch.__file__).parent / "lib" / "libomp.dylib"
        if bundled.exists():
            ctypes.CDLL(str(bundled), mode=ctypes.RTLD_GLOBAL)  # loaded already, but not for all to see
    process = ctypes.CDLL(None)
    return all(hasattr(process, name) for name in OPENMP)


def _compilers() -> list[list[str]]:
    """The commands to try, in order."""
    system = [[found] for found in map(shutil.which, COMPILERS) if found][:1]
    packaged = [[sys.executable, "-m", PACKAGED, "cc"]] if importlib.util.find_spec(PACKAGED) else []
    return system + packaged


def _built_by(compiler: list[str], options: list[str], folder: Path) -> Path:
    file = folder / f"engine-{_version(compiler, options)}{SUFFIX.get(sys.platform, '.so')}"
    if not file.exists():
        _compile(compiler, options, file)
    return file


def _version(compiler: list[str], options: list[str]) -> str:
    """One name for the source, the options, the compiler and the processor that it compiles for."""
    said = _run([*compiler, "--version"]).stdout.encode()
    parts = [*(source.read_bytes() for source in SOURCES), " ".join(options).encode(), said, _processor()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def _run(command: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
    """The finished command, whatever its exit status; `variables` are added to its environment."""
    try:
        return subprocess.run(
            command,
            capture_output=True,
            encoding="utf-8",
            errors="replace",  # Windows' own messages are in another encoding
            timeout=TIMEOUT_SECONDS,
            check=False,
            env={**os.environ, **variables},
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise NotBuilt(f"{command[0]} did not answer ({error}).") from error


def _processor() -> bytes:
    """What -march=native depends on."""
    if sys.platform == "darwin":
        return _run(["sysctl", "-n", "machdep.cpu.brand_string"]).stdout.encode()
    try:
        lines = Path("/proc/cpuinfo").read_bytes().splitlines()
    except OSError:
        return f"{platform.machine()} {platform.processor()}".encode()
    return b"\n".join(line for line in lines[:40] if line.startswith((b"model name", b"flags", b"Features")))


def _own_folder() -> Path:
    """The cache folder, made if need be; refused when somebody else could put a library there."""
    try:
        folder = _cache() / "cnn-lab"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        about = folder.stat()
    except (OSError, RuntimeError) as error:
        raise NotBuilt(f"there is no folder to keep it in ({error}).") from error
    if sys.platform != "win32" and (about.st_uid != os.getuid() or about.st_mode & (stat.S_IWGRP | stat.S_IWOTH)):
        raise NotBuilt(f"other users can write to {folder}.")
    return folder


def _cache() -> Path:
    """Where a user's programs keep what they can make again."""
    named = os.environ.get("XDG_CACHE_HOME") or (os.environ.get("LOCALAPPDATA") if sys.platform == "win32" else None)
    return Path(named) if named else Path.home() / ".cache"


def _compile(compiler: list[str], options: list[str], file: Path) -> None:
    """Compile to a name of its own first: two processes may do it at once, and neither may see half a file."""
    try:
        with tempfile.TemporaryDirectory(dir=file.parent, ignore_cleanup_errors=True) as folder:
            made = Path(folder) / file.name
            command = [*compiler, str(SOURCES[0]), *options, "-o", str(made)]
            done = _run(command, ZIG_GLOBAL_CACHE_DIR=folder, ZIG_LOCAL_CACHE_DIR=folder)  # else 50 MB stay behind
            if done.returncode:
                raise NotBuilt(f"{' '.join(compiler)} failed: {(done.stderr.splitlines() or ['without a word'])[0]}")
            os.replace(made, file)
    except OSError as error:
        if not file.exists():  # on Windows another process may have put it there and be using it
            raise NotBuilt(f"{file.name} cannot be written ({error}).") from error
