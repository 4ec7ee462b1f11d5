"""Who is let in, by the headers of a request alone, and by a whole application."""

from __future__ import annotations

import anyio
import pytest
from fastapi import FastAPI, WebSocket
from fastapi.testclient import TestClient
from h11 import LocalProtocolError
from starlette.websockets import WebSocketDisconnect

from app.door.guests import Door, DoorError, Guests, is_loopback, is_wildcard

OWN = "http://127.0.0.1:7860"
FOREIGN = "http://evil.example"


def client(guests: Guests | None = None, base: str = OWN, **options) -> TestClient:
    """A page, a script and a WebSocket behind a door."""
    app = FastAPI()
    app.get("/")(lambda: "page")
    app.get("/script.js")(lambda: "script")
    app.post("/call")(lambda: "called")

    @app.websocket("/live")
    async def live(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("hello")
        await socket.close()

    app.add_middleware(Door, guests=guests or Guests())
    return TestClient(app, base_url=base, **options)


def greets(visitor: TestClient, host: str = "127.0.0.1:7860", **headers: str) -> bool:
    try:
        with visitor.websocket_connect("/live", headers={"host": host, **headers}) as socket:
            return socket.receive_text() == "hello"
    except WebSocketDisconnect:
        return False


@pytest.mark.parametrize(
    "base", [OWN, "http://localhost:7860", "http://[::1]:7860", "http://localhost", "http://LOCALHOST:1"]
)
def test_the_names_of_this_machine_are_let_in(base: str):
    visitor = client(base=base)
    assert visitor.get("/").status_code == 200
    assert visitor.post("/call", headers={"Origin": base.lower()}).status_code == 200
    assert greets(visitor, host=base.partition("//")[2], origin=base)


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:7860", "127.0.0.1.evil.example", "localhost.evil.example", "0.0.0.0:7860",
     "192.168.0.5:7860", "[::]:7860", "", "127.0.0.1:7860:7860", "127.0.0.1@evil.example", "a b", "[::1",
     "2130706433", "localhost.", "127.0.0.1:999999"],
)  # fmt: skip
def test_other_names_are_not(host: str):
    assert greets(client()), "the other way round it would prove nothing"
    for path in ("/", "/script.js"):
        answer = client().get(path, headers={"Host": host})
        assert answer.status_code == 403 and "--allow-host" in answer.text
    assert not greets(client(), host=host)


def test_a_request_with_two_hosts_is_not_let_in():
    headers = [("Host", "127.0.0.1"), ("Host", "evil.example")]
    assert client().get("/", headers=headers).status_code == 403


@pytest.mark.parametrize(
    "origin",
    [FOREIGN, "null", "http://127.0.0.1:8080", "http://127.0.0.1", "http://localhost:7860", "https://evil.example:7860",
     "http://127.0.0.1:7860.evil.example", "", "http://[", "file://"],
)  # fmt: skip
def test_pages_of_other_origins_are_not_let_in(origin: str):
    visitor = client()
    for answer in (
        visitor.get("/", headers={"Origin": origin}),
        visitor.get("/script.js", headers={"Origin": origin}),
        visitor.post("/call", headers={"Origin": origin}),
        visitor.options("/call", headers={"Origin": origin, "Access-Control-Request-Method": "POST"}),
    ):
        assert answer.status_code == 403 and "--allow-origin" in answer.text
        assert "access-control-allow-origin" not in answer.headers
    assert not greets(visitor, origin=origin)


def test_two_origins_are_not_let_in_where_one_is_foreign():
    headers = [("Origin", OWN), ("Origin", FOREIGN)]
    assert client().get("/", headers=headers).status_code == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site", "nonsense"])
def test_pictures_scripts_and_frames_of_other_sites_are_not_let_in(site: str):
    visitor = client()
    for dest, mode in (
        ("image", "no-cors"),
        ("script", "no-cors"),
        ("iframe", "navigate"),
        ("empty", "cors"),
    ):
        headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Dest": dest, "Sec-Fetch-Mode": mode}
        assert visitor.get("/", headers=headers).status_code == 403
        assert visitor.get("/script.js", headers=headers).status_code == 403


