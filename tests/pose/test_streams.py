"""Addresses, served by this machine: files with an end, streams without one, and connections that break."""

from __future__ import annotations

import http.server
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np
import pytest

from pose import streams
from pose.containers import SourceError
from pose.streams import Stream, is_address, public

SIZE, FPS = (160, 120), 25


def written(seconds: float, form: str, shade: int = 60) -> bytes:
    """A grey video; the picture grows brighter with each frame."""
    file = tempfile.NamedTemporaryFile()  # an mp4's head is moved to its front when it is whole
    with av.open(file.name, "w", format=form, options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=FPS, options={"g": "5", "tune": "zerolatency"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for number in range(round(seconds * FPS)):
            picture = np.full((SIZE[1], SIZE[0], 3), shade + number, np.uint8)
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    with file:
        return Path(file.name).read_bytes()


class Server:
    """Serves what ``answer`` writes; ``asked`` counts the requests."""

    def __init__(self, answer) -> None:
        self.asked, self.stopped = 0, threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked += 1
                answer(self, outer)

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/live"


@contextmanager
def serving(answer) -> Iterator[Server]:
    server = Server(answer)
    try:
        yield server
    finally:
        server.stopped.set()
        server.server.shutdown()
        server.server.server_close()


def head(request, length: int | None = None) -> None:
    request.send_response(200)
    request.send_header("Content-Type", "video/mp2t")
    if length is not None:
        request.send_header("Content-Length", str(length))
    request.end_headers()


def live(data: bytes, seconds: float):
    """Sends the data evenly over so many seconds, and closes."""

    def answer(request, server: Server) -> None:
        head(request)
        parts = [data[i : i + 188 * 7] for i in range(0, len(data), 188 * 7)]
        try:
            for part in parts:
                request.wfile.write(part)
                if server.stopped.wait(seconds / len(parts)):
                    return
        except OSError:
            pass  # nobody listens any more

    return answer


def test_which_sources_are_addresses():
    assert is_address("rtsp://camera/1") and is_address("HTTP://x") and is_address("https://x/a.mp4")
    assert not is_address("clip.mp4") and not is_address("0") and not is_address("file:///etc/passwd")
    assert not is_address("concat:a|b") and not is_address("http")


def test_passwords_are_not_told():
    assert public("rtsp://me:secret@10.0.0.1:554/a?b=1") == "rtsp://10.0.0.1:554/a?b=1"
    with pytest.raises(SourceError) as error:
        Stream("http://me:secret@127.0.0.1:1/a")
    assert "secret" not in str(error.value) and "127.0.0.1:1/a" in str(error.value)


@pytest.mark.parametrize("form", ["mp4", "matroska"])
def test_a_file_behind_an_address_is_read_whole(form: str):
    data = written(2.0, form)

    def answer(request, server: Server) -> None:
        head(request, len(data))
        request.wfile.write(data)

    with serving(answer) as server, Stream(server.address) as stream:
        assert not stream.live
        frames = list(stream)
        assert len(frames) == 50 and stream.problem is None
        assert frames[-1].timestamp == pytest.approx(49 / FPS, abs=1e-3)
        assert frames[0].image.shape == (120, 160, 3)
        shades = [frame.image.mean() for frame in frames]
        assert np.diff(shades).min() >= 0 and np.ptp(shades) > 40, "in their order"


def test_a_file_that_ends_early_says_so():
    data = written(4.0, "matroska")

    def answer(request, server: Server) -> None:
        head(request, len(data))
        request.wfile.write(data[: len(data) // 2])
        request.connection.close()

    with serving(answer) as server, Stream(server.address) as stream:
        frames = list(stream)
    assert 10 < len(frames) < 90 and "ended early" in stream.problem


def test_of_what_has_no_end_the_newest_picture_counts(monkeypatch):
    monkeypatch.setattr(streams, "PATIENCE", 0.5)
    with serving(live(written(4.0, "mpegts"), 4.0)) as server, Stream(server.address) as stream:
        assert stream.live and stream.info.duration is None
        seen = []
        for frame in stream:
            seen.append(frame)
            time.sleep(0.3)  # slower than the pictures come
            if len(seen) == 8:
                break
    steps = np.diff([frame.timestamp for frame in seen])
    assert steps[2:].mean() == pytest.approx(0.3, abs=0.12), "pictures in between are left out"


def test_a_broken_connection_is_made_again_and_time_goes_on(monkeypatch):
    monkeypatch.setattr(streams, "FIRST_PAUSE", 0.1)
    told: list[str] = []
    began = time.monotonic()
    with serving(live(written(1.5, "mpegts"), 1.5)) as server, Stream(server.address, told.append) as stream:
        asked, times = server.asked, []
        for frame in stream:
            times.append(frame.timestamp)
            if server.asked >= asked + 3 and times[-1] > 2.5:
                break
    assert server.asked >= asked + 3
    assert np.diff(times).min() > 0
    assert times[-1] <= time.monotonic() - began + 1.0, "no faster than the clock"
    assert len(told) >= 2 and all("connecting again" in sentence for sentence in told)


def test_what_does_not_come_back_ends_with_a_sentence(monkeypatch):
    monkeypatch.setattr(streams, "FIRST_PAUSE", 0.1)
    monkeypatch.setattr(streams, "PATIENCE", 1.0)
    play, state = live(written(1.0, "mpegts"), 1.0), {"gone": False}

    def answer(request, server: Server) -> None:
        if state["gone"]:
            request.send_error(503)
        else:
            play(request, server)

    with serving(answer) as server, Stream(server.address) as stream:
        frames = []
        for frame in stream:
            frames.append(frame)
            state["gone"] = True
    assert frames and "then none came for 1 s" in stream.problem


@pytest.mark.parametrize(
    "answer",
    [
        lambda request, server: request.send_error(404),
        lambda request, server: (head(request), request.wfile.write(b"This is no video.\n" * 500)),
        lambda request, server: (
            head(request),
            request.wfile.write(b"#EXTM3U\n#EXTINF:2,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"),
        ),
    ],
)
def test_what_is_no_video_is_refused(answer):
    with serving(answer) as server, pytest.raises(SourceError, match=r"127\.0\.0\.1"):
        Stream(server.address)


def test_nobody_there():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(SourceError, match="cannot be opened"):
        Stream(f"http://127.0.0.1:{port}/a")


def test_somebody_who_never_answers(monkeypatch):
    monkeypatch.setattr("pose.containers._OPEN_WITHIN", 0.5)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        began = time.monotonic()
        with pytest.raises(SourceError, match="cannot be opened"):
            Stream(f"http://127.0.0.1:{silent.getsockname()[1]}/a")
    assert time.monotonic() - began < 8


def test_closing_ends_an_iteration_that_waits():
    with serving(live(written(1.0, "mpegts"), 1.0)) as server:
        stream = Stream(server.address)
        threading.Timer(0.5, stream.close).start()
        began = time.monotonic()
        for _ in stream:
            pass
        assert time.monotonic() - began < 5


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs the program ffmpeg")
def test_a_stream_of_ffmpeg():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}/live.ts"

    def start() -> subprocess.Popen:
        return subprocess.Popen(
            ["ffmpeg", "-v", "error", "-re", "-f", "lavfi", "-i", "testsrc=size=160x120:rate=25:duration=6",
             "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "10",
             "-f", "mpegts", "-listen", "1", address],
            stdin=subprocess.DEVNULL,
        )  # fmt: skip

    process, stream = start(), None  # it serves one connection, and ends with it
    try:
        until = time.monotonic() + 20
        while stream is None:
            try:
                stream = Stream(address)
            except SourceError:
                assert time.monotonic() < until
                time.sleep(0.3)
        times = []
        for frame in stream:
            times.append(frame.timestamp)
            if len(times) == 20:
                process.kill()
                process.wait()
                process = start()
            if len(times) >= 40:
                break
        assert stream.live and stream.info.width == 160 and np.diff(times).min() > 0
    finally:
        if stream is not None:
            stream.close()
        process.kill()
        process.wait()
