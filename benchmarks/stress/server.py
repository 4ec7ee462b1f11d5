"""The demo's real server in a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).absolute().parents[2]

START_SECONDS = 120.0
STOP_SECONDS = 20.0
_TRACEBACK = "Traceback (most recent call last)"


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def command(*arguments: object) -> list[str]:
    """The command line of ``pose2action`` from this checkout."""
    return [sys.executable, "-m", "app", *map(str, arguments)]


class DemoServer:
    """``pose2action demo --events`` with a free port. What it prints goes to ``folder/server.log``.

    Args:
        folder: for its log, its temporary files, and what it keeps for its user.

    Attributes:
        collections: where it keeps own actions.

    Raises:
        RuntimeError: it does not answer in time, or ends.
    """

    def __init__(self, folder: Path) -> None:
        self.log = folder / "server.log"
        self.temporary = folder / "tmp"
        self.temporary.mkdir(parents=True, exist_ok=True)
        home = folder.absolute() / "home"
        self.collections = home / "pose2action" / "collections"
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._seen = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command("demo", "--events", "--port", self.port),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={
                    **os.environ,
                    "TMPDIR": str(self.temporary),
                    "XDG_DATA_HOME": str(home),
                    "PYTHONFAULTHANDLER": "1",
                },
            )
        self.pid = self._process.pid
        self._wait()

    def _wait(self) -> None:
        give_up = time.monotonic() + START_SECONDS
        while time.monotonic() < give_up:
            if self.ended is not None:
                raise RuntimeError(f"the server ended with {self.ended}: {self.log.read_text()[-2000:]}")
            if self.answers(2.0):
                return
            time.sleep(0.2)
        self.stop()
        raise RuntimeError(f"the server did not answer within {START_SECONDS:.0f} s")

    @property
    def ended(self) -> int | None:
        """Its exit code; None while it runs."""
        return self._process.poll()

    def answers(self, seconds: float) -> bool:
        """Whether it gives a small file of the page within that time."""
        try:
            with urllib.request.urlopen(f"{self.address}/favicon.ico", timeout=seconds) as answer:
                return answer.status == 200
        except urllib.error.HTTPError:
            return True  # it lives, and does not let us in
        except (OSError, ValueError):
            return False

    def tracebacks(self) -> str:
        """What the log has had of tracebacks since this was last asked; "" if nothing."""
        with self.log.open("rb") as log:
            log.seek(self._seen)
            new = log.read()
        self._seen += len(new)
        text = new.decode(errors="replace")
        return text[text.index(_TRACEBACK) :] if _TRACEBACK in text else ""

    def stop(self) -> float:
        """Ends it as Ctrl-C does, by force if it does not; gives the seconds that it took."""
        began = time.monotonic()
        if self.ended is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
        return time.monotonic() - began

    def kill(self) -> None:
        """Ends it at once."""
        self._process.kill()
        self._process.wait()
