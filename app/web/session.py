"""One browser tab's live session: an engine in a thread of its own, fed with the newest frame."""

from __future__ import annotations

import json
import logging
import struct
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

import cv2

from app.core.catalogue import Catalogue
from app.core.failures import explain
from app.core.protocols import MakeEstimator
from app.core.subjects import subject_of
from app.drawing.heat import panel, ticks_until_now
from app.live.engine import LiveEngine
from app.live.view import LiveView
from app.web.memory import give_back
from app.web.messages import MAX_PIXELS, MAX_SIDE, CameraFrame, Settings
from recognizer.weights import WeightsError

log = logging.getLogger(__name__)

JPEG_QUALITY = 80
BROKEN = "The program failed while it looked at the picture. Press Start again."
UNUSABLE = (
    "A picture from this page could not be used: pictures are whole JPEGs of at most "
    f"{MAX_PIXELS} pixels, and of {MAX_SIDE} a side."
)


class Page(Protocol):
    """Takes what a session has to say (``app.web.outbox.Outbox``); any thread may call its methods."""

    def answer(self, message: bytes | str) -> None: ...

    def tell(self, message: bytes | str) -> None: ...


def encode_view(view: LiveView, captured: float) -> bytes:
    """The answer to one frame: uint32 length (little-endian), that much JSON, then the picture as JPEG.

    Args:
        view: with a mirrored picture.
        captured: the frame's time on the page's clock, which tells the page what this answers.
    """
    now = view.timestamp
    state = {
        "captured": captured,
        "fps": round(view.fps, 1),
        "labels_per_second": round(view.labels_per_second, 1),
        "pose_ms": round(view.pose_ms, 1),
        "recognise_ms": round(view.recognise_ms, 1),
        "total_ms": round(view.total_ms, 1),
        "label_age_ms": round(view.label_age_ms, 1),
        "message": view.message,
        "warming": round(view.warming, 1),
        "persons": [
            {
                "id": person.id,
                "label": person.label,
                "score": round(person.score, 5),
                "top": [[each.label, round(each.score, 5)] for each in person.top5],
            }
            for person in view.persons
        ],
        # Ages, not times: the page draws them leftwards from "now".
        "history": [
            [each.person, round(now - each.start, 2), round(now - each.end, 2), each.label]
            for each in view.history
        ],
    }
    if view.attention:
        # Part of the answer to a frame, not a message of its own: so it can neither queue up nor come late.
        state["attention"] = [
            panel(each, mirror=True, ticks=ticks_until_now(each.end - each.start)) for each in view.attention
        ]
    header = json.dumps(state, separators=(",", ":")).encode()
    picture = cv2.cvtColor(view.picture, cv2.COLOR_RGB2BGR)
    _, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return struct.pack("<I", len(header)) + header + jpeg.tobytes()


class LiveSession:
    """Runs a ``LiveEngine`` beside the event loop; a newer frame replaces one that still waits.

    Args:
        catalogue: where weights come from.
        make_estimator: gives this session's own pose estimators.
        page: takes the answers, one a frame, and all else that there is to say.
        ended: called once, from the session's thread, when nothing computes for it any more.
    """

    def __init__(
        self, catalogue: Catalogue, make_estimator: MakeEstimator, page: Page, ended: Callable[[], None]
    ) -> None:
        self._catalogue, self._make_estimator = catalogue, make_estimator
        self._page, self._ended = page, ended
        self._wake = threading.Condition()
        self._frame: CameraFrame | None = None
        self._news: Settings | None = None
        self._working, self._rested = False, time.monotonic()
        self._closed = False
        self._chosen = Settings()
        self._engine: LiveEngine | None = None
        self._thread = threading.Thread(target=self._run, name="live-session", daemon=True)
        self._thread.start()

    @property
    def worked_until(self) -> float:
        """When it last had something of the page to work on, by ``time.monotonic``: now, if it has."""
        with self._wake:
            works = self._working or self._frame is not None or self._news is not None
            return time.monotonic() if works else self._rested

    def frame(self, frame: CameraFrame) -> None:
        """Offers the newest frame."""
        with self._wake:
            self._frame = frame
            self._wake.notify()

    def change(self, settings: Settings) -> None:
        """Changes what is set of the settings; the first weights start the engine."""
        with self._wake:
            self._news = settings if self._news is None else self._news.then(settings)
            self._wake.notify()

    def close(self) -> None:
        """Ends the thread after the frame that is being worked on. May be called twice."""
        with self._wake:
            self._closed = True
            self._wake.notify()

    def wait(self, timeout: float) -> None:
        """Waits until the thread has ended, for so many seconds at most."""
        self._thread.join(timeout)

    def _tell(self, kind: str, **content: Any) -> None:
        self._page.tell(json.dumps({"type": kind, **content}))

    def _run(self) -> None:
        try:
            self._serve()
        except Exception as error:
            self._tell("failed", message=explain(error, BROKEN))
        finally:
            try:
                if self._engine is not None:
                    self._engine.close()
            except Exception:
                log.exception("a live session could not be closed in order")
            finally:
                self._engine = None
                give_back()
                self._ended()

    def _serve(self) -> None:
        while True:
            with self._wake:
                self._working, self._rested = False, time.monotonic()
                self._wake.wait_for(lambda: self._closed or self._news is not None or self._frame is not None)
                if self._closed:
                    return
                news, self._news = self._news, None
                frame, self._frame = self._frame, None
                self._working = True
            if news is not None:
                self._apply(news)
            if frame is not None:
                self._answer(frame)

    def _apply(self, news: Settings) -> None:
        """Makes the engine follow new settings; weights that cannot be used are told and change nothing."""
        self._chosen = self._chosen.then(news)
        if news.sets("weights"):
            self._use(news.weights)
        if self._engine is not None:
            self._engine.set_attention(self._chosen.attention)
            if news.sets("threshold"):
                self._engine.set_threshold(news.threshold)

    def _use(self, weights: str | None) -> None:
        try:
            recognizer = self._catalogue.load(weights)
            if self._engine is None:
                threshold = self._chosen.threshold
                self._engine = LiveEngine(recognizer, self._make_estimator, threshold=threshold)
            else:
                self._engine.set_recognizer(recognizer)
                give_back()
        except (WeightsError, ValueError) as error:
            self._tell("weights-failed", message=str(error))
            return
        self._tell(
            "ready",
            weights=recognizer.card.name,
            classes=list(recognizer.classes),
            subject=subject_of(recognizer.layout).name,
        )

    def _answer(self, frame: CameraFrame) -> None:
        if self._engine is None:
            self._page.answer(json.dumps({"type": "skipped", "captured": frame.captured}))
            return
        picture = frame.decode()
        if picture is None:
            skipped = {"type": "skipped", "captured": frame.captured, "message": UNUSABLE}
            self._page.answer(json.dumps(skipped))
            return
        view = self._engine.process(picture, frame.captured / 1000, mirror=True)
        self._page.answer(encode_view(view, frame.captured))
