"""The app as it is really started: `streamlit run app.py` in a process of its own, on a database of its own."""

import os
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

from examples import wait_until
from playwright.sync_api import Page

from lab.store import Store

ROOT = Path(__file__).parent.parent.parent


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

    def kill(self) -> None:
        """SIGKILL: it has no moment to clean up."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def close(self) -> None:
        self.kill()
        self.store.close()


def points(page: Page, chart: str, trace: str) -> int:
    """How many points a curve has in the browser now."""
    return int(page.evaluate(POINTS, [chart, trace]))


def wait_for_points(page: Page, chart: str, trace: str, more_than: int) -> int:
    """Wait until a curve has more points than that; returns how many."""
    page.wait_for_function(
        f"([[chart, trace], than]) => ({POINTS})([chart, trace]) > than", arg=[[chart, trace], more_than]
    )
    return points(page, chart, trace)


POINTS = """([chart, trace]) => {
    const plot = document.querySelector(`.st-key-${chart} .js-plotly-plot`);
    const curve = (plot?.data ?? []).find(curve => curve.name === trace);
    return curve?.x?.length ?? 0;
}"""
