"""Videos of what is taught, without a browser: only where they are asked for, beside the recordings."""

from __future__ import annotations

import json
import queue
import threading
from typing import Any

import pytest

from app.core.catalogue import Catalogue
from app.web.messages import parse_text
from app.web.school import School
from app.web.session import LiveSession
from recognizer.predictor import WindowRecognizer
from tests.app.web.pupils import SOON, Tab
from tests.app.web.test_film import frames, shown
from tests.browser.teach import PuppetEstimator
from tests.recognizer.own.motions import MOTIONS, pose
from tests.recognizer.own.rows import row_poses


def filmed(tab: Tab, seconds: float = 5.0) -> None:
    """The page's pictures are kept from 0.5 s on."""
    for frame in frames(seconds, start=0.5):
        tab.film.add(frame)


def test_a_video_is_kept_beside_its_recording_and_goes_where_it_goes(tab: Tab, school: School):
    filmed(tab)
    name = tab.teach("lift", "raise", film=True)["kept"]
    other = tab.teach("Lift", "raise", 1, film=True)["kept"]  # the same action
    told = tab.teach("lift", "raise", 2)
    assert [each["video"] for each in told["actions"][0]["recordings"]] == [True, True, False]
    made = school.home.open("mine")
    video = made.video("lift", name)
    assert len(shown(video)) == 60 and made.videos("lift") == (name, other)
    tab.say("delete", action="lift", recording=name)
    assert list(made.folder.rglob("*.mp4")) == [made.video("lift", other)]
    told = tab.say("undo")
    assert [each["video"] for each in told["actions"][0]["recordings"]] == [
        True,
        True,
        False,
    ] and video.is_file()
    tab.say("rename", action="lift", to="hoist")
    assert made.videos("hoist") == (name, other)


def test_each_of_several_in_a_row_has_its_video(tab: Tab, school: School):
    filmed(tab, 12.0)
    tab.pupil.people = {0: row_poses("raise", [(1.0, 3.0), (4.0, 6.0), (7.0, 9.0)], 10.0, start=1.0)}
    tab.say("record", action="lift", since=1000.0, until=11000.0, cuts=True, film=True)
    made = school.home.open("mine")
    assert len(made.recordings("lift")) == 3
    for name in made.recordings("lift"):
        assert len(shown(made.video("lift", name))) == len(made.read("lift", name).times)


def test_a_recording_stays_where_its_video_cannot_be_kept(
    tab: Tab, school: School, monkeypatch: pytest.MonkeyPatch
):
    told = tab.teach("lift", "raise", film=True)
    assert "Kept 2.0 s of lift. Its video was not kept: there are no pictures" in told["said"]

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    filmed(tab)
    monkeypatch.setattr("app.web.film.VideoWriter", full)
    told = tab.teach("lift", "raise", 1, film=True)
    assert "Kept 2.0 s of lift. Its video was not kept: No space left on device." in told["said"]
    assert told["learnt"] and len(school.home.open("mine").recordings("lift")) == 2
    assert school.home.open("mine").videos("lift") == ()


def test_pictures_of_one_recording_at_a_time_wait(tab: Tab, school: School):
    filmed(tab)
    tab.shows("raise")
    message = {"type": "teach-record", "collection": "mine", "action": "lift", "since": 1, "until": 4000}
    busy = threading.Event()
    tab.teaching._pool.submit(busy.wait, SOON)
    for film in (True, True, False):
        tab.teaching.hear(parse_text(json.dumps(message | {"film": film})))
    busy.set()
    kinds = [tab.heard.get(timeout=SOON)["type"] for _ in range(3)]
    assert kinds == ["teach-failed", "taught", "taught"]
    made = school.home.open("mine")
    assert len(made.recordings("lift")) == 2 and len(made.videos("lift")) == 1


class Waver(PuppetEstimator):
    """Sees somebody who lifts an arm, whatever the picture is."""

    def estimate(self, image: Any, timestamp: float) -> list:
        return [pose(MOTIONS["raise"](timestamp % 2 / 2))]


class Page:
    """Takes what a session says."""

    def __init__(self) -> None:
        self.answers: queue.Queue[str] = queue.Queue()
        self.told: queue.Queue[str] = queue.Queue()
        self.answer, self.tell = self.answers.put, self.told.put

    def hears(self, kind: str) -> dict[str, Any]:
        """The next message of a kind."""
        while True:
            message = json.loads(self.told.get(timeout=SOON))
            if message["type"] == kind:
                return message


@pytest.mark.parametrize(
    ("film", "pictures"),
    [
        ({}, 0),
        ({0: True}, 60),
        ({0: True, 20: False, 30: True}, 30),
        ({0: True, 59: False}, 0),
    ],
)
def test_a_session_keeps_pictures_only_while_that_is_set(
    school: School, banked: tuple[WindowRecognizer, str], film: dict[int, bool], pictures: int
):
    recognizer, name = banked
    page, ended = Page(), threading.Event()
    catalogue = Catalogue({name: recognizer.card}, lambda _: recognizer, name)
    session = LiveSession(catalogue, lambda _: Waver(), page, ended.set, school)
    session.hear(parse_text(json.dumps({"type": "settings", "weights": name})))
    page.hears("ready")
    shot = frames(2.0)
    for number, frame in enumerate(shot):
        if number in film:
            session.hear(parse_text(json.dumps({"type": "settings", "film": film[number]})))
        session.frame(frame)
        page.answers.get(timeout=SOON)
    asked = {"type": "teach-record", "collection": "mine", "action": "lift", "since": 900, "until": 3500}
    session.hear(parse_text(json.dumps(asked | {"film": True})))
    said = page.hears("taught")["said"]
    assert ("video was not kept" in said) == (not pictures)
    made = school.home.open("mine")
    (kept,) = made.recordings("lift")
    assert len(made.read("lift", kept).times) == 60
    videos = [shown(made.video("lift", each)) for each in made.videos("lift")]
    assert [len(video) for video in videos] == ([pictures] if pictures else [])
    if pictures:
        assert videos[0][0][0] == pytest.approx((60 - pictures) / 30, abs=1e-3)
    session.close()
    assert ended.wait(SOON) and session._film.between(-1e12, 1e12) == ()
