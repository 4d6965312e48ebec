"""`python start.py`: an environment of its own, made and filled once, and the lab started or tested in it."""

import os
import platform
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import start

EMPTY_APP = """
import sys, time
try:
    print("arguments:", sys.argv[1:], flush=True)
    while True:
        time.sleep(0.05)
except KeyboardInterrupt:
    print("ended in good order", flush=True)
    sys.exit(7)
"""


class Calls:
    """Stands in for `start.call`: remembers commands, makes the environment, fails those that contain a word."""

    def __init__(self) -> None:
        self.made: list[list[str]] = []
        self.failing = "nothing"

    def __call__(self, command: Sequence[str], quiet: bool = False) -> int:
        self.made.append(list(command))
        if "venv" in command:
            environment = Path(command[-1])
            shutil.rmtree(environment, ignore_errors=True)
            python = start.python_of(environment)
            python.parent.mkdir(parents=True)
            python.touch()
        return 9 if self.failing in command else 0

    def words(self) -> list[str]:
        """What each command was about: its module, or the code that it ran; then start anew."""
        made, self.made = self.made, []
        return [command[2] for command in made if command[1] == "-m"]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    calls = Calls()
    monkeypatch.setattr(start, "call", calls)
    return calls


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the lab that needs one package, and another to be tested."""
    folder = tmp_path / "What is a CNN?"
    folder.mkdir()
    (folder / start.APP).write_text("one==1\n")
    (folder / start.DEV).write_text("-r requirements.txt\ntwo==2\n")
    monkeypatch.setattr(start, "ROOT", folder)
    return folder


# --- the environment ---------------------------------------------------------------------------------------------


def test_the_first_start_makes_and_fills_the_environment_and_the_second_does_neither(
    folder: Path, calls: Calls
) -> None:
    start.make_environment(start.APP)
    assert calls.made[-1][-2:] == ["-r", str(folder / start.APP)]
    assert calls.words() == ["venv", "pip"]
    start.make_environment(start.APP)
    assert calls.words() == []  # no network is needed


@pytest.mark.parametrize("changed", [start.APP, start.DEV])
def test_it_installs_again_when_what_is_required_has_changed(changed: str, folder: Path, calls: Calls) -> None:
    start.make_environment(start.DEV)
    calls.words()
    with open(folder / changed, "a") as file:
        file.write("three==3\n")
    start.make_environment(start.DEV)
    assert calls.words() == ["pip"]


def test_an_installation_that_was_not_finished_begins_anew(folder: Path, calls: Calls) -> None:
    calls.failing = "pip"
    with pytest.raises(start.CannotStart, match="Something could not be installed"):
        start.make_environment(start.APP)
    calls.failing = "nothing"
    calls.words()
    start.make_environment(start.APP)
    assert calls.words() == ["venv", "pip"]


def test_an_update_that_was_not_finished_is_not_taken_for_the_old_state(folder: Path, calls: Calls) -> None:
    start.make_environment(start.APP)
    (folder / start.APP).write_text("one==2\n")
    calls.failing = "pip"
    with pytest.raises(start.CannotStart):
        start.make_environment(start.APP)
    calls.failing = "nothing"
    (folder / start.APP).write_text("one==1\n")
    calls.words()
    start.make_environment(start.APP)
    assert calls.words() == ["venv", "pip"]


def test_an_environment_whose_python_has_gone_is_made_anew(folder: Path, calls: Calls) -> None:
    python = start.make_environment(start.APP)
    python.unlink()
    python.symlink_to(folder / "gone")
    calls.words()
    start.make_environment(start.APP)
    assert calls.words() == ["venv", "pip"]


def test_on_windows_the_environments_programs_lie_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "WINDOWS", True)
    assert start.python_of(Path("x")) == Path("x", "Scripts", "python.exe")


# --- what is started ---------------------------------------------------------------------------------------------


def test_on_windows_the_app_is_waited_for_and_its_exit_code_passed_on(
    folder: Path, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "WINDOWS", True)
    calls.failing = "lab.ui.serving"
    assert start.main(["--server.port", "8600"]) == 9
    assert calls.made[-1][1:] == ["-m", "lab.ui.serving", "--server.port", "8600"]


def test_a_word_that_it_does_not_know_starts_nothing(
    folder: Path, calls: Calls, capsys: pytest.CaptureFixture[str]
) -> None:
    assert start.main(["tset"]) == 1
    assert capsys.readouterr().out == (
        "start.py knows no 'tset': it takes test, check, or arguments for Streamlit, such as --server.port 8600.\n"
    )
    assert calls.made == []


def test_a_folder_that_cannot_be_written_is_told_in_a_sentence(
    folder: Path, calls: Calls, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    touch = Path.touch

    def refused(path: Path) -> None:
        if path.name == "unfinished":
            raise PermissionError(13, "Permission denied", str(path))
        touch(path)

    monkeypatch.setattr(Path, "touch", refused)
    assert start.main([]) == 1
    told = capsys.readouterr().out.splitlines()[-1]
    assert told.startswith(f"{folder / '.venv' / 'unfinished'} cannot be used: Permission denied. The lab needs ")


def test_a_copy_of_it_without_the_lab_is_told_so(
    folder: Path, calls: Calls, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / start.APP).unlink()
    assert start.main([]) == 1
    told = capsys.readouterr().out.splitlines()[-1]
    assert told.startswith(f"{folder / start.APP} cannot be used: No such file or directory. The lab needs its own ")


def test_testing_passes_arguments_on_to_pytest_and_checks_first(folder: Path, calls: Calls) -> None:
    assert start.main(["test", "-k", "a claim"]) == 0
    assert calls.made[-1][1:] == ["-m", "pytest", "-k", "a claim"]
    assert calls.words() == ["venv", "pip", "ruff", "ruff", "mypy", "pytest"]


@pytest.mark.parametrize(("failing", "last"), [("--check", "ruff"), ("mypy", "mypy"), ("pytest", "pytest")])
def test_the_first_that_fails_ends_the_test_with_its_exit_code(
    failing: str, last: str, folder: Path, calls: Calls
) -> None:
    calls.failing = failing
    assert start.main(["test"]) == 9
    assert calls.words()[-1] == last


def test_checking_runs_no_test(folder: Path, calls: Calls) -> None:
    assert start.main(["check"]) == 0
    assert "pytest" not in calls.words()


def test_a_command_that_a_signal_ended_has_a_shells_exit_code() -> None:
    code = "import os, signal; os.kill(os.getpid(), signal.SIGTERM)"
    assert start.call([sys.executable, "-c", code]) == 128 + signal.SIGTERM


def test_a_command_that_is_not_there_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert start.call(["no such program"]) == 127
    assert "cannot be started" in capsys.readouterr().out


# --- which Python ------------------------------------------------------------------------------------------------


def test_an_old_python_hands_over_to_one_that_is_new_enough(
    folder: Path, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "NEEDED", (99, 0))
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}" if name == "python3.11" else None)
    assert start.main(["test", "-x"]) == 0
    assert calls.made[-1] == ["/bin/python3.11", str(folder / "start.py"), "test", "-x"]


def test_without_one_that_is_new_enough_it_says_so_in_one_sentence(
    folder: Path, calls: Calls, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(start, "NEEDED", (99, 0))
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}")
    calls.failing = "-c"
    assert start.main([]) == 1
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith("The lab needs Python 3.11 or newer, but this is 3.")


def test_a_mac_that_pytorch_is_not_made_for_is_told(
    folder: Path, calls: Calls, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    assert start.main([]) == 1
    assert "Intel" in capsys.readouterr().out
    assert calls.made == []


# --- for real ----------------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="sends POSIX' signals")
def test_it_starts_in_a_folder_with_odd_characters_and_ctrl_c_ends_it_with_the_apps_exit_code(folder: Path) -> None:
    """With an app of two lines in the lab's place, and nothing to install."""
    shutil.copy(Path(start.__file__), folder)
    (folder / start.APP).write_text("")
    (folder / "lab" / "ui").mkdir(parents=True)
    (folder / "lab" / "ui" / "serving.py").write_text(EMPTY_APP)
    command = [sys.executable, str(folder / "start.py"), "--server.port", "0"]
    with subprocess.Popen(
        command, cwd=folder.parent, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line.strip())
            if line.startswith("arguments"):
                os.killpg(process.pid, signal.SIGINT)
    assert process.returncode == 7
    assert "arguments: ['--server.port', '0']" in lines
    assert lines[-1] == "ended in good order"
    assert not any("Traceback" in line for line in lines)


@pytest.mark.skipif(os.name != "posix", reason="closes a pipe as POSIX does")
@pytest.mark.parametrize("output", ["a pipe that nobody reads", "closed"])
def test_its_help_ends_in_good_order_whoever_reads_it(output: str) -> None:
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, str(start.__file__), "--help"]
    done = subprocess.run(
        ["sh", "-c", '"$@" >&-', "sh", *command] if output == "closed" else command,
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")
