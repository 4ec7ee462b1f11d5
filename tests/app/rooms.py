"""A room for the Video tabs' analyses: a folder of uploads, pages that open and close, a video that waits."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.core.catalogue import Catalogue
from app.video.results import VideoResult
from app.video.run import Cancelled
from app.web.analyses import Analyses
from app.web.jobs import Job
from app.web.orders import Order
from tests.doubles import SteadyRecognizer

CATALOGUE = Catalogue.of({"waver": SteadyRecognizer("waver", {"wave": 0.7, "arm_curl": 0.3}, threshold=0.42)})
SOON = 20.0
"""Seconds that only a failing test waits."""
NOTHING = VideoResult("clip.mp4", 1.0, 30.0, "waver", "kinetics-18", 3.0, (), None, None)


class Video:
    """Stands in for ``process_video``: tells when it has begun and ends when it is let, or cancelled."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.go_on = threading.Event()
        self.patient = False
        self.sources: list[Path] = []
        self.error: BaseException | None = None

    def __call__(self, source: Path, recognizer: Any, *, video_out: Path, cancelled: Callable, **_: Any):
        self.sources.append(source)
        assert source.exists()
        video_out.write_bytes(b"half a video")
        self.begun.release()
        while not self.go_on.wait(0.005):
            if cancelled() and not self.patient:
                raise Cancelled
        if self.error is not None:
            raise self.error
        return NOTHING


class Pages:
    """A clock, and which pages are open."""

    def __init__(self) -> None:
        self.now, self.open = 0.0, set()

    def is_open(self, session: str) -> bool:
        return session in self.open


class Room:
    """Analyses in a folder, with uploads."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.pages = folder, Pages()
        self.analyses = Analyses(CATALOGUE, folder, self.pages.is_open, lambda: self.pages.now)

    def upload(self, name: str = "clip") -> Path:
        path = self.folder / name / "clip.mp4"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"a video")
        return path

    def start(self, session: str, path: Path | None = None, weights: str = "waver", **options: Any) -> Job:
        path = self.upload(session) if path is None else path
        return self.analyses.start(session, Order(str(path), weights, 0.5, **options))

    @property
    def results(self) -> list[Path]:
        return list(self.folder.glob("video-*"))


def begun(room: Room, video: Video, session: str, **options: Any) -> Job:
    job = room.start(session, **options)
    assert video.begun.acquire(timeout=SOON)
    return job


def finished(room: Room, video: Video, session: str) -> Job:
    video.go_on.set()
    job = room.start(session)
    assert job.wait(SOON) and job.error is None
    video.go_on.clear()
    return job


def full_disk(*args: Any, **options: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
