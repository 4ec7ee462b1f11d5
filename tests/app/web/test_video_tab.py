"""The Video tab over HTTP, as its page and as other programs use it."""

from __future__ import annotations

import gc
import glob
import json
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from html import unescape
from pathlib import Path

import httpx
import pytest
import uvicorn
from gradio.state_holder import SessionState

from app.core.catalogue import Catalogue
from app.video.results import VideoResult
from app.video.run import Cancelled
from app.video.skeletons import SkeletonWriter
from app.web import analyses as module
from app.web.page import create_app
from recognizer import weights
from recognizer.own.collection import Collections
from recognizer.predictor import WindowRecognizer
from tests.app.rooms import NOTHING, full_disk
from tests.doubles import SteadyRecognizer
from tests.recognizer.own.motions import poses, recording

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
def home(tmp_path_factory: pytest.TempPathFactory) -> Collections:
    """Where the page's own actions are."""
    return Collections(tmp_path_factory.mktemp("data") / "pose2action" / "collections")


@pytest.fixture
def client(
    tmp_path: Path,
    home: Collections,
    banked: tuple[WindowRecognizer, str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[httpx.Client]:
    """A client of a running page that looks often after those that have gone."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(home.root.parents[1]))
    monkeypatch.setattr(module, "SWEEP_EVERY", 0.05)
    waver = SteadyRecognizer("waver", {"wave": 1.0})
    recognizers = {"waver": waver, banked[1]: banked[0], "bare": banked[0]}
    cards = {name: each.card for name, each in recognizers.items()}
    bare = weights.save(weights.build_network(banked[0].card), banked[0].card, home.root.parents[1])
    app = create_app(Catalogue(cards, recognizers.__getitem__, members={"bare": [str(bare)]}))
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


def upload(client: httpx.Client, content: bytes = b"no video") -> str:
    answer = client.post("/gradio_api/upload", files={"files": ("clip.mp4", content)})
    assert answer.status_code == 200
    return answer.json()[0]


def join(
    client: httpx.Client,
    session: str,
    path: str | None,
    weights: str = "waver",
    least: float = 0.5,
    own: str = "",
    how: str = "video-analyse.click",
) -> None:
    file = None if path is None else {"path": path, "meta": {"_type": "gradio.FileData"}}
    call = {"data": [file, weights, [], least, False, own, 50, 50], "session_hash": session}
    answer = client.post("/gradio_api/queue/join", json=call | {"fn_index": functions(client)[how]})
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


def test_little_is_kept_of_pages_that_have_gone(client: httpx.Client, endless: Endless):
    def states() -> int:
        """Gradio's copies of the page's components, one for each page that it knows of."""
        gc.collect()
        return sum(type(each) is SessionState for each in gc.get_objects())

    before = states()
    for number in range(4):
        with client.stream("GET", f"/gradio_api/heartbeat/tab{number}") as heartbeat:
            beats = heartbeat.iter_lines()  # whose end would close it
            assert next(beats) == "data: ALIVE"
            content = b"video %d" % number  # Gradio would make one file of one content
            join(client, f"tab{number}", upload(client, content))
            assert endless.begun.acquire(timeout=SOON)
        assert endless.cancelled.acquire(timeout=SOON)
    for _ in range(400):
        if states() <= before + 1:  # the last one's analysis told its end when nobody was there any more
            return
        threading.Event().wait(0.05)
    pytest.fail(f"there are {states() - before} more")


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


class Analysed:
    """Stands in for ``process_video``: remembers which actions could be recognised. Somebody lifts an arm."""

    def __init__(self, clip: Path) -> None:
        self.clip, self.classes = clip, []

    def __call__(
        self, source: Path, recognizer: WindowRecognizer, *, video_out: Path, kept: Path, **_
    ) -> VideoResult:
        self.classes.append(recognizer.classes)
        kept.parent.mkdir(exist_ok=True)
        with closing(SkeletonWriter()) as writer:
            for time, pose in poses("raise"):
                writer.add(time, {0: pose})
            writer.save(kept, (0,))
        shutil.copy(self.clip, video_out)
        return NOTHING


@pytest.fixture
def analysed(
    client: httpx.Client, make_video: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> Analysed:
    double = Analysed(make_video(0.5))
    monkeypatch.setattr("app.web.analysis.process_video", double)
    return double


def test_another_choice_of_own_actions_analyses_again(
    client: httpx.Client, analysed: Analysed, home: Collections, banked: tuple[WindowRecognizer, str]
):
    home.make("gym").add("lift", recording("raise"))
    order = {"path": upload(client), "weights": banked[1]}
    with client.stream("GET", "/gradio_api/heartbeat/tab"):
        join(client, "tab", **order, own="gym", how="video-own.input")
        assert list(said(client, "tab")) == [], "nothing was analysed before"
        join(client, "tab", **order)
        assert "Nobody" in list(said(client, "tab"))[-1]
        join(client, "tab", **order, own="gym", how="video-own.input")
        assert "Nobody" in list(said(client, "tab"))[-1]
    built_in = banked[0].classes
    assert analysed.classes == [built_in, (*built_in, "lift")]


@pytest.mark.parametrize(
    ("weights", "own", "words"),
    [("banked", "other", "no collection 'other'"), ("banked", "../gym", "no name for a collection"),
     ("banked", "empty", "teach it an action first"), ("bare", "gym", "cannot learn own actions, since")],
)  # fmt: skip
def test_own_actions_that_cannot_be_used_are_a_sentence_and_the_next_analysis_works(
    client: httpx.Client, analysed: Analysed, home: Collections, banked: tuple[WindowRecognizer, str],
    weights: str, own: str, words: str,
):  # fmt: skip
    home.make("gym").add("lift", recording("raise"))
    home.make("empty")
    order = {"path": upload(client), "weights": banked[1] if weights == "banked" else "bare"}
    with client.stream("GET", "/gradio_api/heartbeat/tab"):
        join(client, "tab", **order, own=own)
        last = list(said(client, "tab"))[-1]
        assert words in unescape(last) and 'role="alert"' in last
        assert analysed.classes == []
        join(client, "tab", **order, how="video-own.input")
        assert "Nobody" in list(said(client, "tab"))[-1]


def test_the_collections_are_looked_up_when_the_tab_is_opened(client: httpx.Client, home: Collections):
    home.make("gym").add("lift", recording("raise"))
    number = next(each for name, each in functions(client).items() if name.endswith(".select"))

    def choices(own: str) -> dict:
        answer = client.post(
            "/gradio_api/run/predict", json={"data": [own], "fn_index": number, "session_hash": "tab"}
        )
        for_own, for_teaching = answer.json()["data"]
        assert for_teaching["choices"] == [[name, name] for name in home.names()]
        return for_own

    assert [value for _, value in choices("gym")["choices"]] == ["", "gym"]
    assert choices("gym")["value"] == "gym"
    home.open("gym").delete()
    assert [value for _, value in choices("gym")["choices"]] == [""]
    assert choices("gym")["value"] == ""


def teach(client: httpx.Client, session: str, *values: object) -> list:
    """Presses "Teach this part" and gives what the page is told: a sentence, and the menus of collections."""
    call = {"data": list(values), "session_hash": session}
    number = functions(client)["video-part-teach.click"]
    answer = client.post("/gradio_api/queue/join", json=call | {"fn_index": number})
    if answer.status_code != 200:
        return [answer.status_code]
    with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as answer:
        for line in answer.iter_lines():
            message = json.loads(line.removeprefix("data: ")) if line else {}
            if message.get("msg") == "process_completed":
                return message["output"]["data"]
    pytest.fail("nothing was said")


def test_a_part_that_was_taught_is_chosen_and_known_to_the_next_analysis(
    client: httpx.Client, analysed: Analysed, home: Collections, banked: tuple[WindowRecognizer, str]
):
    order = {"path": upload(client), "weights": banked[1]}
    with client.stream("GET", "/gradio_api/heartbeat/tab"):
        assert "Analyse a video first" in teach(client, "tab", 0, 2, "lift", "gym")[0]
        join(client, "tab", **order)
        list(said(client, "tab"))
        sentence, own, collection = teach(client, "tab", 0.2, 1.7, "lift", "gym")
        assert "Kept 1.5 s of lift in gym" in sentence and 'role="status"' in sentence
        assert own["value"] == "gym" and ["gym", "gym"] in own["choices"]
        assert collection["choices"] == [["gym", "gym"]]
        sentence, *menus = teach(client, "tab", 0.2, 1.7, "a/b", "gym")
        assert "is no name for an action" in sentence and 'role="alert"' in sentence
        assert "choices" not in str(menus)
        assert "Analyse a video first" in teach(client, "other", 0, 2, "lift", "gym")[0]
        join(client, "tab", **order, own="gym")
        list(said(client, "tab"))
    assert analysed.classes == [banked[0].classes, (*banked[0].classes, "lift")]
    assert len(home.open("gym").recordings("lift")) == 1


def test_a_full_disk_is_told_when_a_part_is_taught(
    client: httpx.Client, analysed: Analysed, home: Collections, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("recognizer.own.collection.write_recording", full_disk)
    with client.stream("GET", "/gradio_api/heartbeat/tab"):
        join(client, "tab", upload(client))
        list(said(client, "tab"))
        told = teach(client, "tab", 0, 2, "lift", "gym")[0]
        assert "Nothing was kept: No space left on device. Make room" in told and 'role="alert"' in told
    assert home.open("gym").actions() == ()


@pytest.mark.parametrize(
    "values", [("0", 2, "lift", "gym"), (0, 10**400, "lift", "gym"), (0, 2, ["lift"], "gym"),
               (0, 2, "x" * 300, "gym"), (0, 2, "lift", {}), (0, 2, "lift"), (True, 2, "lift", "gym")],
)  # fmt: skip
def test_values_that_the_controls_never_have_are_no_call(client: httpx.Client, values: tuple):
    assert teach(client, "tab", *values) == [422]
