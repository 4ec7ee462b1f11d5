"""One browser tab's live session: an engine in a thread of its own, fed with the newest frame."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from app.core.catalogue import Catalogue
from app.core.failures import explain
from app.core.protocols import MakeEstimator
from app.live.engine import LiveEngine
from app.web.answers import ready, recorded, seen, told
from app.web.events import CameraEvents
from app.web.film import Film
from app.web.messages import (
    MAX_PIXELS,
    MAX_SIDE,
    CameraFrame,
    MessageError,
    PageMessage,
    RecordRequest,
    Settings,
)
from app.web.school import School
from app.web.teaching import Teaching
from recognizer.card import WeightsError
from recognizer.predictor import WindowRecognizer

log = logging.getLogger(__name__)

MOST_WAITING = 16
"""Text messages that wait at most; settings that follow each other are one."""
BROKEN = "The program failed while it looked at the picture. Press Start again."
UNUSABLE = (
    "A picture from this page could not be used: pictures are whole JPEGs of at most "
    f"{MAX_PIXELS} pixels, and of {MAX_SIDE} a side."
)


class Page(Protocol):
    """Takes what a session has to say (``app.web.outbox.Outbox``); any thread may call its methods."""

    def answer(self, message: str) -> None: ...

    def tell(self, message: str) -> None: ...


class LiveSession:
    """Runs a ``LiveEngine`` beside the event loop; a newer frame replaces one that still waits.

    Args:
        catalogue: where weights come from.
        make_estimator: gives this session's own pose estimators.
        page: takes the answers, one a frame, and all else that there is to say.
        ended: called once, from the session's thread, when nothing computes for it any more.
        school: own actions, shared with other sessions; None is one of its own.
        events: told of what changes, where programs of the user may listen; None where they may not.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        make_estimator: MakeEstimator,
        page: Page,
        ended: Callable[[], None],
        school: School | None = None,
        events: CameraEvents | None = None,
    ) -> None:
        self._catalogue, self._make_estimator = catalogue, make_estimator
        self._page, self._ended, self._events = page, ended, events
        self._wake = threading.Condition()
        self._frame: CameraFrame | None = None
        self._messages: deque[PageMessage] = deque()
        self._working, self._rested = False, time.monotonic()
        self._closed = False
        self._chosen = Settings()
        self._engine: LiveEngine | None = None
        self._film = Film()
        school = School() if school is None else school
        self._teaching = Teaching(school, page.tell, self._ready, self._film)
        self._thread = threading.Thread(target=self._run, name="live-session", daemon=True)
        self._thread.start()

    @property
    def worked_until(self) -> float:
        """When it last had something of the page to work on, by ``time.monotonic``: now, if it has."""
        with self._wake:
            works = self._working or self._frame is not None or bool(self._messages)
            return time.monotonic() if works else self._rested

    def frame(self, frame: CameraFrame) -> None:
        """Offers the newest frame."""
        with self._wake:
            self._frame = frame
            self._wake.notify()

    def hear(self, message: PageMessage) -> None:
        """Takes a text message; settings that follow others overrule them.

        Raises:
            MessageError: too many wait already.
        """
        with self._wake:
            last = self._messages[-1] if self._messages else None
            if isinstance(message, Settings) and isinstance(last, Settings):
                self._messages[-1] = last.then(message)
            elif len(self._messages) == MOST_WAITING:
                raise MessageError(f"{MOST_WAITING} messages wait already, send fewer")
            else:
                self._messages.append(message)
            self._wake.notify()

    def close(self) -> None:
        """Ends the thread after the frame that is being worked on. May be called twice."""
        with self._wake:
            self._closed = True
            self._wake.notify()

    def wait(self, timeout: float) -> None:
        """Waits until the thread has ended, for so many seconds at most."""
        self._thread.join(timeout)

    def _run(self) -> None:
        try:
            self._serve()
        except Exception as error:
            self._page.tell(told("failed", message=explain(error, BROKEN)))
        finally:
            self._teaching.close()
            self._film.clear()
            if self._events is not None:
                self._events.close()
            try:
                if self._engine is not None:
                    self._engine.close()
            except Exception:
                log.exception("a live session could not be closed in order")
            finally:
                self._engine = None
                self._ended()

    def _serve(self) -> None:
        while True:
            with self._wake:
                self._working, self._rested = False, time.monotonic()
                self._wake.wait_for(lambda: self._closed or self._messages or self._frame is not None)
                if self._closed:
                    return
                messages, self._messages = self._messages, deque()
                frame, self._frame = self._frame, None
                self._working = True
            for message in messages:
                self._do(message)
            if frame is not None:
                self._answer(frame)

    def _do(self, message: PageMessage) -> None:
        """Does what a text message asks for. Each kind has a line here."""
        match message:
            case Settings():
                self._apply(message)
            case RecordRequest():
                if self._engine is not None:
                    self._page.tell(recorded(self._engine.record()))
            case _:
                self._teaching.hear(message)

    def _apply(self, news: Settings) -> None:
        """Makes the engine follow new settings; weights that cannot be used are told and change nothing."""
        self._chosen = self._chosen.then(news)
        if news.sets("weights"):
            self._use(news.weights)
        if self._engine is not None:
            self._engine.set_attention(self._chosen.attention)
            if news.sets("threshold"):
                self._engine.set_threshold(news.threshold)
        if not self._chosen.film:
            self._film.clear()
        if news.sets("own"):
            self._teaching.choose(news.own)

    def _use(self, weights: str | None) -> None:
        try:
            recognizer = self._catalogue.load(weights)
            if self._engine is None:
                threshold = self._chosen.threshold
                self._engine = LiveEngine(recognizer, self._make_estimator, threshold=threshold)
            else:
                self._engine.set_recognizer(recognizer)
        except (WeightsError, ValueError) as error:
            self._page.tell(told("weights-failed", message=str(error)))
            return
        self._ready(recognizer)
        self._teaching.use(self._engine, recognizer, self._catalogue.members(weights))

    def _ready(self, recognizer: WindowRecognizer) -> None:
        self._page.tell(ready(recognizer.card.name, recognizer.classes, recognizer.layout))
        if self._events is not None:
            self._events.use(recognizer)

    def _answer(self, frame: CameraFrame) -> None:
        if self._engine is None:
            self._page.answer(told("skipped", captured=frame.captured))
            return
        picture = frame.decode()
        if picture is None:
            self._page.answer(told("skipped", captured=frame.captured, message=UNUSABLE))
            return
        if self._chosen.film:
            self._film.add(frame)
        self._teaching.look()
        view = self._engine.process(picture, frame.captured / 1000)
        if self._events is not None:
            self._events.look(view)
        self._page.answer(seen(view, frame.captured))
