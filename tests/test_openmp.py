"""Waiting threads give way soon, unless the user has decided otherwise."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab.openmp import share_the_processor

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    monkeypatch.setenv("GOMP_SPINCOUNT", "")  # so that it is put back afterwards
    monkeypatch.delenv("GOMP_SPINCOUNT")


def test_threads_spin_a_thousand_turns() -> None:
    share_the_processor()
    assert os.environ["GOMP_SPINCOUNT"] == "1000"


@pytest.mark.parametrize(("name", "value"), [("OMP_WAIT_POLICY", "active"), ("GOMP_SPINCOUNT", "77")])
def test_what_the_user_has_said_stays(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    share_the_processor()
    assert os.environ[name] == value
    assert os.environ.get("GOMP_SPINCOUNT") in (None, "77")


@pytest.mark.parametrize("command", [["train", "--step", "7"], ["resume", "999"]])
def test_the_commands_that_train_say_it_before_torch_is_loaded(command: list[str], tmp_path: Path) -> None:
    code = (
        "import sys, os, lab.cli, lab.openmp\n"
        "said = lambda: print('said', 'torch' in sys.modules)\n"
        "lab.cli.share_the_processor = said\n"
        f"sys.argv = ['lab', *{command}]\n"
        "lab.cli.main()"
    )
    environment = os.environ | {"LAB_DATABASE_URL": f"sqlite:///{tmp_path / 'lab.sqlite3'}"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == "said False"
