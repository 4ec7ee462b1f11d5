"""The live WebSocket, as the page talks to it, and the limit of sessions."""

from __future__ import annotations

import json
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import numpy as np
import pytest
from fastapi.testclient import TestClient

from app.core.catalogue import Catalogue
from app.web.messages import CameraFrame
from app.web.server import STATIC, STATIC_ROUTE, SessionLimit, create_server
from pose.layouts import KINETICS_18, MEDIAPIPE_HAND_21, SkeletonLayout
from recognizer.card import WeightsError
from tests.doubles import StandingEstimator, SteadyRecognizer, standing

WAVER = SteadyRecognizer("waver", {"wave": 0.7, "clap": 0.2, "arm_curl": 0.1})
CLAPPER = SteadyRecognizer("clapper", {"idle_standing": 0.2, "clap": 0.8}, layout="ntu-25")
GRABBER = SteadyRecognizer("grabber", {"grab": 0.9, "tap": 0.1}, layout="shrec-22")


class Damaged(Catalogue):
    """Weights of which one set turns out to be damaged."""

    def load(self, name):
        if name == "damaged":
            raise WeightsError("damaged.safetensors is damaged: its hash is not the one in its card.")
        return super().load(name)


class Harness:
    """A server and everything that its estimators saw."""

    def __init__(self, most: int = 4) -> None:
        self.estimators: list[StandingEstimator] = []
        self.limit = SessionLimit(most)
        weights = Damaged.of({"waver": WAVER, "clapper": CLAPPER, "grabber": GRABBER})
        self.client = TestClient(create_server(weights, self._estimator, self.limit))

    def _estimator(self, landmarks: SkeletonLayout) -> StandingEstimator:
        self.estimators.append(StandingEstimator(landmarks))
        return self.estimators[-1]

    @contextmanager
    def session(self, **settings) -> Iterator:
        with self.client.websocket_connect("/live") as socket:
            socket.send_text(settings_message(weights=settings.pop("weights", "waver"), **settings))
            yield socket


@pytest.fixture
def harness() -> Harness:
    return Harness()


