"""Teaching beside a live session, without a browser: what is asked for is kept, and whoever asks is told."""

from __future__ import annotations

import json
import re
import threading
from pathlib import Path
from typing import Any

import pytest

from app.web import teaching
from app.web.messages import MessageError, parse_text
from app.web.school import School
from app.web.teach_messages import TeachRecord
from app.web.teaching import MOST_WAITING
from recognizer import weights
from recognizer.predictor import Recognizer, WindowRecognizer
from tests.app.web.pupils import SOON, Tab
from tests.recognizer.own.motions import poses
from tests.recognizer.own.rows import row_poses


def test_what_was_shown_is_kept_and_known_at_once(tab: Tab, school: School):
    for seed in range(3):
        told = tab.teach("lift", "raise", seed)
    assert told["type"] == "taught" and told["learnt"] and "Kept 2.0 s of lift" in told["said"]
    (action,) = told["actions"]
    assert len(action["recordings"]) == 3 and told["kept"] in [each["name"] for each in action["recordings"]]
    assert all(each["fit"] > 0.5 and not each["odd"] for each in action["recordings"])
    assert tab.pupil.recognizers[-1].classes[-1] == "lift"
    assert len(school.home.open("mine").recordings("lift")) == 3


def test_whoever_leaves_while_their_actions_are_learnt_is_left_alone(
    tab: Tab, school: School, monkeypatch: pytest.MonkeyPatch
):
    tab.teach("lift", "raise")
    given, learning, left = len(tab.pupil.recognizers), threading.Event(), threading.Event()
    learn = teaching.with_own

    def slowly(*words: Any) -> WindowRecognizer:
        learning.set()
        assert left.wait(SOON)
        return learn(*words)

    monkeypatch.setattr(teaching, "with_own", slowly)
    tab.teaching.hear(
        parse_text('{"type": "teach-sides", "collection": "mine", "action": "lift", "both_sides": true}')
    )
    assert learning.wait(SOON)
    tab.teaching.close()
    left.set()
    assert tab.heard.get(timeout=SOON)["type"] == "taught"
    assert len(tab.pupil.recognizers) == given


def test_other_weights_that_come_in_the_middle_do_not_mix_with_these(
    tab: Tab, school: School, monkeypatch: pytest.MonkeyPatch
):
    tab.teach("lift", "raise")
    name = "kinetics-18-stf-daily"
    other, of = Recognizer.load(name, device="cpu"), school.lessons.of

    def interrupted(*words: Any) -> list:
        lessons = of(*words)
        monkeypatch.setattr(school.lessons, "of", of)
        tab.teaching.use(tab.pupil, other, [name])
        return lessons

    monkeypatch.setattr(school.lessons, "of", interrupted)
    assert tab.say("list")["type"] == "taught"
    assert tab.heard.get(timeout=SOON)["type"] == "taught"
    assert tab.pupil.recognizers[-1].base is other


def test_one_that_does_not_look_like_the_others_is_told(tab: Tab):
    for seed in range(3):
        tab.teach("duck", "crouch", seed)
        told = tab.teach("lift", "circle", seed)
    told = tab.teach("lift", "crouch", 9)
    lift = next(each for each in told["actions"] if each["name"] == "lift")
    assert [each["odd"] for each in lift["recordings"]] == [False, False, False, True]


def test_only_the_asked_time_is_kept(tab: Tab, school: School):
    tab.shows("raise", 4.0)
    tab.say("record", action="lift", since=2000.0, until=3500.0)
    (name,) = school.home.open("mine").recordings("lift")
    assert school.home.open("mine").read("lift", name).duration == pytest.approx(1.5, abs=0.05)


