"""The page's files: what is given, compressed and kept, and what is not."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from app.web.page_files import ASKED_EACH_TIME, LASTING, PageFiles

SCRIPT = b"export const answer = 42;\n" * 100


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = tmp_path / "files"
    (files / "deeper").mkdir(parents=True)
    (files / "page.js").write_bytes(SCRIPT)
    (files / "noise.png").write_bytes(os.urandom(3000))
    (files / "deeper" / "inner.js").write_bytes(SCRIPT)
    (tmp_path / "secret.js").write_bytes(b"secret")
    return files


@pytest.fixture
def client(folder: Path) -> TestClient:
    return TestClient(Starlette(routes=[Mount("/own", PageFiles(folder, ASKED_EACH_TIME))]))


def test_a_file_comes_as_it_is_with_its_kind(client: TestClient, folder: Path):
    answer = client.get("/own/page.js")
    assert answer.content == SCRIPT
    assert "javascript" in answer.headers["content-type"]
    assert client.get("/own/noise.png").content == (folder / "noise.png").read_bytes()


def test_text_is_compressed_for_those_who_take_it(client: TestClient):
    with client.stream("GET", "/own/page.js", headers={"accept-encoding": "gzip"}) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw) == SCRIPT
    assert int(answer.headers["content-length"]) == len(raw) < len(SCRIPT) / 2
    plain = client.get("/own/page.js", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert int(plain.headers["content-length"]) == len(SCRIPT)
    picture = client.get("/own/noise.png", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in picture.headers, "it would only grow"


def test_a_browser_that_has_it_is_told_so_until_it_changes(client: TestClient, folder: Path):
    first = client.get("/own/page.js")
    assert first.headers["cache-control"] == "no-cache"
    again = client.get("/own/page.js", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    (folder / "page.js").write_bytes(b"new")
    changed = client.get("/own/page.js", headers={"if-none-match": first.headers["etag"]})
    assert (changed.status_code, changed.content) == (200, b"new")


@pytest.mark.parametrize(
    "path", ["", "/", "/deeper", "/deeper/inner.js", "/../secret.js", "/%2e%2e/secret.js", "/..", "/.",
             "/%2e%2e%2fsecret.js", "/%5c..%5csecret.js", "/page.js%00", "/" + "a" * 5000, "/none.js"]
)  # fmt: skip
def test_nothing_else_comes(client: TestClient, path: str):
    answer = client.get(f"/own{path}")
    assert answer.status_code == 404
    assert b"secret" not in answer.content


def test_only_reading(client: TestClient):
    head = client.head("/own/page.js", headers={"accept-encoding": "identity"})
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(SCRIPT)))
    assert client.post("/own/page.js", content=b"x").status_code == 405


def test_gradios_files_come_the_short_way():
    from gradio.routes import BUILD_PATH_LIB

    from app.core.catalogue import Catalogue
    from app.web.page import create_app

    client = TestClient(create_app(Catalogue({})), base_url="http://127.0.0.1")
    name = next(path.name for path in sorted(Path(BUILD_PATH_LIB).glob("*.js")))
    answer = client.get(f"/assets/{name}")
    assert answer.content == (Path(BUILD_PATH_LIB) / name).read_bytes()
    assert answer.headers["cache-control"] == LASTING
    assert answer.headers["x-content-type-options"] == "nosniff", "the door is before them too"
    assert client.get(f"/assets/{name}", headers={"host": "evil.example"}).status_code == 403


def test_gradio_makes_its_application_once(monkeypatch: pytest.MonkeyPatch):
    from gradio.routes import App

    from app.core.catalogue import Catalogue
    from app.web.page import create_app

    made = []
    create = App.create_app
    monkeypatch.setattr(App, "create_app", staticmethod(lambda *a, **k: made.append(a) or create(*a, **k)))
    create_app(Catalogue({}))
    assert len(made) == 1
