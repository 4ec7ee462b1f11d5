"""The WebSocket for the user's own programs: what it tells, to whom, and what slow listeners get."""

from __future__ import annotations

import asyncio
import json
from time import sleep
from types import SimpleNamespace

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from app.core.catalogue import Catalogue
from app.core.events import Event
from app.door.endpoints import Endpoints
from app.door.guests import Door, Guests
from app.live.view import PersonAction
from app.web import events as under_test
from app.web.events import MOST_LISTENERS, MOST_WAITING, Events, _Listener
from app.web.server import create_server
from pose.layouts import KINETICS_18
from pose.skeleton import PersonPose
from recognizer.prediction import LabelScore
from tests.app.web.test_server import WAVER, answer, frame, settings_message
from tests.doubles import StandingEstimator, standing


def served(events: Events | None, guests: Guests | None = None) -> TestClient:
    """A server behind its door, as ``create_app`` builds it."""
    app: FastAPI = create_server(Catalogue.of({"waver": WAVER}), StandingEstimator, events=events)
    sockets = ("/live",) if events is None else ("/live", under_test.ROUTE)
    inside = Endpoints(app, lambda call: None, sockets)
    return TestClient(Door(inside, Guests() if guests is None else guests))


def view(time: float, *persons: PersonAction) -> SimpleNamespace:
    return SimpleNamespace(timestamp=time, persons=persons)


def somebody(
    person: int = 0, label: str | None = "squat", score: float = 0.9, down: float = 0.0
) -> PersonAction:
    pose = standing(640, 480)
    image = pose.image.copy()
    image[:25, 1] += 70 * down
    moved = PersonPose(image, pose.world, pose.visibility, pose.frame_size)
    return PersonAction(person, label, score, (LabelScore("squat", score),), moved)


def lines(socket, count: int) -> list[dict]:
    return [json.loads(socket.receive_text()) for _ in range(count)]


def test_a_program_is_told_what_the_page_shows():
    events = Events()
    with served(events) as client, client.websocket_connect("ws://localhost/events") as program:
        with client.websocket_connect("ws://localhost/live") as page:
            page.send_text(settings_message(weights="waver", threshold=0.65))
            answer(page)
            for number in range(40):
                page.send_bytes(frame(5000 + 1000 / 15 * number))
                answer(page)
                sleep(1 / 15)  # labels come by the clock
            unsure, sure = lines(program, 2)
        assert (unsure["label"], unsure["person"]) == (None, 0), "it has not led for long enough"
        assert sure == {
            "camera": 0, "time": sure["time"], "person": 0, "label": "wave",
            "score": sure["score"], "count": None,
        }  # fmt: skip
        assert 0 < sure["time"] < 3 and sure["score"] == pytest.approx(0.7, abs=0.01)
        (gone,) = lines(program, 1)  # the page has closed
        assert (gone["label"], gone["score"], gone["camera"]) == (None, 0, 0)


def test_each_repetition_is_told():
    events = Events()
    camera = events.camera()
    camera.use(SimpleNamespace(layout=KINETICS_18))
    told: list[Event] = []
    events.tell = lambda number, event: told.append(event)
    for time in np.arange(0, 7.4, 1 / 15):
        down = 0.0 if time < 1 else 0.5 - 0.5 * np.cos(np.pi * (time - 1))
        camera.look(view(100 + time, somebody(down=down)))
    assert [(event.label, event.count) for event in told] == [("squat", n) for n in range(4)]
    assert told[0].time == 0 and told[-1].time < 7.4
    camera.close()
    assert [(event.label, event.score) for event in told[4:]] == [(None, 0)]


def test_before_the_first_label_nothing_is_told():
    events = Events()
    camera = events.camera()
    camera.use(SimpleNamespace(layout=KINETICS_18))
    told: list[Event] = []
    events.tell = lambda number, event: told.append(event)
    waiting = PersonAction(0, None, 0.0, (), standing(640, 480))
    camera.look(view(0.0, waiting))
    assert told == []
    camera.look(view(0.1, somebody(label=None, score=0.3)))
    assert [(event.label, event.score) for event in told] == [(None, 0.3)]