def test_several_in_a_row_are_kept_one_by_one(tab: Tab, school: School):
    spans = [(1.0, 3.0), (4.0, 6.0), (7.0, 9.0)]
    tab.pupil.people = {0: row_poses("raise", spans, 30.0, start=1.0)}  # longer than one may be
    told = tab.say("record", action="lift", since=1000.0, until=31000.0, cuts=True)
    made = school.home.open("mine")
    names = made.recordings("lift")
    assert len(names) == 3 and told["kept"] == names[-1] and told["learnt"]
    assert re.fullmatch(r"Kept 3 of lift, of 2\.\d to 2\.\d s\.", told["said"])
    assert [made.read("lift", name).duration for name in names] == pytest.approx([2, 2, 2], abs=0.5)


def test_one_alone_and_a_row_without_rests_are_told(tab: Tab, school: School):
    tab.pupil.people = {0: row_poses("raise", [(1.0, 3.0)], 5.0, start=1.0)}
    said = tab.say("record", action="lift", since=1000.0, until=6000.0, cuts=True)["said"]
    assert "Kept only one of lift" in said and "stand still" in said
    tab.pupil.people = {0: row_poses("raise", [(0.0, 1.5), (1.5, 3.0), (3.0, 4.5)], 4.5, start=1.0)}
    told = tab.say("record", action="duck", since=1000.0, until=6000.0, cuts=True)
    assert told["type"] == "teach-failed" and "No rests were seen" in told["message"]
    assert school.home.open("mine").actions() == ("lift",)


@pytest.mark.parametrize(
    ("people", "sentence"),
    [
        ({}, "Nobody was in the picture"),
        ({0: poses("raise", 2.0, start=50.0)}, "Nobody was in the picture"),
        ({0: poses("raise", 0.2, start=1.0)}, "record at least"),
        ({0: poses("raise", 2.0, start=1.0)[::15]}, "Only 4 pictures of you came in 1.5 s"),
        ({0: poses("raise", 2.0, start=1.0), 1: poses("crouch", 2.0, start=1.0)}, "two are in the picture"),
    ],
)
def test_what_cannot_be_kept_is_told(tab: Tab, school: School, people: dict, sentence: str):
    tab.pupil.people = people
    told = tab.say("record", action="lift", since=500.0, until=4000.0)
    assert told["type"] == "teach-failed" and sentence in told["message"]
    assert school.home.names() == ()


def test_somebody_who_only_passes_by_does_not_hinder(tab: Tab):
    tab.pupil.people = {0: poses("raise", 2.0, start=1.0), 1: poses("crouch", 0.3, start=1.0)}
    assert tab.say("record", action="lift", since=500.0, until=4000.0)["type"] == "taught"


def test_deleting_renaming_and_undoing(tab: Tab, school: School, banked: tuple[WindowRecognizer, str]):
    first = tab.teach("lift", "raise")["kept"]
    tab.teach("lift", "raise", 1)
    told = tab.say("delete", action="lift", recording=first)
    assert [len(each["recordings"]) for each in told["actions"]] == [1] and told["undo"] == "lift"
    told = tab.say("undo")
    assert [len(each["recordings"]) for each in told["actions"]] == [2] and told["undo"] is None
    assert tab.say("rename", action="lift", to="hoist")["actions"][0]["name"] == "hoist"
    assert tab.say("sides", action="hoist", both_sides=True)["actions"][0]["both_sides"]
    told = tab.say("delete", action="hoist")
    assert told["actions"] == [] and not told["learnt"]
    assert tab.pupil.recognizers[-1] is banked[0], "no own action is left to recognise"
    assert tab.say("undo")["learnt"]
    assert tab.say("undo")["message"] == "There is nothing to undo."


def test_the_last_recording_takes_the_action_with_it(tab: Tab):
    name = tab.teach("lift", "raise")["kept"]
    assert tab.say("delete", action="lift", recording=name)["actions"] == []
    assert len(tab.say("undo")["actions"][0]["recordings"]) == 1


@pytest.mark.parametrize("name", ["../x", "", "a/b", ".x"])
def test_a_path_is_no_name(tab: Tab, school: School, name: str):
    told = tab.teach(name, "raise")
    assert told["type"] == "teach-failed" and "no name for an action" in told["message"]
    assert all(school.home.open(each).actions() == () for each in school.home.names())


