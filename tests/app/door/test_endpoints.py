"""What is open, what is not, and what a call of the page may look like."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest
from fastapi.testclient import TestClient
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from app.core.catalogue import Catalogue
from app.door import endpoints
from app.door.endpoints import CALLS, MAX_CALL, Endpoints
from app.web.page import create_app, page_app
from tests.doubles import SteadyRecognizer

WAVER = SteadyRecognizer("waver", {"wave": 0.7, "clap": 0.3})
BASE = "http://127.0.0.1:7860"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("uploads")))
        yield create_app(Catalogue.of({"waver": WAVER}))


@pytest.fixture
def visitor(app) -> Iterator[TestClient]:
    with TestClient(app, base_url=BASE, raise_server_exceptions=False) as client:
        yield client


def routes(app) -> list[tuple[str, set[str]]]:
    """Path and methods of everything that the application and Gradio inside it can serve."""
    found = []
    for owner in (app, page_app(app)):
        waiting = list(owner.routes)
        while waiting:
            route = waiting.pop()
            if isinstance(route, Route) or hasattr(route, "methods"):
                found.append((route.path, set(route.methods or ())))
            inner = getattr(route, "original_router", None)
            waiting += inner.routes if inner is not None else getattr(route, "routes", None) or []
    return found


OPEN = {
    "/", "/theme.css", "/favicon.ico", "/assets/{path:path}", "/static/{path:path}", "/gradio_api/upload",
    "/gradio_api/heartbeat/{session_hash}", "/gradio_api/queue/join", "/gradio_api/queue/data",
    "/gradio_api/upload_progress", "/gradio_api/run/{api_name}", "/gradio_api/file={path:path}",
    "/gradio_api/file={path_or_url:path}",
}  # fmt: skip


def test_every_endpoint_that_the_page_does_not_need_is_closed(app, visitor: TestClient):
    closed = [(path, methods) for path, methods in routes(app) if path not in OPEN]
    assert len(closed) > 40, "the routes of Gradio were not found"
    for path, methods in closed:
        for name in ("x", "predict", "https://a.example/b", "../etc/passwd"):
            filled = path
            while "{" in filled:
                filled = filled[: filled.index("{")] + name + filled[filled.index("}") + 1 :]
            for method in methods:
                status = visitor.request(method, filled, json={}).status_code
                assert status in (404, 405), f"{method} {filled} is open"


def test_what_the_page_needs_is_open(visitor: TestClient):
    for path in ("/", "/theme.css", "/favicon.ico", "/pose2action/live.js"):
        assert visitor.get(path).status_code == 200
        assert visitor.options(path).status_code == 405
        assert visitor.put(path).status_code == 405


@pytest.mark.parametrize(
    "path",
    ["/etc/hostname", "etc/hostname", "../../etc/hostname", "/dev/zero", "/proc/self/environ", "~/.bashrc",
     "https://a.example/b", "file:///etc/hostname", "//etc/hostname", "%2Fetc%2Fhostname", "%00", "."],
)  # fmt: skip
def test_no_file_of_the_machine_is_given(visitor: TestClient, path: str):
    for method in ("GET", "HEAD"):
        assert visitor.request(method, f"/gradio_api/file={path}").status_code == 404


def inputs(page) -> dict[int, list[str]]:
    """The kinds of inputs of each function of a page."""
    return {number: [kind_of(each) for each in fn.inputs] for number, fn in page.fns.items()}


def kind_of(component) -> str:
    if getattr(component, "multiselect", False):
        return "Choices"
    return next(
        name for name in (cls.__name__ for cls in type(component).__mro__) if not name.startswith("_")
    )


def file_data(path: str, **more) -> dict:
    return {"path": path, "meta": {"_type": "gradio.FileData"}, **more}


HOSTILE_PATHS = (
    "/etc/hostname",
    "/dev/zero",
    "/proc/self/environ",
    "etc/hostname",
    "../x",
    "",
    "https://a.example/b",
)


@pytest.mark.parametrize("path", CALLS)
def test_no_call_reaches_a_file_of_the_machine(app, visitor: TestClient, path: str, tmp_path: Path):
    page = page_app(app).get_blocks()
    link = Path(app_files(app)) / "link.mp4"
    link.unlink(missing_ok=True)
    link.symlink_to("/etc/hostname")
    functions = inputs(page)
    assert any("File" in kinds for kinds in functions.values())
    for number, kinds in functions.items():
        for hostile in (*HOSTILE_PATHS, str(link), str(tmp_path)):
            for data in (
                [file_data(hostile)] * len(kinds),
                [file_data(hostile) if kind == "File" else VALID[kind] for kind in kinds],
                [file_data(hostile, is_stream=True) if kind == "File" else VALID[kind] for kind in kinds],
            ):
                if not data or data == [VALID.get(kind) for kind in kinds]:
                    continue
                call = {"data": data, "fn_index": number, "session_hash": "tab"}
                answer = visitor.post(path, json=call)
                assert answer.status_code == 422, f"{kinds} took {data}"
                assert answer.json()["error"].endswith(("reload the page.", "choose the video again."))
    link.unlink()


VALID = {
    "File": None, "Slider": 0.5, "Checkbox": True, "Dropdown": "waver", "Choices": [], "Radio": 0,
    "Number": 1.5, "Textbox": "wave",
}  # fmt: skip


def app_files(app) -> str:
    return page_app(app).uploaded_file_dir


def test_gradio_itself_checks_the_paths_of_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Behind our own check there is Gradio's, which sleeps until the page counts as launched."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    monkeypatch.setattr("app.web.page.check_calls", lambda page: lambda call: None)
    app = create_app(Catalogue.of({"waver": WAVER}))
    page = page_app(app).get_blocks()
    number, kinds = next(each for each in inputs(page).items() if "File" in each[1])
    copies = set(tmp_path.rglob("*"))
    with TestClient(app, base_url=BASE, raise_server_exceptions=False) as visitor:
        for number, kinds in inputs(page).items():
            for hostile in ("/etc/hostname", "/proc/self/environ"):
                data = [file_data(hostile) for _ in kinds] or [file_data(hostile)]
                visitor.post(CALLS[0], json={"data": data, "fn_index": number, "session_hash": "tab"})
    assert not [path for path in set(tmp_path.rglob("*")) - copies if path.is_file() and path.stat().st_size]


def good_call() -> dict:
    return {"data": [], "fn_index": 10, "session_hash": "tab"}


@pytest.mark.parametrize(
    "change",
    [{"fn_index": -1}, {"fn_index": "1"}, {"fn_index": None}, {"fn_index": 1.5}, {"fn_index": 10**400},
     {"data": None}, {"data": [1] * 100}, {"data": {}}, {"session_hash": "../x"}, {"session_hash": ""},
     {"session_hash": "x" * 100}, {"session_hash": None}, {"session_hash": "tab\n"}, {"trigger_id": -5}],
)  # fmt: skip
def test_calls_that_the_page_does_not_make_are_refused(visitor: TestClient, change: dict):
    answer = visitor.post(CALLS[0], content=json.dumps({**good_call(), **change}))
    assert answer.status_code == 422 and "reload the page" in answer.json()["error"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"\xff", b'{"data": NaN}', b"[" * 100_000,
     b'{"data":' + b"[" * 50_000 + b"]" * 50_000,
     b'{"data": [NaN], "fn_index": 1, "session_hash": "x"}',
     b'{"data": [1e999], "fn_index": 1, "session_hash": "x"}',
     b'{"data": ["\\ud800"], "fn_index": 1, "session_hash": "x"}'],
)  # fmt: skip
def test_bodies_that_are_no_calls_are_refused(visitor: TestClient, body: bytes):
    for path in CALLS:
        assert visitor.post(path, content=body).status_code == 422


def test_a_call_that_is_too_large_is_refused(visitor: TestClient):
    body = json.dumps({**good_call(), "data": ["x" * MAX_CALL]})
    assert visitor.post(CALLS[0], content=body).status_code == 413


def test_a_call_that_does_not_come_to_its_end_is_given_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(endpoints, "CALL_SECONDS", 0.05)
    sent = []

    async def receive() -> dict:
        await anyio.sleep_forever()

    async def send(message: dict) -> None:
        sent.append(message)

    scope = {"type": "http", "path": CALLS[0], "method": "POST", "headers": [], "query_string": b""}
    anyio.run(Endpoints(None, lambda call: None), scope, receive, send)
    assert sent[0]["status"] == 408


def test_what_was_understood_is_handed_on_and_nothing_else():
    taken = []

    async def inner(scope, receive, send):
        taken.append(json.loads((await receive())["body"]))
        await PlainTextResponse("done")(scope, receive, send)

    visitor = TestClient(Endpoints(inner, lambda call: None), base_url=BASE)
    sent = {**good_call(), "oauth_token": "t", "event_data": {"a": 1}, "data": [0.5, "a", None]}
    assert visitor.post(CALLS[0], json=sent).text == "done"
    assert taken == [{**good_call(), "data": [0.5, "a", None], "trigger_id": None}]


@pytest.mark.parametrize(
    "query", ["", "session_hash=", "session_hash=a%2Fb", "session_hash=" + "x" * 65, "session=a"]
)
def test_a_stream_wants_a_session(visitor: TestClient, query: str):
    assert visitor.get(f"/gradio_api/queue/data?{query}").status_code == 422
    assert visitor.get("/gradio_api/heartbeat/a%2Fb").status_code == 404


@pytest.mark.parametrize(
    ("kind", "value"),
    [("Slider", "0.5"), ("Slider", True), ("Slider", 10**400), ("Slider", None), ("Slider", -1e12),
     ("Checkbox", 1), ("Checkbox", None), ("Dropdown", 0.5), ("Dropdown", "x" * 300), ("Dropdown", {}),
     ("Choices", ["a"] * 100), ("Choices", "a"), ("Choices", [0.5]), ("Choices", None),
     ("Radio", -1), ("Radio", [0]), ("Radio", 10**9), ("Number", "1"), ("Number", True), ("Number", [1]),
     ("Number", 10**400), ("Textbox", 1), ("Textbox", None), ("Textbox", ["a"]), ("Textbox", "x" * 5000)],
)  # fmt: skip
def test_values_of_another_kind_are_refused(app, visitor: TestClient, kind: str, value):
    functions = inputs(page_app(app).get_blocks())
    tried = 0
    for number, kinds in functions.items():
        for place, own in enumerate(kinds):
            if own == kind:
                data = [VALID[each] for each in kinds]
                data[place] = value
                call = {"data": data, "fn_index": number, "session_hash": "tab"}
                assert visitor.post(CALLS[0], json=call).status_code == 422
                tried += 1
    assert tried


def test_a_stream_of_a_session_that_nobody_has_opened_ends(app):
    with TestClient(app, base_url=BASE) as visitor:  # raises what the server would print a traceback of
        for _ in range(2):
            answer = visitor.get("/gradio_api/queue/data?session_hash=unknown")
            assert answer.status_code == 200 and '"session_not_found":true' in answer.text


@pytest.mark.parametrize("name", ["", "nonsense", 1, "waver+waver", None])
def test_weights_that_are_not_in_the_menu_are_no_traceback(
    app, visitor: TestClient, name, capfd: pytest.CaptureFixture
):
    for number, kinds in inputs(page_app(app).get_blocks()).items():
        if "Dropdown" in kinds and "File" not in kinds:
            data = [name if kind == "Dropdown" else VALID[kind] for kind in kinds]
            call = {"data": data, "fn_index": number, "session_hash": "tab"}
            wanted = (200, 404) if page_app(app).get_blocks().fns[number].fn else (422,)
            assert visitor.post(CALLS[0], json=call).status_code in wanted
    assert "Traceback" not in capfd.readouterr().err


def test_every_component_of_the_page_is_one_that_the_check_knows(app):
    kinds = {kind for own in inputs(page_app(app).get_blocks()).values() for kind in own}
    assert kinds == set(VALID)
