"""Compiling the engine: once, to a folder of the user's own, and never a reason not to train."""

import logging
import os
import platform
import shutil
import stat
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch.nn.functional as F
from exact_twin import assert_same_gradients_and_statistics, clear_of_kinks, noisy_digits, with_its_exact_twin
from examples import tiny_run

from lab.compute.native import build
from lab.compute.native.engine import Engine
from lab.events import Started
from lab.mnist import Mnist
from lab.steps import step
from lab.training import train

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="its compilers are Linux' shell scripts")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache folder, and no library loaded yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    build.library.cache_clear()
    yield tmp_path / "cnn-lab"
    build.library.cache_clear()


def hide_compilers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the system nor a package has one."""
    monkeypatch.setattr(build, "COMPILERS", ())
    monkeypatch.setattr(build, "PACKAGED", "no_such_package")


def compiler(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str, packaged: str = "no_such_package") -> None:
    """The only C compilers are this shell script and the package."""
    monkeypatch.setattr(build, "PACKAGED", packaged)
    file = folder / "bin" / "cc"
    file.parent.mkdir()
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    monkeypatch.setenv("PATH", f"{file.parent}{os.pathsep}/bin{os.pathsep}/usr/bin")


OUTPUT = 'while [ "$1" != "-o" ]; do [ $# -gt 0 ] || exit 0; shift; done'
"""Finds the -o of a compiler's arguments; without one (--version) there is nothing to do."""


def test_a_linux_has_the_engine() -> None:
    """Else every test of the engine would be left out without a word."""
    assert build.library() is not None


def test_without_a_compiler_of_the_system_the_packaged_one_makes_an_engine_that_computes_what_pytorch_does(
    cache: Path, mnist: Mnist, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "COMPILERS", ())
    images, labels = noisy_digits(mnist, 13, "a black background")
    config = replace(step(5).config.network, dropout=0.0)
    network, exact = with_its_exact_twin(config)
    images = clear_of_kinks(exact, images)
    Engine(config, network, 13).iterate(images, labels, seed=3)
    F.cross_entropy(exact(images.double()), labels).backward()  # type: ignore[no-untyped-call]
    assert_same_gradients_and_statistics(network, exact)
    assert len(list(cache.iterdir())) == 1  # the library, and nothing of the compiler's own


def test_a_compiler_of_the_system_that_fails_gives_way_to_the_packaged_one(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    compiler(tmp_path, monkeypatch, "exit 1", packaged=build.PACKAGED)
    assert build.library() is not None
    assert caplog.messages == []


def test_it_is_compiled_once_and_then_found(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiler(tmp_path, monkeypatch, f'{OUTPUT}; echo once >> "{tmp_path}/calls"; echo library > "$2"')
    first, again = build.build(own_threads=False), build.build(own_threads=False)
    assert first == again
    assert first.read_text() == "library\n"
    assert (tmp_path / "calls").read_text() == "once\n"
    assert [path.name for path in cache.iterdir()] == [first.name]  # nothing half-made is left


def test_another_compiler_makes_another_library(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiler(tmp_path, monkeypatch, f'echo "cc $(cat "{tmp_path}/version")"; {OUTPUT}; echo library > "$2"')
    names = set()
    for version in ("1", "2"):
        (tmp_path / "version").write_text(version)
        names.add(build.build(own_threads=False).name)
    assert len(names) == 2


def test_the_folder_is_the_users_own(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiler(tmp_path, monkeypatch, f'{OUTPUT}; echo library > "$2"')
    build.build(own_threads=False)
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    cache.chmod(0o777)
    with pytest.raises(build.NotBuilt, match="other users can write"):
        build.build(own_threads=False)


@pytest.mark.parametrize(
    ("script", "reason"),
    [("exit 1", "failed: without a word"), ("echo 'engine.c: no such thing' >&2; exit 1", "engine.c: no such thing")],
)
def test_a_compiler_that_fails_is_told_in_one_line(
    cache: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    script: str,
    reason: str,
) -> None:
    compiler(tmp_path, monkeypatch, script)
    with caplog.at_level(logging.WARNING):
        assert build.library() is None
    [line] = caplog.messages
    assert line.startswith("The compiled engine is not used: ")
    assert reason in line
    assert "\n" not in line


def test_what_is_no_library_is_not_loaded(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiler(tmp_path, monkeypatch, f'{OUTPUT}; echo library > "$2"')
    assert build.library() is None


def test_without_a_compiler_the_plain_path_trains(
    cache: Path, few: Mnist, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    hide_compilers(monkeypatch)
    with caplog.at_level(logging.WARNING):
        events = list(train(tiny_run(epochs=1), few))
    assert events[-1].kind == "finished"
    assert isinstance(events[0], Started)
    assert events[0].engine == "PyTorch"
    assert caplog.messages == ["The compiled engine is not used: there is no C compiler on this machine."]


# --- where PyTorch's threads cannot be reached, and on other systems -------------------------------------------------


def test_where_pytorchs_threads_cannot_be_reached_the_engine_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    own = str(build.build(own_threads=True))
    monkeypatch.setattr(build, "OPENMP", ("no_such_function",))
    build.library.cache_clear()
    try:
        library = build.library()
    finally:
        build.library.cache_clear()
    assert library is not None
    assert library._name == own


def test_a_library_that_does_not_find_them_when_it_is_loaded_gives_way_to_one_with_its_own(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = shutil.which("cc")
    assert real is not None
    own = f'case "$*" in *-DOWN_THREADS*) exec {real} "$@";; esac'
    compiler(tmp_path, monkeypatch, f'{own}; {OUTPUT}; echo library > "$2"')
    library = build.library()
    assert library is not None
    assert library._name == str(build.build(own_threads=True))
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("system", "machine", "target"),
    [
        ("win32", "AMD64", "x86_64-windows-gnu"),
        ("darwin", "arm64", "aarch64-macos"),
        ("linux", "x86_64", None),
    ],
)
def test_the_packaged_compiler_is_told_there_what_the_tests_tell_it_here(
    system: str, machine: str, target: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert build._options(["python", "-m", build.PACKAGED, "cc"], True) == build.options(True, target)


def test_on_windows_pytorchs_threads_are_not_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert not build._openmp_is_reachable()


def test_on_windows_the_library_is_kept_where_programs_keep_such_things(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "win32")
    assert build._own_folder() == tmp_path / "cnn-lab"