def test_a_full_disk_is_told_and_nothing_is_lost(tab: Tab, school: School, monkeypatch: pytest.MonkeyPatch):
    tab.teach("lift", "raise")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("recognizer.own.collection.write_recording", full)
    told = tab.teach("lift", "raise", 1)
    assert told == {
        "type": "teach-failed",
        "message": "Nothing was kept: No space left on device. Make room and try again.",
    }
    assert len(school.home.open("mine").recordings("lift")) == 1


def test_weights_without_a_bank_keep_the_recording_and_say_why(school: School, tmp_path: Path):
    recognizer = Recognizer.untrained(frames=16)
    path = weights.save(weights.build_network(recognizer.card), recognizer.card, tmp_path)
    told = Tab(school, recognizer, [str(path)]).teach("lift", "raise")
    assert not told["learnt"] and "own bank" in told["said"] and len(told["actions"]) == 1


def test_another_tab_learns_what_this_one_teaches(school: School, banked: tuple[WindowRecognizer, str]):
    one, two = (Tab(school, banked[0], [banked[1]]) for _ in range(2))
    one.teach("lift", "raise")
    two.teaching.choose("mine")
    assert two.heard.get(timeout=SOON)["actions"][0]["name"] == "lift"
    one.teach("duck", "crouch")
    two.teaching.look()
    told = two.heard.get(timeout=SOON)
    assert [each["name"] for each in told["actions"]] == ["duck", "lift"]
    assert two.pupil.recognizers[-1].classes[-2:] == ("duck", "lift")
    two.teaching.look()
    assert two.heard.empty()


def test_own_actions_can_be_switched_off(tab: Tab, banked: tuple[WindowRecognizer, str]):
    tab.teach("lift", "raise")
    tab.teaching.choose(None)
    tab.say("list")
    assert tab.pupil.recognizers[-1] is banked[0]


def test_skeletons_are_shown(tab: Tab):
    name = tab.teach("lift", "raise")["kept"]
    told = tab.say("show", action="lift")
    loop = told["loops"][name]
    assert told["action"] == "lift" and len(loop) == 16 and len(loop[0]) == 66
    assert max(abs(each) for frame in loop for each in frame) <= 500


def test_hints_help(tab: Tab):
    assert any("twice more" in hint for hint in tab.teach("lift", "raise")["actions"][0]["hints"])
    for seed in (1, 2):
        told = tab.teach("lift", "raise", seed)
    assert any("same side" in hint for hint in told["actions"][0]["hints"])


def test_a_page_that_asks_for_too_much_is_told(tab: Tab):
    message = parse_text(json.dumps({"type": "teach-list", "collection": "mine"}))
    busy = threading.Event()
    tab.teaching._pool.submit(busy.wait, SOON)
    for _ in range(MOST_WAITING + 5):
        tab.teaching.hear(message)
    busy.set()
    kinds = [tab.heard.get(timeout=SOON)["type"] for _ in range(MOST_WAITING)]
    assert "teach-failed" in kinds


@pytest.mark.parametrize(
    "message",
    [
        {"type": "teach-record", "collection": "mine", "action": "a", "since": "1", "until": 2.0},
        {"type": "teach-record", "collection": "mine", "action": "a", "since": 1.0, "until": 1e300},
        {"type": "teach-record", "collection": "mine", "action": "a" * 300, "since": 1.0, "until": 2.0},
        {"type": "teach-list"},
        {"type": "teach-list", "collection": "mine", "more": 1},
        {"type": "teach-fly", "collection": "mine"},
    ],
)
def test_messages_that_are_none_are_refused(message: dict):
    with pytest.raises(MessageError):
        parse_text(json.dumps(message))


def test_a_message_is_read_as_it_is_meant():
    text = '{"type": "teach-record", "collection": "mine", "action": "a", "since": 1, "until": 2.5}'
    assert parse_text(text) == TeachRecord(collection="mine", action="a", since=1.0, until=2.5)
