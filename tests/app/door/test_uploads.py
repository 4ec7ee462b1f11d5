"""Uploads through the whole application, and the files that it gives away."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest
from fastapi.testclient import TestClient

from app.core.catalogue import Catalogue
from app.door import uploads
from app.door.uploads import MEGABYTE, Uploads, file_in
from app.web.page import create_app
from tests.disks import small_disk
from tests.doubles import SteadyRecognizer

UPLOAD = "/gradio_api/upload"
WAVER = SteadyRecognizer("waver", {"wave": 0.7, "clap": 0.3})


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    place = tmp_path_factory.mktemp("uploads")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("GRADIO_TEMP_DIR", str(place))
        yield place


@pytest.fixture
def folder(place: Path) -> Iterator[Path]:
    """Where uploads go; empty before each test."""
    yield place
    for each in place.iterdir():
        shutil.rmtree(each) if each.is_dir() else each.unlink()


@pytest.fixture(scope="module")
def visitor(place: Path) -> Iterator[TestClient]:
    """A page for all tests, as making one takes half a second."""
    app = create_app(Catalogue.of({"waver": WAVER}), max_upload=1)
    with TestClient(app, base_url="http://127.0.0.1:7860") as client:
        yield client


def left(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_an_upload_is_stored_under_its_name(visitor: TestClient, folder: Path):
    answer = visitor.post(UPLOAD, files={"files": ("my clip.mp4", b"x" * 1000)})
    assert answer.status_code == 200
    (path,) = answer.json()
    assert Path(path).read_bytes() == b"x" * 1000 and Path(path).name == "my clip.mp4"
    got = visitor.get(f"/gradio_api/file={path}")
    assert got.content == b"x" * 1000 and got.headers["content-type"] == "video/mp4"


def test_one_over_the_limit_is_refused_before_it_arrives(visitor: TestClient, folder: Path):
    start, body = upload(visitor.app, length=10**12)  # not one byte of it ever comes
    assert start["status"] == 413
    assert b"larger than 1 MB" in body["body"] and b"--max-upload" in body["body"]
    assert left(folder) == []


def test_one_that_does_not_say_how_long_it_is_ends_at_the_limit(visitor: TestClient, folder: Path):
    def body() -> Iterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.mp4"\r\n\r\n'
        for _ in range(64):
            yield b"x" * 65536

    answer = visitor.post(UPLOAD, headers={"Content-Type": "multipart/form-data; boundary=b"}, content=body())
    assert answer.status_code == 413
    assert left(folder) == []
    assert visitor.post(UPLOAD, files={"files": ("b.mp4", b"y")}).status_code == 200, "the next one works"


FORM = "multipart/form-data; boundary=b"
HEAD = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.mp4"\r\n\r\n' + b"x" * 5000


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/plain", b"x"),
        ("multipart/form-data", b"x"),
        (FORM, b"x"),
        (FORM, b"--b\r\n\r\n\r\n--b--"),
        (FORM, b'--b\r\nContent-Disposition: form-data; name="files"\r\n\r\nx\r\n--b--'),
        (FORM, b'--b\r\nContent-Disposition: form-data; name="files"\r\nX: filename="a"\r\n\r\nx\r\n--b--'),
        (FORM, b'--b\r\nContent-Disposition: form-data; name="files"; file\xd1ame="a"\r\n\r\nx\r\n--b--'),
        (FORM, HEAD + b'x\r\n--b\r\nContent-Disposition: form-data; name="files"\r\n\r\nx\r\n--b--'),
        (FORM, HEAD.replace(b'"files"', b'"other"') + b"x\r\n--b--"),
        (FORM, b'--b\r\nContent-Disposition: form-data; name="other"\r\n\r\nx\r\n--b--'),
    ],
)
def test_what_is_no_upload_is_refused_in_a_sentence(
    visitor: TestClient, folder: Path, content_type: str, body: bytes
):
    answer = visitor.post(UPLOAD, headers={"Content-Type": content_type}, content=body)
    assert answer.status_code == 400 and answer.text.endswith(".") and "Traceback" not in answer.text
    assert left(folder) == []


def test_of_several_files_none_is_kept(visitor: TestClient, folder: Path):
    for second in ("b.mp4", "..", ""):
        files = [("files", ("a.mp4", b"x")), ("files", (second or " ", b"y"))]
        answer = visitor.post(UPLOAD, files=files)
        assert answer.status_code == 400 and "one file" in answer.text
        assert left(folder) == []


@pytest.mark.parametrize("boundary", ["b" * 71, "b" * 300, "b" * 5000, ""])
def test_a_boundary_of_any_length_is_a_sentence(visitor: TestClient, folder: Path, boundary: str):
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    body = HEAD.replace(b"--b", b"--" + boundary.encode())
    assert visitor.post(UPLOAD, headers=headers, content=body).status_code == 400
    assert left(folder) == []


class Scripted:
    """Messages of a request in their order; then it never says anything again."""

    def __init__(self, *messages: dict) -> None:
        self.messages = list(messages)

    async def receive(self) -> dict:
        if self.messages:
            return self.messages.pop(0)
        await anyio.sleep_forever()


def upload(app, *messages: dict, length: int | None = None) -> list[dict]:
    """What the application answers to a request of these messages."""
    sent: list[dict] = []

    async def send(message: dict) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": UPLOAD, "raw_path": UPLOAD.encode(), "query_string": b"",
        "headers": [(b"host", b"127.0.0.1"), (b"content-type", b"multipart/form-data; boundary=b")],
        "server": ("127.0.0.1", 7860), "client": ("127.0.0.1", 5), "scheme": "http", "root_path": "",
        "http_version": "1.1", "asgi": {"version": "3.0"}, "state": {},
    }  # fmt: skip
    if length is not None:
        scope["headers"].append((b"content-length", str(length).encode()))
    anyio.run(app, scope, Scripted(*messages).receive, send)
    return sent


def part(body: bytes, more: bool = True) -> dict:
    return {"type": "http.request", "body": body, "more_body": more}


def test_one_that_is_broken_off_leaves_nothing(visitor: TestClient, folder: Path):
    upload(visitor.app, part(HEAD), {"type": "http.disconnect"})
    assert left(folder) == []


def test_one_that_stops_half_way_is_given_up(
    visitor: TestClient, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(uploads, "PATIENCE", 0.05)
    sent = upload(visitor.app, part(HEAD))
    assert sent[0]["status"] == 408
    assert left(folder) == []


def test_a_failed_one_leaves_those_alone_that_still_arrive(folder: Path):
    old, young = folder / "tmpold", folder / "tmpyoung"
    for path, modified in ((old, 100.0), (young, 300.0)):
        path.write_bytes(b"x")
        os.utime(path, (modified, modified))
    running = Uploads(None, lambda: folder, MEGABYTE)
    running._running = {0: 200.0}
    running._delete_failed()
    assert left(folder) == ["tmpyoung"]


def test_only_so_many_arrive_at_once(visitor: TestClient, folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(uploads, "AT_ONCE", 0)
    answer = visitor.post(UPLOAD, files={"files": ("a.mp4", b"x")})
    assert answer.status_code == 503 and answer.text.endswith(".")


def test_a_full_disk_is_told_and_the_next_upload_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with small_disk(tmp_path / "disk", "600k") as disk:
        monkeypatch.setenv("GRADIO_TEMP_DIR", str(disk))
        app = create_app(Catalogue.of({"waver": WAVER}), max_upload=1)
        visitor = TestClient(app, base_url="http://127.0.0.1:7860")
        told = visitor.post(UPLOAD, files={"files": ("a.mp4", b"x" * 700_000)})  # is refused by its length
        assert told.status_code == 507 and "disk" in told.text and "Traceback" not in told.text

        def unknown_length() -> Iterator[bytes]:
            yield HEAD
            for _ in range(70):
                yield b"x" * 10_000

        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        told = visitor.post(UPLOAD, headers=headers, content=unknown_length())
        assert told.status_code == 507 and "free some space" in told.text
        assert left(disk) == []
        assert visitor.post(UPLOAD, files={"files": ("b.mp4", b"x" * 100_000)}).status_code == 200


def test_only_regular_files_of_the_folder_are_given(tmp_path: Path):
    folder, other = tmp_path / "files", tmp_path / "other"
    folder.mkdir()
    other.mkdir()
    (folder / "a.json").write_text("a")
    (other / "secret").write_text("s")
    (folder / "link").symlink_to(other / "secret")
    (folder / "door").symlink_to(other)
    (folder / "loop").symlink_to(folder / "loop")
    (folder / "null").symlink_to("/dev/null")
    os.mkfifo(folder / "pipe")
    assert file_in(folder, str(folder / "a.json")) == folder / "a.json"
    (tmp_path / "way").symlink_to(folder)
    assert file_in(folder, str(tmp_path / "way" / "a.json")) == folder / "a.json"
    for path in (
        "link", "door/secret", "loop", "null", "pipe", "../other/secret", ".", "", "missing", "a.json/x",
        "\0", "x" * 10_000,
    ):  # fmt: skip
        assert file_in(folder, f"{folder}/{path}") is None
    for path in (
        "/etc/hostname",
        "/dev/zero",
        "/proc/self/environ",
        "etc/hostname",
        "~",
        "https://a.example/b",
    ):
        assert file_in(folder, path) is None
