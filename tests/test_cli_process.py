"""The command line as a process of its own: its streams, its signals, and what it imports."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from app_pages import add_run
from PIL import Image

from lab.events import Stopped
from lab.mnist import Mnist
from lab.store import Store

ROOT = Path(__file__).parent.parent
C_LOCALE = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}


def test_commands_that_need_no_torch_do_not_wait_for_it() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "lab", "steps", "--json"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0
    assert len(json.loads(done.stdout)) == 7
    imported = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines()}
    assert "lab.steps" in imported
    assert not {"torch", "numpy", "streamlit"} & imported


@pytest.mark.parametrize("environment", [{"PYTHONIOENCODING": "cp1252"}, {"PYTHONIOENCODING": "ascii"}, C_LOCALE])
@pytest.mark.parametrize("command", ["steps", "layers --step 5", "runs", "show 1", "predict digit.png", "results"])
def test_a_terminal_or_a_file_that_lacks_characters_ends_no_command(
    store: Store, mnist: Mnist, tmp_path: Path, environment: dict[str, str], command: str
) -> None:
    add_run(store, name="\N{ROCKET} ±7° ─ 一")
    Image.fromarray(mnist.test_images[0, 0].numpy()).save(tmp_path / "digit.png")
    done = subprocess.run(
        [sys.executable, "-m", "lab", *command.split()],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    if command == "predict digit.png":
        assert b"#" * 40 in done.stdout
    if command in ("runs", "show 1"):
        assert b"? " in done.stdout


PRINTING = ["steps", "steps --json", "train --help"]
FULL = Path("/dev/full")


def lab_process(command: str, **streams: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "lab", *command.split()], cwd=ROOT, text=True, check=False, **streams)


@pytest.mark.skipif(not FULL.exists(), reason="this system has no file that is always full")
@pytest.mark.parametrize("command", PRINTING)
def test_an_output_that_cannot_be_written_gets_one_sentence_and_exit_code_1(store: Store, command: str) -> None:
    with FULL.open("w") as full:
        done = lab_process(command, stdout=full, stderr=subprocess.PIPE)
        assert (done.returncode, done.stderr) == (1, "The output cannot be written: No space left on device.\n")


@pytest.mark.skipif(not FULL.exists(), reason="this system has no file that is always full")
def test_a_refusal_that_cannot_be_written_keeps_its_exit_code(store: Store) -> None:
    with FULL.open("w") as full:
        assert lab_process("layers --step 9", stdout=full, stderr=full).returncode == 2


@pytest.mark.parametrize("command", PRINTING)
def test_a_reader_that_has_seen_enough_is_no_error(store: Store, command: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = lab_process(command, stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell that can close a stream")
@pytest.mark.parametrize(
    ("command", "code"), [("steps >&-", 0), ("steps --json >&- 2>&-", 0), ("layers --step 9 2>&-", 2)]
)
def test_a_closed_stream_changes_no_exit_code_and_sends_nothing_elsewhere(
    store: Store, command: str, code: int
) -> None:
    line = f'"{sys.executable}" -m lab {command}'
    done = subprocess.run(["sh", "-c", line], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")


@pytest.mark.skipif(sys.platform == "win32", reason="sends Ctrl-C as POSIX does")
@pytest.mark.parametrize("command", ["train --step 5", "resume 1", "bench", "predict digit.png", "mistakes", "ship 1"])
def test_ctrl_c_is_not_lost_while_torch_is_imported(store: Store, tmp_path: Path, command: str) -> None:
    """Parts of torch's own code ignore an exception."""
    add_run(store, Stopped())
    Image.new("L", (40, 40)).save(tmp_path / "digit.png")
    (tmp_path / "torch.py").write_text(
        "import threading\nprint('importing', flush=True)\n"
        "try:\n    threading.Event().wait(20)\nexcept KeyboardInterrupt:\n    pass\n"
    )
    with subprocess.Popen(
        [sys.executable, "-m", "lab", *command.split()],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "importing\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert (process.returncode, out, err) == (130, "", "")
