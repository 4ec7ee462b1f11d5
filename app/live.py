"""One browser tab's live session: an engine in a thread of its own, fed with the newest frame."""

from __future__ import annotations

import json
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from app.catalogue import Catalogue
from app.engine import LiveEngine, LiveView
from app.failures import explain
from app.heat import panel, ticks_until_now
from app.parts import MakeEstimator
from app.subjects import subject_of
from recognizer.weights import WeightsError

JPEG_QUALITY = 80
MAX_PIXELS = 1920 * 1920
"""Larger pictures are refused: the page sends at most 640 pixels a side."""
BROKEN = "The program failed while it looked at the picture. Press Start again."

Message = bytes | str
"""A binary message is one answered frame; a text message is JSON with a "type"."""


@dataclass(frozen=True)
class CameraFrame:
    """A frame as it came from the page: capture time in milliseconds on the page's clock, and a JPEG."""

    captured: float
    jpeg: bytes

    @classmethod
    def parse(cls, message: bytes) -> CameraFrame:
        """Reads 8 bytes of little-endian float64 and the JPEG behind them.

        Raises:
            ValueError: too short, or a time that is no number.
        """
        if len(message) <= 8:
            raise ValueError("a frame needs 8 bytes of time and a JPEG")
        (captured,) = struct.unpack_from("<d", message)
        if not np.isfinite(captured):
            raise ValueError("a frame's time must be a number")
        return cls(captured, message[8:])

    def decode(self) -> np.ndarray | None:
        """(H, W, 3) uint8 RGB, or None where it is no picture or a far too large one."""
        picture = cv2.imdecode(np.frombuffer(self.jpeg, np.uint8), cv2.IMREAD_COLOR)
        if picture is None or picture.shape[0] * picture.shape[1] > MAX_PIXELS:
            return None
        return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


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
                "score": round(person.score, 3),
                "top": [[each.label, round(each.score, 3)] for each in person.top5],
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
        send: takes the messages for the page; called from the session's thread.
    """

    def __init__(
        self, catalogue: Catalogue, make_estimator: MakeEstimator, send: Callable[[Message], None]
    ) -> None:
        self._catalogue, self._make_estimator, self._send = catalogue, make_estimator, send
        self._wake = threading.Condition()
        self._frame: CameraFrame | None = None
        self._settings: dict[str, Any] = {}
        self._attention = False
        self._closed = False
        self._engine: LiveEngine | None = None
        self._thread = threading.Thread(target=self._run, name="live-session", daemon=True)
        self._thread.start()

    def frame(self, frame: CameraFrame) -> None:
        """Offers the newest frame."""
        with self._wake:
            self._frame = frame
            self._wake.notify()

    def change(self, settings: dict[str, Any]) -> None:
        """Changes ``weights`` (a name; the first one starts the engine), ``threshold`` (0 to 1) or
        ``attention`` (whether to tell what the network looks at)."""
        with self._wake:
            self._settings.update(settings)
            self._wake.notify()

    def close(self) -> None:
        """Ends the thread and closes the engine; waits for the frame that is being worked on."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._thread.join(timeout=10)

    def _tell(self, kind: str, **content: Any) -> None:
        self._send(json.dumps({"type": kind, **content}))

    def _run(self) -> None:
        try:
            while True:
                with self._wake:
                    self._wake.wait_for(lambda: self._closed or self._settings or self._frame)
                    if self._closed:
                        return
                    settings, self._settings = self._settings, {}
                    frame, self._frame = self._frame, None
                if settings:
                    self._apply(settings)
                if frame is not None:
                    self._answer(frame)
        except Exception as error:
            self._tell("failed", message=explain(error, BROKEN))
        finally:
            if self._engine is not None:
                self._engine.close()

    def _apply(self, settings: dict[str, Any]) -> None:
        """Makes the engine follow new settings; bad ones are told to the page and change nothing."""
        threshold = settings.get("threshold")
        if threshold is not None:
            threshold = min(max(float(threshold), 0.0), 1.0)
        self._attention = settings.get("attention", self._attention)
        if "weights" in settings:
            try:
                recognizer = self._catalogue.load(settings["weights"])
                if self._engine is None:
                    self._engine = LiveEngine(recognizer, self._make_estimator, threshold=threshold)
                else:
                    self._engine.set_recognizer(recognizer)
            except (WeightsError, ValueError) as error:
                self._tell("weights-failed", message=str(error))
                return
            self._tell(
                "ready",
                weights=recognizer.card.name,
                classes=list(recognizer.classes),
                subject=subject_of(recognizer.layout).name,
            )
        if self._engine is not None:
            self._engine.set_attention(self._attention)
            if threshold is not None:
                self._engine.set_threshold(threshold)

    def _answer(self, frame: CameraFrame) -> None:
        picture = frame.decode()
        if picture is None or self._engine is None:
            self._tell("skipped", captured=frame.captured)
            return
        view = self._engine.process(picture, frame.captured / 1000, mirror=True)
        self._send(encode_view(view, frame.captured))
