"""What every benchmark answers before it measures anything."""

import runpy
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "benchmarks"
PROGRAMS = [path.name for path in sorted(FOLDER.glob("*.py")) if "__main__" in path.read_text(encoding="utf-8")]


def run(monkeypatch: pytest.MonkeyPatch, name: str, *arguments: str) -> object:
    """The exit code of a benchmark that only looks at its arguments."""
    monkeypatch.setattr(sys, "argv", [name, *arguments])
    monkeypatch.setattr(sys, "path", [str(FOLDER), *sys.path])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(FOLDER / name), run_name="__main__")
    return ended.value.code


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_benchmark_that_is_asked_for_help_says_what_it_does_and_does_nothing(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, name, "--help") == 0
    first_line = (FOLDER / name).read_text(encoding="utf-8").splitlines()[0]
    assert " ".join(first_line.strip('"').split()[:4]) in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("measuring.py", ["--step", "9"], "invalid choice: 9"),
        ("paths.py", ["--only", "nothing"], "no network's name begins with 'nothing': step 1, "),
    ],
)
def test_an_argument_that_names_nothing_is_refused_in_a_sentence(
    name: str, arguments: list[str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, name, *arguments) == 2
    assert said in capsys.readouterr().err
