"""The app as it is really started: `streamlit run app.py` in a process of its own, on a database of its own."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

from examples import wait_until

from lab.store import Store

ROOT = Path(__file__).parent.parent


class LabServer:
    """One server; it can be killed and started again on the same port and database."""

    def __init__(self, folder: Path, base_path: str = "") -> None:
        with socket.socket() as free:
            free.bind(("localhost", 0))
            self.port: int = free.getsockname()[1]
        self.base_path = base_path
        """What `server.baseUrlPath` says."""
        self.address = "/".join(filter(None, [f"http://localhost:{self.port}", base_path.strip("/")]))
        self.log = folder / "server.log"
        self.store = Store(f"sqlite:///{folder / 'lab.sqlite3'}")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(self.port)]
        environment = os.environ | {"LAB_DATABASE_URL": self.store.url}
        environment.pop("LAB_DATA_DIR", None)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "--server.headless", "true", "--server.baseUrlPath", self.base_path],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
            )
        wait_until(self._answers, seconds=120)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"the server has ended:\n{self.log.read_text()}"
        try:
            with urllib.request.urlopen(f"{self.address}/_stcore/health", timeout=10) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def watched_folders(self) -> int:
        """How many folders and files the system tells the server about when they change (Linux; elsewhere 0)."""
        assert self._process is not None
        open_files = Path(f"/proc/{self._process.pid}/fdinfo")
        if not open_files.exists():
            return 0
        return sum(file.read_text().count("inotify wd:") for file in open_files.iterdir())

    def imports_torch(self) -> bool:
        """Whether it has begun to import torch (Linux; elsewhere it may just as well have)."""
        assert self._process is not None
        mapped = Path(f"/proc/{self._process.pid}/maps")
        return not mapped.exists() or "libtorch" in mapped.read_text()

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def wait_for_end(self, seconds: float = 60) -> int:
        """Wait until it has ended by itself; its exit code."""
        assert self._process is not None
        code = self._process.wait(seconds)
        self._process = None
        return code

    def kill(self) -> None:
        """SIGKILL: it has no moment to clean up."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def close(self) -> None:
        self.kill()
        self.store.close()
