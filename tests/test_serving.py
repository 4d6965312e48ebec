"""The server begins where it can, and where it cannot, one sentence says what is wrong and what helps."""

import errno
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from examples import wait_until

from lab.console import ReaderMayLeave
from lab.ui import serving

ROOT = Path(__file__).parent.parent


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that another program listens on."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen(1)
        yield other.getsockname()[1]


@pytest.mark.parametrize("port", [-1, 65536, 99999, 10**30])
def test_a_port_that_there_is_not_is_told_with_those_that_there_are(port: int) -> None:
    told = f"There is no port {port}: --server.port takes a number from 1 to 65535, such as 8600."
    assert serving.not_listening("localhost", port) == told


def test_a_port_that_is_in_use_is_told_with_another_one(taken: int) -> None:
    told = f"Port {taken} is in use by another program: choose another one, such as --server.port 8600."
    assert serving.not_listening("localhost", taken) == told


def test_the_other_port_that_is_named_is_never_the_one_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    def in_use(_address: str, _port: int) -> None:
        raise OSError(errno.EADDRINUSE, "Address already in use")

    monkeypatch.setattr(serving, "_listen", in_use)
    assert serving.not_listening("localhost", 8600).endswith("such as --server.port 8601.")


def test_a_port_that_is_in_use_is_no_matter_where_none_was_asked_for(taken: int) -> None:
    assert serving.not_listening("localhost", taken, chosen=False) == ""


def test_a_port_that_one_has_no_right_to_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_address: str, _port: int) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(serving, "_listen", refused)
    told = "Port 80 may not be used by you: choose another one, such as --server.port 8600."
    assert serving.not_listening("localhost", 80) == told


@pytest.mark.parametrize("address", ["192.0.2.1", "::1:2", "http://localhost", "a..b", "ü" * 70, "unix:///tmp/lab"])
def test_an_address_that_this_machine_does_not_have_is_told(address: str) -> None:
    told = serving.not_listening(address, 0)
    assert told.startswith(f"The lab cannot be served at {address}") and "--server.address takes " in told


@pytest.mark.parametrize("address", ["localhost", "127.0.0.1", "0.0.0.0", None])
def test_where_the_server_can_listen_nothing_is_said(address: str | None) -> None:
    assert serving.not_listening(address, 0) == ""


@pytest.mark.parametrize(
    ("certificate", "key", "told"),
    [
        (None, None, ""),
        ("a.pem", None, "To encrypt, the lab needs both --server.sslCertFile and --server.sslKeyFile."),
        (None, "a.pem", "To encrypt, the lab needs both --server.sslCertFile and --server.sslKeyFile."),
        ("no.pem", "no.pem", "The lab cannot encrypt with no.pem and no.pem (No such file or directory): "),
        (__file__, __file__, f"The lab cannot encrypt with {__file__} and {__file__} ("),
    ],
)
def test_files_that_cannot_encrypt_are_told(certificate: str | None, key: str | None, told: str) -> None:
    sentence = serving.not_encrypted(certificate, key)
    assert sentence.startswith(told) and bool(sentence) == bool(told)


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--server.port", "99999"], 1, "There is no port 99999: "),
        (["--server.port", "eight"], 2, "Invalid value for '--server.port'"),
        (["--server.port"], 2, "Option '--server.port' requires an argument. "),
        (["--no.such", "1"], 2, "No such option '--no.such'. "),
    ],
)
def test_it_ends_with_that_sentence_alone_and_an_exit_code(arguments: list[str], code: int, told: str) -> None:
    command = [sys.executable, "-m", "lab.ui.serving", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith(told) and done.stderr.count("\n") == 1


@pytest.mark.skipif(os.name != "posix", reason="sends POSIX' signals")
@pytest.mark.parametrize("closed", [False, True], ids=["a pipe that nobody reads", "closed"])
def test_it_serves_whoever_reads_what_it_prints_and_ends_in_good_order(closed: bool, tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "lab.ui.serving", "--server.port", str(port)]
    environment = os.environ | {"LAB_DATABASE_URL": f"sqlite:///{tmp_path / 'lab.sqlite3'}"}
    with subprocess.Popen(
        ["sh", "-c", 'exec "$@" >&- 2>&-', "sh", *command] if closed else command,
        cwd=ROOT,
        env=environment,
        stdout=write,
        stderr=write,
    ) as process:
        os.close(write)

        def answers() -> bool:
            assert process.poll() is None, "the server has ended"
            with suppress(OSError), urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=5):
                return True  # not so where somebody listens only, as it does itself for a moment before
            return False

        try:
            wait_until(answers, seconds=120)
            process.send_signal(signal.SIGINT)
            assert process.wait(60) in (0, serving.INTERRUPTED)
        finally:
            process.kill()


def test_an_interrupt_before_the_server_is_there_ends_it_without_a_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted() -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(serving, "reason_not_to_begin", interrupted)
    assert serving.main([]) == 130
    assert capsys.readouterr() == ("", "")


class Full:
    """A file on a disk that takes nothing more."""

    encoding = "utf-8"

    def write(self, _text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    def flush(self) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def fileno(self) -> int:
        raise OSError("it has none")


def test_what_cannot_be_printed_is_lost_and_ends_nothing() -> None:
    stream = ReaderMayLeave(Full())  # type: ignore[arg-type]
    print("a word", file=stream, flush=True)
    assert stream.encoding == "utf-8"