def picture(width: int = 320, height: int = 240) -> np.ndarray:
    """Red on the left, blue on the right."""
    image = np.zeros((height, width, 3), np.uint8)
    image[:, : width // 2, 0] = 220
    image[:, width // 2 :, 2] = 220
    return image


def settings_message(**settings) -> str:
    return json.dumps({"type": "settings", **settings})


def frame(milliseconds: float, image: np.ndarray | None = None) -> bytes:
    bgr = cv2.cvtColor(picture() if image is None else image, cv2.COLOR_RGB2BGR)
    return struct.pack("<d", milliseconds) + cv2.imencode(".jpg", bgr)[1].tobytes()


def answer(socket) -> dict:
    """The next message."""
    return json.loads(socket.receive_text())


def watch(socket, seconds: float, since: float = 0.0) -> dict:
    """Sends frames at 15 a second of camera time and gives the state after the last."""
    state = {}
    for number in range(round(15 * seconds)):
        socket.send_bytes(frame(1000 * since + 1000 / 15 * number))
        state = answer(socket)
        time.sleep(0.02)  # the recogniser answers beside the frames
    return state


def test_landmarks_come_back_and_the_picture_reaches_the_estimator_as_it_was(harness: Harness):
    with harness.session() as socket:
        ready = answer(socket)
        joints = ready.pop("joints")
        assert ready == {
            "type": "ready", "weights": "waver", "classes": ["wave", "clap", "arm_curl"], "subject": "person",
        }  # fmt: skip
        neck, wrist = KINETICS_18.index("neck"), KINETICS_18.index("right_wrist")
        assert joints[neck] == [11, 12] and joints[wrist] == [16]
        socket.send_bytes(frame(1234.5))
        state = answer(socket)
    assert (state["type"], state["captured"]) == ("seen", 1234.5)
    (person,) = state["persons"]
    places = np.reshape(person["points"], (33, 2)) / 10_000 * [320, 240]
    np.testing.assert_allclose(places, standing(320, 240).image, atol=0.02)
    assert person["visibility"] == [100] * 33
    (estimator,) = harness.estimators
    seen = estimator.pictures[0]
    assert seen[200, 20, 0] > 150 > seen[200, 20, 2], "not mirrored: red on the left"
    assert estimator.times == [1.2345]
    assert estimator.closed


def test_the_action_and_its_scores_arrive(harness: Harness):
    with harness.session() as socket:
        socket.receive_text()
        state = watch(socket, seconds=2)
    (person,) = state["persons"]
    assert person["label"] == "wave"
    assert [name for name, _ in person["top"]] == ["wave", "clap", "arm_curl"]
    assert person["top"][0][1] == pytest.approx(0.7, abs=0.01)
    assert state["message"] == ""
    assert 900 < person["since"] < 1900, "milliseconds, as the frames have them"


def test_threshold_and_weights_take_effect_while_it_runs(harness: Harness):
    with harness.session() as socket:
        socket.receive_text()
        assert watch(socket, 2)["persons"][0]["label"] == "wave"
        socket.send_text(settings_message(threshold=0.95))
        state = watch(socket, 2, since=2)
        assert state["persons"][0]["label"] is None
        assert state["persons"][0]["top"][0][0] == "wave"
        socket.send_text(settings_message(weights="clapper", threshold=0.3))
        assert answer(socket)["classes"] == ["idle_standing", "clap"]
        assert watch(socket, 2, since=4)["persons"][0]["label"] == "clap"
        assert len(harness.estimators) == 1


def test_weights_of_hands_can_be_chosen_while_it_runs(harness: Harness):
    with harness.session(attention=True) as socket:
        socket.receive_text()
        assert watch(socket, 2)["persons"][0]["label"] == "wave"
        socket.send_text(settings_message(weights="grabber"))
        ready = answer(socket)
        assert (ready["classes"], ready["subject"]) == (["grab", "tap"], "hand")
        state = watch(socket, 2, since=2)
        assert state["persons"][0]["label"] == "grab"
        assert len(state["persons"][0]["points"]) == 2 * 21
    bodies, hands = harness.estimators
    assert hands.landmarks is MEDIAPIPE_HAND_21 and hands.times[0] == 2.0
    assert bodies.closed and hands.closed


def test_what_the_network_looks_at_comes_with_new_labels_once_it_is_asked_for(harness: Harness):
    def told(socket, since: float, frames: int = 30) -> list[dict | None]:
        found = []
        for number in range(frames):
            socket.send_bytes(frame(1000 * since + 1000 / 15 * number))
            found.append(answer(socket).get("attention"))
            time.sleep(0.02)
        return found

    with harness.session() as socket:
        socket.receive_text()
        assert told(socket, 0) == [None] * 30
        socket.send_text(settings_message(attention=True))
        answers = told(socket, 2)
        panels = [each for each in answers if each]
        assert 1 <= len(panels) < 20, "at the label rate, not at the frame rate"
        ((panel,),) = panels[-1:]
        body, over_time = panel["figures"]
        wrist = body["names"].index("right wrist")
        assert body["values"][wrist] == 1 and sum(body["values"]) == 1
        assert body["points"][wrist][0] > 0.1, "mirrored as the picture is: the right hand is on the right"
        assert over_time["cells"][wrist] == [0] * 7 + [1] and over_time["ticks"][-1] == [1.0, "now"]
        socket.send_text(settings_message(attention=False))
        assert told(socket, 4) == [None] * 30


@pytest.mark.parametrize("name", ["damaged", "unheard_of"])
def test_weights_that_cannot_be_used_are_told_and_the_old_ones_stay(harness: Harness, name: str):
    with harness.session() as socket:
        socket.receive_text()
        socket.send_text(settings_message(weights=name))
        told = answer(socket)
        assert told["type"] == "weights-failed"
        assert name in told["message"]
        if name == "unheard_of":
            assert "waver, clapper" in told["message"]
        assert watch(socket, 2)["persons"][0]["label"] == "wave"


def test_a_session_recovers_when_its_first_weights_are_damaged(harness: Harness):
    with harness.session(weights="damaged") as socket:
        assert answer(socket)["type"] == "weights-failed"
        socket.send_bytes(frame(0))
        assert answer(socket) == {"type": "skipped", "captured": 0.0}
        socket.send_text(settings_message(weights="waver"))
        assert answer(socket)["type"] == "ready"
        socket.send_bytes(frame(50))
        assert answer(socket)["captured"] == 50


def test_one_tab_too_many_is_told_so_and_a_place_becomes_free():
    harness = Harness(most=2)
    with harness.session() as first:
        first.receive_text()
        with harness.session() as second:
            second.receive_text()
            with harness.client.websocket_connect("/live") as third:
                told = json.loads(third.receive_text())
                assert told == {
                    "type": "refused",
                    "message": "This demo already serves 2 cameras; close another tab and press Start again.",
                }
                assert third.receive()["type"] == "websocket.close"
        for _ in range(100):
            if harness.limit.running == 1:
                break
            time.sleep(0.05)
        with harness.session() as again:
            assert json.loads(again.receive_text())["type"] == "ready"
        first.send_bytes(frame(0))
        assert answer(first)["captured"] == 0, "the first tab was not disturbed"


def test_two_sessions_have_their_own_state(harness: Harness):
    with harness.session() as one, harness.session(weights="clapper") as two:
        one.receive_text(), two.receive_text()
        assert watch(one, 2)["persons"][0]["label"] == "wave"
        assert watch(two, 2)["persons"][0]["label"] == "clap"
    assert len(harness.estimators) == 2


@pytest.mark.parametrize(
    "message",
    [b"\0" * 8 + b"no jpeg at all", frame(7, np.zeros((2400, 2400, 3), np.uint8))],
    ids=["text", "huge"],
)
def test_what_is_no_usable_picture_is_skipped(harness: Harness, message: bytes):
    with harness.session() as socket:
        socket.receive_text()
        socket.send_bytes(message)
        assert answer(socket)["type"] == "skipped"
        socket.send_bytes(frame(20))
        assert answer(socket)["captured"] == 20


@pytest.mark.parametrize(
    "message",
    [
        "not json",
        "[1]",
        '{"type": "settings", "threshold": NaN}',
        '{"type": "settings", "threshold": 2}',
        '{"type": "settings", "unknown": 1}',
        '{"type": "settings", "weights": 3}',
        '{"type": "settings", "threshold": "high"}',
        '{"type": "settings", "attention": 1}',
        b"short",
    ],
)
def test_messages_that_are_none_end_in_a_sentence_not_in_a_crash(harness: Harness, message: str | bytes):
    with harness.session() as socket:
        socket.receive_text()
        (socket.send_bytes if isinstance(message, bytes) else socket.send_text)(message)
        told = answer(socket)
        assert told["type"] == "failed"
        assert told["message"].startswith("Not understood")
        socket.send_bytes(frame(1))
        assert answer(socket)["captured"] == 1


def test_an_estimator_that_breaks_is_told_in_a_sentence(harness: Harness):
    with harness.session() as socket:
        socket.receive_text()
        harness.estimators[0].estimate = lambda image, timestamp: 1 / 0
        socket.send_bytes(frame(0))
        told = answer(socket)
    assert told["type"] == "failed"
    assert "ZeroDivision" not in told["message"]
    assert harness.estimators[0].closed


def test_old_frames_are_dropped_and_never_queued(harness: Harness):
    begun, go_on = threading.Event(), threading.Event()
    with harness.session() as socket:
        socket.receive_text()
        original = harness.estimators[0].estimate

        def slow(image, timestamp):
            begun.set()
            go_on.wait(10)
            return original(image, timestamp)

        harness.estimators[0].estimate = slow
        socket.send_bytes(frame(0))
        assert begun.wait(10)
        for milliseconds in (10, 20, 30, 40):
            socket.send_bytes(frame(milliseconds))
        socket.send_text(settings_message(weights="unheard_of"))  # comes behind the frames
        time.sleep(0.3)
        go_on.set()
        answers = [answer(socket), answer(socket)]
        if answers[-1].get("captured") != 40:  # the first answer was sent before the newer one replaced it
            answers.append(answer(socket))
    assert [each["type"] for each in answers].count("weights-failed") == 1
    assert [each["captured"] for each in answers if "captured" in each] in ([0, 40], [40])
    assert harness.estimators[0].times == [0.0, 0.04]


def test_frames_need_a_time():
    with pytest.raises(ValueError, match="number"):
        CameraFrame.parse(struct.pack("<d", float("nan")) + b"jpeg")


def test_the_pages_own_files_are_served_fresh(harness: Harness):
    for path in STATIC.iterdir():
        answer = harness.client.get(f"{STATIC_ROUTE}/{path.name}")
        assert answer.content == path.read_bytes()
        assert answer.headers["cache-control"] == "no-cache"


def test_no_weights_at_all_is_a_sentence():
    with pytest.raises(WeightsError, match="no weights"):
        Catalogue({}).load(None)
