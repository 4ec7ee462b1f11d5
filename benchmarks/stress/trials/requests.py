"""Requests to a real server, and whether one of them gets what it must not."""

from __future__ import annotations

import os
import re
import resource
import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.stress.inputs.homes import sound_home
from benchmarks.stress.inputs.requests import API, SESSION, Request, Surroundings, request
from benchmarks.stress.page import Page
from benchmarks.stress.trials.served import ServedTrial
from benchmarks.stress.verdict import OURS, PROCESSED, Verdict, failed, refused
from benchmarks.stress.wire import Answer, half_requests, send

PATIENCE = 12.0
BUSY = (503, 507)
"""Too many at once, and no room on the disk: errors of the server's that are a sentence for the user."""
LEFT = 10_000
"""Bytes that a request that failed may leave lying."""

_FOREIGN = re.compile(rb"root:[x*]:0:0:|PYTHONFAULTHANDLER=1|def create_server\(|\x7fELF|\0{1000}")


class Requests(ServedTrial):
    """One request an input."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._secret = secrets.token_hex(16)
        secret = folder / "secret.mp4"
        secret.write_text(self._secret)
        with Page(self.server) as page:
            uploaded = folder / "uploaded.mp4"
            uploaded.write_bytes(b"not a video")
            stored = Path(page.upload(uploaded)["path"])
            functions = _functions(page, stored)
        link = stored.parent / "link.mp4"
        link.symlink_to(secret)
        source = Path(__file__).absolute().parents[3] / "app" / "web" / "server.py"
        sound_home(self.server.collections, np.random.default_rng(0))
        self._about = Surroundings(
            tuple(routes()), functions, (str(secret), str(secret), str(link), str(source)), str(stored)
        )
        resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)

    def talk(self, rng: np.random.Generator, folder: Path) -> Verdict:
        made = request(rng, self._about)
        (folder / "request.txt").write_text(f"{asdict(made)}\n"[:100_000], errors="replace")
        before = self._stored()
        with ExitStack() as stack:
            waiting = half_requests(self.server.port, made.crowd, stack)
            try:
                answer = send(made, self.server.port, PATIENCE)
            except (OSError, TimeoutError) as error:
                return failed(f"no answer: {type(error).__name__}: {error} ({waiting} others wait)")
        return self._leak(made, answer) or self._litter(made, answer, before) or judge(made, answer)

    def _stored(self) -> int:
        """Bytes in the server's temporary folders."""
        return sum(size for _, size in self._files())

    def _files(self) -> Iterator[tuple[Path, int]]:
        """What there is of files; the server may delete some, or their folders, while one looks."""
        for folder, _, names in os.walk(self.server.temporary):
            for path in (Path(folder, name) for name in names):
                with suppress(OSError):
                    if path.is_file() and not path.is_symlink():
                        yield path, path.stat().st_size

    def _leak(self, made: Request, answer: Answer) -> Verdict | None:
        """A fault if the answer, or a copy that it leads to, has a file's content from elsewhere."""
        token = self._secret.encode()
        if token in answer.body or _FOREIGN.search(answer.body):
            return failed(f"a file of the machine was served: {answer.body[:200]!r}")
        if answer.status == 200 and made.target.endswith("queue/join"):
            stream = send(
                Request("GET", f"{API}/queue/data?session_hash={SESSION}"), self.server.port, PATIENCE
            )
            told = stream.body.decode(errors="replace")
            if OURS.search(told) or "Traceback (most recent" in told:
                return failed(f"the page was told: {told[-2000:]}")
        if made.target.endswith(("run/predict", "queue/join", "call/run", "upload")):
            for path, size in self._files():
                with suppress(FileNotFoundError):
                    if size < 10_000 and token in path.read_bytes():
                        return failed(f"a file of the machine was copied to {path}")
        return None

    def _litter(self, made: Request, answer: Answer, before: int) -> Verdict | None:
        """A fault if a request that was not granted leaves much lying."""
        if answer.status == 200 or not made.target.startswith(f"{API}/upload"):
            return None
        give_up = time.monotonic() + 5
        while (left := self._stored() - before) > LEFT:
            if time.monotonic() > give_up:
                return failed(
                    f"{left} bytes of an upload that failed (HTTP {answer.status}) stay on the disk"
                )
            time.sleep(0.1)
        return None


def _functions(page: Page, uploaded: Path) -> list[tuple[int, list[object]]]:
    """The page's functions, each with the values that it would be called with for an upload."""
    components = {each["id"]: each for each in page.config["components"]}
    upload = {"path": str(uploaded), "meta": {"_type": "gradio.FileData"}}

    def value(number: int) -> object:
        component = components[number]
        return upload if component["type"] == "file" else component["props"].get("value")

    return [
        (each["id"], [value(number) for number in each["inputs"]]) for each in page.config["dependencies"]
    ]


def judge(made: Request, answer: Answer) -> Verdict:
    if made.broken_off is not None:
        return PROCESSED  # whatever it gets; the server must go on
    if not answer.status:
        return failed(f"the connection was closed without a word: {answer.head[:100]!r}")
    sentence = f"HTTP {answer.status} {answer.body[:300].decode(errors='replace')}"
    if made.stranger and not 400 <= answer.status < 500:
        return failed(f"a stranger got {sentence}")
    if answer.status >= 500 and not (answer.status in BUSY and b"text/plain" in answer.head.lower().encode()):
        return failed(f"{sentence}")
    if b"Traceback (most recent" in answer.body:
        return failed(f"a traceback was served: {answer.body[:2000]!r}")
    return PROCESSED if answer.status < 400 else refused(sentence)


def routes() -> Iterator[str]:
    """The paths of the application's own routes, Gradio's included, with or without a door in front."""
    from app.web.page import create_app

    def walk(part: Any, prefix: str) -> Iterator[str]:
        for route in getattr(part, "routes", ()):
            path = prefix + getattr(route, "path", "")
            inner = getattr(route, "original_router", None) or getattr(route, "app", None)
            if hasattr(inner, "routes"):
                inner_prefix = getattr(getattr(route, "include_context", None), "prefix", "")
                yield from walk(inner, path + inner_prefix)
            else:
                yield path

    found = sorted(set(walk(create_app(), "")))
    if not any(path.endswith("/queue/join") for path in found):
        raise AssertionError(f"Gradio's routes were not found, only {found}")
    return iter(found)
