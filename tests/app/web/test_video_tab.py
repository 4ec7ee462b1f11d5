"""The Video tab over HTTP, as its page and as other programs use it."""

from __future__ import annotations

import glob
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
import uvicorn

from app.core.catalogue import Catalogue
from app.video.process import Cancelled
from app.web import analyses as module
from app.web.page import create_app
from tests.doubles import SteadyRecognizer

SOON = 20.0
"""Seconds that only a failing test waits."""


class Endless:
    """Stands in for ``process_video``: goes on until it is cancelled, or the test ends."""

    def __init__(self) -> None:
        self.begun, self.cancelled = threading.Semaphore(0), threading.Semaphore(0)
        self.over = threading.Event()

    def __call__(self, source, recognizer, *, cancelled, **_):
        self.begun.release()
        while not self.over.wait(0.01):
            if cancelled():
                self.cancelled.release()
                break
        raise Cancelled


@pytest.fixture
def endless(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> Iterator[Endless]:
    double = Endless()
    monkeypatch.setattr("app.web.analysis.process_video", double)
    yield double
    double.over.set()


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    """A client of a running page that looks often after those that have gone."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    monkeypatch.setattr(module, "SWEEP_EVERY", 0.05)
    app = create_app(Catalogue.of({"waver": SteadyRecognizer("waver", {"wave": 1.0})}))
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        bound.listen()  # what comes before the server is up waits
        config = uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
        thread.start()
        with httpx.Client(base_url=f"http://127.0.0.1:{bound.getsockname()[1]}", timeout=SOON) as opened:
            yield opened
        server.should_exit = True
        thread.join(SOON)
    monkeypatch.setattr(module, "SWEEP_EVERY", 3600)
    assert not thread.is_alive()


def functions(client: httpx.Client) -> dict[str, int]:
    """Numbers of the page's functions, by name of what is used and how."""
    page = client.get("/").text
    config = json.loads(page.partition("window.gradio_config = ")[2].partition(";</script>")[0])
    names = {each["id"]: each["props"].get("elem_id") for each in config["components"]}
    return {f"{names.get(i)}.{how}": f["id"] for f in config["dependencies"] for i, how in f["targets"]}


def upload(client: httpx.Client) -> str:
    answer = client.post("/gradio_api/upload", files={"files": ("clip.mp4", b"no video")})
    assert answer.status_code == 200
    return answer.json()[0]


def join(client: httpx.Client, session: str, path: str | None, weights: str = "waver", least: float = 0.5):
    file = None if path is None else {"path": path, "meta": {"_type": "gradio.FileData"}}
    call = {"data": [file, weights, [], least, False], "session_hash": session}
    answer = client.post(
        "/gradio_api/queue/join", json=call | {"fn_index": functions(client)["video-analyse.click"]}
    )
    assert answer.status_code == 200, answer.text


def said(client: httpx.Client, session: str) -> Iterator[str]:
    """What the box under the button says, as it comes."""
    with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as answer:
        for line in answer.iter_lines():
            message = json.loads(line.removeprefix("data: ")) if line else {}
            if message.get("msg") in ("process_generating", "process_completed"):
                assert message["success"], message
                values = message["output"].get("data") or [None]
                if isinstance(values[0], str):
                    yield values[0]
            if message.get("msg") == "process_completed":
                return


def test_an_analysis_of_a_program_that_went_away_is_cancelled(
    client: httpx.Client, endless: Endless, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "WORK_PATIENCE", 0.2)
    path = upload(client)
    join(client, "gone", path)
    assert endless.begun.acquire(timeout=SOON)
    assert endless.cancelled.acquire(timeout=SOON)
    for _ in range(400):
        if not glob.glob("**/*.mp4", root_dir=tmp_path, recursive=True):  # Path.rglob may fail
            return
        threading.Event().wait(0.05)
    pytest.fail("the upload stays")


def test_an_analysis_that_somebody_listens_to_goes_on_until_they_go(
    client: httpx.Client, endless: Endless, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "WORK_PATIENCE", 0.2)
    with client.stream("GET", "/gradio_api/heartbeat/tab") as heartbeat:
        beats = heartbeat.iter_lines()
        assert next(beats) == "data: ALIVE"
        join(client, "tab", upload(client))
        assert endless.begun.acquire(timeout=SOON)
        assert not endless.cancelled.acquire(timeout=1.0), "five times its patience"
    assert endless.cancelled.acquire(timeout=SOON)


def test_one_analysis_too_many_is_told_so(client: httpx.Client, endless: Endless):
    with ExitStack() as hearts:
        for number in range(module.MOST_AT_ONCE + module.MOST_WAITING):
            hearts.enter_context(client.stream("GET", f"/gradio_api/heartbeat/tab{number}"))
            join(client, f"tab{number}", upload(client))
            next(said(client, f"tab{number}"))
        join(client, "more", upload(client))
        assert "already has 8 videos waiting; try again" in list(said(client, "more"))[0]


@pytest.mark.parametrize(
    ("options", "words"),
    [({"least": 1.5}, "threshold must be a number from 0 to 1"), ({"path": None}, "Choose a video first"),
     ({"weights": "other"}, "weights are not here")],
    ids=str,
)  # fmt: skip
def test_an_order_of_nonsense_is_a_sentence(
    client: httpx.Client, endless: Endless, options: dict, words: str
):
    join(client, "tab", **{"path": upload(client), **options})
    assert words in list(said(client, "tab"))[0]
    assert not endless.begun.acquire(blocking=False)


def test_an_analysis_leaves_no_litter(client: httpx.Client, tmp_path: Path):
    path = upload(client)
    join(client, "tab", path)
    assert "cannot be read as a video" in list(said(client, "tab"))[-1]
    assert [found for found in tmp_path.rglob("*") if found.is_file()] == [Path(path)]
