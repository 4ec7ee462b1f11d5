"""A page of another origin, in a real browser, tries everything that a page can try to reach the demo."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright

from app.core.catalogue import Catalogue
from app.door.guests import Guests
from benchmarks.chromium import launch
from tests.browser.conftest import WAVER, Server, serving

PATHS = ("/", "/theme.css", "/pose2action/live.js", "/favicon.ico", "/gradio_api/file=/etc/hostname",
         "/gradio_api/heartbeat/x", "/gradio_api/queue/data?session_hash=x", "/config")  # fmt: skip

ATTACK = """
async ([base, paths]) => {
  const reached = [];
  const limit = (promise) => Promise.race([promise, new Promise((_, no) => setTimeout(no, 8000))]);
  const tell = (what, promise) => limit(promise).then(() => reached.push(what), () => {});
  const element = (tag, attributes) => new Promise((yes, no) => {
    const made = Object.assign(document.createElement(tag), attributes);
    made.onload = yes; made.onerror = no;
    document.body.append(made);
  });
  const jobs = [];
  for (const path of paths) {
    jobs.push(tell(`fetch ${path}`, fetch(base + path).then((r) => r.text())));
    jobs.push(tell(`credentials ${path}`, fetch(base + path, {credentials: 'include'})));
  }
  const body = new FormData();
  body.append('files', new Blob(['x']), 'a.mp4');
  jobs.push(tell('upload', fetch(base + '/gradio_api/upload', {method: 'POST', body})));
  const call = JSON.stringify({data: [], fn_index: 1, session_hash: 'x'});
  jobs.push(tell('call', fetch(base + '/gradio_api/run/predict', {method: 'POST', body: call})));
  jobs.push(tell('script', element('script', {src: base + '/pose2action/live.js', type: 'module'})));
  jobs.push(tell('classic script', element('script', {src: base + '/pose2action/people.js'})));
  jobs.push(tell('picture', element('img', {src: base + '/favicon.ico'})));
  jobs.push(tell('style', element('link', {rel: 'stylesheet', href: base + '/theme.css'})));
  jobs.push(tell('socket', new Promise((yes, no) => {
    const socket = new WebSocket(base.replace('http', 'ws') + '/live');
    socket.onopen = yes; socket.onerror = no;
  })));
  await Promise.all(jobs);
  // Nobody may read the answer to these, but they must do nothing either.
  await limit(fetch(base + '/gradio_api/upload', {method: 'POST', body, mode: 'no-cors'})).catch(() => {});
  return reached;
}
"""


class Foreign(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>another site</title><body>")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def foreign() -> Iterator[int]:
    """The port of another site on this machine."""
    site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Foreign)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    yield site.server_port
    site.shutdown()


def reached(browser: Browser, page_address: str, target: str) -> list[str]:
    page = browser.new_page()
    page.goto(page_address)
    found = page.evaluate(ATTACK, [target, list(PATHS)])
    page.close()
    return found


@pytest.mark.parametrize("target", ["127.0.0.1", "localhost", "pose.test", "0.0.0.0"])
@pytest.mark.parametrize("origin", ["127.0.0.1", "pose.test"])
def test_a_page_of_another_origin_reaches_nothing(
    server: Server, foreign: int, chromium: Browser, origin: str, target: str
):
    page = f"http://{origin}:{foreign}/"
    assert reached(chromium, page, f"http://{target}:{server.port}") == []


def test_the_attack_would_see_what_is_open(server: Server, foreign: int, chromium: Browser):
    assert reached(chromium, f"http://pose.test:{foreign}/", f"http://pose.test:{foreign}")
    own = reached(chromium, server.address, server.address.rstrip("/"))
    assert {"fetch /", "script", "style", "socket", "upload"} <= set(own)


def test_a_name_that_leads_here_is_refused_in_a_sentence(server: Server, chromium: Browser):
    page = chromium.new_page()
    for name in ("pose.test", "0.0.0.0"):
        answer = page.goto(f"http://{name}:{server.port}/")
        assert answer.status == 403 and "--allow-host" in page.content()
    page.close()


def test_another_site_cannot_frame_the_page(server: Server, foreign: int, chromium: Browser):
    page = chromium.new_page()
    page.goto(f"http://pose.test:{foreign}/")
    inside = page.evaluate(
        """(address) => new Promise((yes) => {
          const frame = Object.assign(document.createElement('iframe'), {src: address});
          frame.onload = () => setTimeout(() => yes(null), 300);
          document.body.append(frame);
        })""",
        server.address,
    )
    assert inside is None
    assert not any(frame.locator("pose-live").count() for frame in page.frames)
    page.close()


def test_a_link_of_another_site_opens_the_page(server: Server, foreign: int, chromium: Browser):
    page = chromium.new_page()
    page.goto(f"http://pose.test:{foreign}/")
    page.set_content(f"<a href='{server.address}'>the demo</a>")
    page.click("a")
    page.wait_for_selector("pose-live .p2a-start")
    page.close()


def test_a_shared_page_asks_for_its_token(playwright: Playwright, foreign: int):
    guests = Guests.of("0.0.0.0", token="open sesame")
    browser = launch(playwright, None)
    with serving(Catalogue.of({"waver": WAVER}), guests=guests) as server:
        page = browser.new_page()
        assert page.goto(server.address).status == 403
        assert reached(browser, f"http://127.0.0.1:{foreign}/", server.address.rstrip("/")) == []
        page.fill("input[name=token]", "wrong")
        page.click("button")
        page.wait_for_selector("text=not the one of this demo")
        page.fill("input[name=token]", "open sesame")
        page.click("button")
        page.wait_for_selector("pose-live .p2a-start")
        assert page.url == server.address, "the token does not stay in the address"
        assert "with its token" in page.content()
        assert json.loads(page.evaluate(
            "new Promise((yes) => { const s = new WebSocket(location.origin.replace('http', 'ws') + '/live');"
            " s.onopen = () => s.send('nonsense'); s.onmessage = (m) => yes(m.data); })"
        ))["type"] == "failed"  # fmt: skip
        page.reload()
        page.wait_for_selector("pose-live .p2a-start")
        assert reached(browser, f"http://127.0.0.1:{foreign}/", server.address.rstrip("/")) == []
    browser.close()