def test_a_link_of_another_site_leads_to_the_page_and_nowhere_else():
    visitor = client()
    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate"}
    answer = visitor.get("/", headers=followed)
    assert answer.status_code == 200
    assert answer.headers["content-security-policy"] == "frame-ancestors 'none'"
    assert visitor.get("/script.js", headers=followed).status_code == 403
    assert visitor.post("/call", headers=followed).status_code == 403


def test_what_the_user_allows_is_let_in():
    guests = Guests.of("127.0.0.1", ["Demo.Example.org"], ["https://front.example.org/"])
    visitor = client(guests)
    assert visitor.get("/", headers={"Host": "demo.example.org"}).status_code == 200
    assert visitor.get("/", headers={"Host": "other.example.org"}).status_code == 403
    allowed = {"Origin": "https://front.example.org", "Sec-Fetch-Site": "cross-site"}
    assert visitor.post("/call", headers=allowed).status_code == 200
    assert greets(visitor, origin="https://front.example.org")
    assert visitor.post("/call", headers={"Origin": "http://front.example.org"}).status_code == 403


@pytest.mark.parametrize("host", ["demo.example.org:7860", "http://demo", "a/b", "", "a b", "*", "ä.org"])
def test_a_host_that_is_none_is_told_at_the_start(host: str):
    with pytest.raises(DoorError, match="is no host"):
        Guests.of("127.0.0.1", [host])


@pytest.mark.parametrize(
    "origin", ["demo.example.org", "*", "null", "https://", "ftp://a", "https://a/b", ""]
)
def test_an_origin_that_is_none_is_told_at_the_start(origin: str):
    with pytest.raises(DoorError, match="is no origin"):
        Guests.of("127.0.0.1", [], [origin])


def test_a_server_on_all_addresses_answers_to_numbers_and_not_to_names():
    visitor = client(Guests.of("0.0.0.0"))
    for host in ("192.168.0.5:7860", "localhost:7860", "[fe80::1]:7860", "0.0.0.0:7860"):
        assert visitor.get("/", headers={"Host": host}).status_code == 200
    assert visitor.get("/", headers={"Host": "evil.example:7860"}).status_code == 403
    assert visitor.get("/", headers={"Origin": FOREIGN}).status_code == 403
    assert is_wildcard("0.0.0.0") and is_wildcard("::") and not is_wildcard("127.0.0.1")
    assert is_loopback("127.8.9.1") and is_loopback("::1") and not is_loopback("0.0.0.0")


def test_nothing_is_answered_without_the_token():
    visitor = client(Guests(token="secret"), follow_redirects=False)
    page = visitor.get("/")
    assert page.status_code == 403 and "<form" in page.text and "secret" not in page.text
    for answer in (
        visitor.get("/script.js"),
        visitor.post("/call"),
        visitor.get("/?token=wrong"),
        visitor.get("/?token=%FF"),
        visitor.get("/script.js?token=secret"),
        visitor.get("/", headers={"Cookie": "pose2action-7860=wrong; =;;"}),
    ):
        assert answer.status_code == 403
    assert not greets(visitor)


def test_the_token_opens_the_page_and_leaves_the_address():
    visitor = client(Guests(token="secret"), follow_redirects=False)
    welcome = visitor.get("/?token=secret")
    assert welcome.status_code == 303 and welcome.headers["location"] == "/"
    assert {"HttpOnly", "SameSite=lax"} <= set(welcome.headers["set-cookie"].split("; "))
    assert visitor.get("/").text == '"page"'
    assert visitor.post("/call").status_code == 200
    assert greets(visitor, cookie="pose2action-80=secret")  # this client's WebSockets come to port 80
    assert visitor.get("/", headers={"Origin": FOREIGN}).status_code == 403, "the token opens no other door"


def test_an_answer_that_cannot_be_sent_any_more_is_let_go():
    async def refuse(message: dict) -> None:
        raise LocalProtocolError("the server has answered already")

    async def receive() -> dict:
        return {"type": "http.request"}

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "query_string": b"",
        "headers": [(b"host", b"evil")],
    }
    anyio.run(Door(None, Guests()), scope, receive, refuse)