def test_who_connects_later_is_told_how_it_stands():
    events = Events()
    events.tell(0, Event(1.0, 0, "wave", 0.8, None))
    events.tell(0, Event(2.0, 0, "squat", 0.9, 3))
    events.tell(1, Event(1.0, 0, "clap", 0.9, None))
    events.tell(0, Event(1.0, 1, "wave", 0.9, None))
    events.tell(0, Event(3.0, 1, None, 0.0, None))  # has gone
    with served(events) as client, client.websocket_connect("ws://localhost/events") as program:
        found = lines(program, 2)
        assert [(each["camera"], each["label"], each["count"]) for each in found] == [
            (0, "squat", 3),
            (1, "clap", None),
        ]
        events.tell(0, Event(4.0, 0, "squat", 0.9, 4))
        assert lines(program, 1)[0]["count"] == 4
        program.send_text("anything")
        events.tell(0, Event(5.0, 0, "squat", 0.9, 5))
        assert lines(program, 1)[0]["count"] == 5


def test_off_unless_asked_for():
    with (
        served(None) as client,
        pytest.raises(WebSocketDisconnect) as refused,
        client.websocket_connect("ws://localhost/events"),
    ):
        pass
    assert refused.value.code == 1008


@pytest.mark.parametrize(
    ("guests", "headers"),
    [
        (Guests(), {"origin": "https://elsewhere.example"}),
        (Guests(), {"origin": "null"}),
        (Guests(), {"host": "rebound.example"}),
        (Guests(), {"sec-fetch-site": "cross-site"}),
        (Guests(token="secret"), {}),
        (Guests(token="secret"), {"cookie": "pose2action-80=guess"}),
    ],
)
def test_others_stay_out(guests: Guests, headers: dict[str, str]):
    with (
        served(Events(), guests) as client,
        pytest.raises(WebSocketDisconnect) as refused,
        client.websocket_connect("ws://localhost/events", headers=headers),
    ):
        pass
    assert refused.value.code == 1008


@pytest.mark.parametrize(
    ("guests", "headers"),
    [
        (Guests(), {}),
        (Guests(), {"origin": "http://localhost"}),
        (Guests(origins=frozenset({"https://mine.example"})), {"origin": "https://mine.example"}),
        (Guests(token="secret"), {"cookie": "pose2action-80=secret"}),
    ],
)
def test_these_come_in(guests: Guests, headers: dict[str, str]):
    events = Events()
    events.tell(0, Event(1.0, 0, "wave", 0.8, None))
    with (
        served(events, guests) as client,
        client.websocket_connect("ws://localhost/events", headers=headers) as program,
    ):
        assert lines(program, 1)[0]["label"] == "wave"


def test_of_too_many_programs_the_last_is_turned_away(monkeypatch):
    assert MOST_LISTENERS >= 4
    monkeypatch.setattr(under_test, "MOST_LISTENERS", 2)
    events = Events()
    events.tell(0, Event(1.0, 0, "wave", 0.8, None))
    with served(events) as client:
        with (
            client.websocket_connect("ws://localhost/events") as one,
            client.websocket_connect("ws://localhost/events") as two,
        ):
            lines(one, 1), lines(two, 1)
            with client.websocket_connect("ws://localhost/events") as three:
                with pytest.raises(WebSocketDisconnect) as full:
                    three.receive_text()
            assert full.value.code == 1013
        with client.websocket_connect("ws://localhost/events") as again:
            lines(again, 1)


def test_a_slow_program_gets_the_newest_of_each_person():
    async def slow() -> list[dict]:
        listener = _Listener(asyncio.get_running_loop())
        listener.put((0, 7), Event(0.0, 7, "wave", 0.9, None).as_json(camera=0))  # and then stays
        for number in range(10_000):
            person = number % 3
            listener.put((0, person), Event(number, person, "squat", 0.9, number).as_json(camera=0))
        assert len(listener._waiting) <= MOST_WAITING
        return [json.loads(await listener.take()) for _ in range(len(listener._waiting))]

    found = asyncio.run(slow())
    newest = {each["person"]: each["count"] for each in found}
    assert newest == {7: None, 0: 9999, 1: 9997, 2: 9998}
    for person in range(3):
        counts = [each["count"] for each in found if each["person"] == person]
        assert counts == sorted(counts)


def test_more_people_than_lines_that_wait():
    async def crowd() -> int:
        listener = _Listener(asyncio.get_running_loop())
        for person in range(10 * MOST_WAITING):
            listener.put((0, person), "{}")
        return len(listener._waiting)

    assert asyncio.run(crowd()) <= MOST_WAITING


def test_a_camera_that_starts_anew_begins_at_0():
    events = Events()
    camera = events.camera()
    camera.use(SimpleNamespace(layout=KINETICS_18))
    told: list[Event] = []
    events.tell = lambda number, event: told.append(event)
    camera.look(view(50.0, somebody()))
    camera.look(view(55.0, somebody()))
    camera.look(view(3.0, somebody(label="wave")))
    assert [(event.time, event.label) for event in told] == [(0, "squat"), (5, None), (0, "wave")]
