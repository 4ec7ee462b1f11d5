"""Engines that run as fast as their recogniser answers."""

from __future__ import annotations

import time

import numpy as np
import pytest

from app.live.engine import LiveEngine
from pose.layouts import MEDIAPIPE_HAND_21
from tests.doubles import open_hand

PICTURE = np.full((480, 640, 3), 60, np.uint8)


@pytest.fixture
def live(fakes):
    """Builds engines and closes them; ``live.run`` plays frames as fast as the recogniser answers."""
    engines = []

    class Live:
        def engine(self, recognizer=None, poses=None, **options):
            self.estimators = []
            self.recognizer = recognizer or fakes.Recognizer()

            def make_estimator(landmarks):
                seen = [open_hand()] if landmarks is MEDIAPIPE_HAND_21 else [fakes.pose()]
                self.estimators.append(fakes.Estimator(poses or (lambda t: seen)))
                return self.estimators[-1]

            options = {"label_rate": 1000, **options}
            engines.append(LiveEngine(self.recognizer, make_estimator, **options))
            return engines[-1]

        @property
        def estimator(self):
            return self.estimators[0]

        @staticmethod
        def run(engine, start, stop, step=0.1):
            views = []
            for timestamp in np.arange(start, stop - 1e-9, step):
                views.append(engine.process(PICTURE, float(timestamp)))
                until = time.monotonic() + 5
                while not engine._worker.idle and time.monotonic() < until:
                    time.sleep(0.001)
            return views

    yield Live()
    for engine in engines:
        engine.close()
