"""What the first live session needs (seconds of imports), loaded in advance, but not while a page opens.

Threads of Python take turns of 5 ms at running: while one imports, each of the hundred files of an opening
page waits several turns.
"""

from __future__ import annotations

import gc
import logging
import threading
import time

from starlette.types import ASGIApp, Receive, Scope, Send

from app.core.catalogue import Catalogue
from app.core.protocols import Estimator, MakeEstimator, make_mediapipe
from app.core.subjects import subject_of
from pose.layouts import SkeletonLayout
from recognizer.card import WeightsError

log = logging.getLogger(__name__)

QUIET = 1.0
"""Seconds without a request after which no page is opening: a slow browser computes for as long."""
PATIENCE = 15.0
"""Seconds after which it begins although there are requests."""


class Visits:
    """An application that knows when something was last asked of it.

    Args:
        app: what answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._last = time.monotonic()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._last = time.monotonic()
        await self._app(scope, receive, send)

    def wait_for_quiet(self, quiet: float = QUIET, patience: float = PATIENCE) -> None:
        """Returns once nothing was asked for so many seconds, or when patience ends."""
        end = time.monotonic() + patience
        while (now := time.monotonic()) < min(self._last + quiet, end):
            time.sleep(min(self._last + quiet, end) - now)


class FirstEstimator:
    """Makes pose estimators; the first one before it is asked for, which takes half a second.

    Args:
        make: makes one.
    """

    def __init__(self, make: MakeEstimator = make_mediapipe) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._prepared: tuple[SkeletonLayout, Estimator] | None = None
        self._asked = False

    def prepare(self, landmarks: SkeletonLayout) -> None:
        """Makes the first one, unless one was asked for; who asks meanwhile gets it."""
        with self._lock:
            if not self._asked:
                self._prepared = landmarks, self._make(landmarks)

    def __call__(self, landmarks: SkeletonLayout) -> Estimator:
        with self._lock:
            self._asked = True
            prepared, self._prepared = self._prepared, None
        if prepared is not None:
            if prepared[0] is landmarks:
                return prepared[1]
            prepared[1].close()
        return self._make(landmarks)


def warm_up(catalogue: Catalogue, visits: Visits, estimators: FirstEstimator) -> None:
    """Loads the default weights and the pose estimator when no page is opening."""
    visits.wait_for_quiet()
    try:
        recognizer = catalogue.load(None)
        estimators.prepare(subject_of(recognizer.layout).landmarks)
    except WeightsError:
        pass  # the page says so when they are asked for
    except Exception:
        log.exception("the recogniser could not be loaded in advance")
    # What the start has left over; the rest stays, and is never looked at again.
    gc.unfreeze()
    gc.collect()
    gc.freeze()
