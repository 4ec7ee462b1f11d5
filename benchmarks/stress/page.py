"""A browser tab's Video side without a browser: calls the server as Gradio's page does."""

from __future__ import annotations

import http.client
import json
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from benchmarks.stress.server import DemoServer

API = "/gradio_api"
_CONFIG = re.compile(r"window\.gradio_config = (\{.*?\});</script>", re.DOTALL)


class PageError(Exception):
    """The server did not do what the page asked for."""


class Page:
    """One tab's session.

    Args:
        server: whose page it is.
    """

    def __init__(self, server: DemoServer) -> None:
        self.session = secrets.token_hex(5)
        self.client = httpx.Client(
            base_url=server.address, trust_env=False, timeout=60, headers={"Origin": server.address}
        )
        found = _CONFIG.search(self._checked(self.client.get("/")).text)
        if found is None:
            raise PageError("the page holds no configuration")
        self.config: dict[str, Any] = json.loads(found[1])
        self._ids = {each["props"].get("elem_id"): each["id"] for each in self.config["components"]}
        # The server notices by this connection's end that the tab was closed.
        self._heartbeat = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        self._heartbeat.request("GET", f"{API}/heartbeat/{self.session}", headers={"Origin": server.address})

    def __enter__(self) -> Page:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the tab."""
        self._heartbeat.close()
        self.client.close()

    def function(self, elem_id: str, event: str) -> int:
        """The number of the function that an event of a component calls."""
        for each in self.config["dependencies"]:
            if [self._ids[elem_id], event] in each["targets"] and each["backend_fn"]:
                return each["id"]
        raise PageError(f"nothing happens at {event} of {elem_id}")

    def call_body(self, elem_id: str, event: str, data: list[Any]) -> dict[str, Any]:
        """What the page sends to have a function run."""
        return {
            "data": data,
            "event_data": None,
            "fn_index": self.function(elem_id, event),
            "trigger_id": self._ids[elem_id],
            "session_hash": self.session,
        }

    def upload(self, path: Path, name: str | None = None) -> dict[str, Any]:
        """Uploads a file; gives what the page passes on about it."""
        name = name or path.name
        with path.open("rb") as file:
            answer = self.client.post(
                f"{API}/upload", params={"upload_id": secrets.token_hex(5)}, files={"files": (name, file)}
            )
        (stored,) = self._checked(answer).json()
        return {
            "path": stored,
            "url": f"{self.client.base_url}{API}/file={stored}",
            "orig_name": name,
            "size": path.stat().st_size,
            "mime_type": "video/mp4",
            "meta": {"_type": "gradio.FileData"},
        }

    def run(self, elem_id: str, event: str, data: list[Any]) -> list[Any]:
        """Calls a function that is not queued."""
        answer = self.client.post(f"{API}/run/predict", json=self.call_body(elem_id, event, data))
        return self._checked(answer).json()["data"]

    def queue(self, elem_id: str, event: str, data: list[Any], seconds: float = 120.0) -> Iterator[dict]:
        """Calls a queued function; gives the server's messages as they come."""
        self._checked(self.client.post(f"{API}/queue/join", json=self.call_body(elem_id, event, data)))
        query = {"session_hash": self.session}
        with self.client.stream("GET", f"{API}/queue/data", params=query, timeout=seconds) as stream:
            if stream.status_code != 200:
                raise PageError(f"queue/data: HTTP {stream.status_code}")
            for line in stream.iter_lines():
                if line.startswith("data:"):
                    message = json.loads(line[5:])
                    yield message
                    if message["msg"] in ("process_completed", "close_stream"):
                        return

    def order(
        self, uploaded: dict[str, Any] | None, weights: str, partners: list[str] = (), look: bool = False
    ) -> list[Any]:
        """What the page sends at "Analyse", with all networks counting the same."""
        number = self.function("video-analyse", "click")
        inputs = next(each["inputs"] for each in self.config["dependencies"] if each["id"] == number)
        built_in = ""  # no collection of own actions
        data = [uploaded, weights, list(partners), 0.5, look, built_in]
        return data + [50] * (len(inputs) - len(data))

    def analyse(
        self, uploaded: dict[str, Any] | None, weights: str, partners: list[str] = (), look: bool = False
    ) -> list[Any]:
        """The Video tab's outputs after "Analyse"."""
        last: dict[str, Any] = {}
        for message in self.queue("video-analyse", "click", self.order(uploaded, weights, partners, look)):
            last = message
        if last.get("msg") != "process_completed" or not last.get("success"):
            raise PageError(f"the analysis did not end well: {json.dumps(last)[:500]}")
        return last["output"]["data"]

    def file(self, path: str) -> httpx.Response:
        """A file that the server has given the path of."""
        return self.client.get(f"{API}/file={quote(path)}")

    def _checked(self, answer: httpx.Response) -> httpx.Response:
        if answer.status_code != 200:
            raise PageError(f"{answer.url.path}: HTTP {answer.status_code} {answer.text[:300]}")
        return answer
