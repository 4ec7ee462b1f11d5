"""What counts as a failure of the server, of a soak and of a command that was killed."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.stress.inputs.requests import Request
from benchmarks.stress.kills import Victim, finish, kill_once
from benchmarks.stress.process import least_memory
from benchmarks.stress.soak import REST, REST_EVERY, Rests, Sample, trends
from benchmarks.stress.trials.commands import run_command
from benchmarks.stress.trials.events import judge_line
from benchmarks.stress.trials.graphs import difference
from benchmarks.stress.trials.landmarks import wrong_json
from benchmarks.stress.trials.live import Garbage, read_answer
from benchmarks.stress.trials.live import judge as judge_talk
from benchmarks.stress.trials.requests import judge as judge_request
from benchmarks.stress.verdict import of_error, refused
from benchmarks.stress.visitors import Switcher, Visitor
from benchmarks.stress.wire import Answer
from pose.sources import SourceError
from recognizer.attention import AttentionMaps
from recognizer.own.errors import CollectionError
from recognizer.prediction import Prediction

PLAIN = "HTTP/1.1 {} x\r\nContent-Type: text/plain"


def test_only_errors_for_users_are_sentences():
    assert of_error(SourceError("This is no video.")).outcome == "refused"
    assert of_error(ValueError("math domain error")).failed
    assert of_error(SourceError("")).failed
    assert of_error(SourceError("x" * 100_000)).failed
    assert refused("The program failed while it looked at the picture. Press Start again.").failed


@pytest.mark.parametrize(
    ("status", "body", "stranger", "outcome"),
    [
        (200, b"{}", False, "processed"),
        (404, b"There is nothing here.", False, "refused"),
        (503, b"Too many videos are arriving.", False, "refused"),
        (500, b"Internal Server Error", False, "failed"),
        (0, b"", False, "failed"),
        (200, b"<html>", True, "failed"),
        (403, b"Another site asks for this.", True, "refused"),
        (400, b"Traceback (most recent call last):", False, "failed"),
    ],
)
def test_answers_to_requests(status: int, body: bytes, stranger: bool, outcome: str):
    answer = Answer(status, PLAIN.format(status) if status else "", body, True)
    assert judge_request(Request("GET", "/", stranger=stranger), answer).outcome == outcome


@pytest.mark.parametrize(
    ("told", "end", "outcome"),
    [
        ([], "answered", "processed"),
        ([{"type": "failed", "message": "Not understood: no number."}], "answered", "refused"),
        ([{"type": "failed", "message": "The program failed. Press Start again."}], "ended", "failed"),
        ([], "silent", "failed"),
        ([], "closed (without a goodbye)", "failed"),
        ([{"type": "failed", "message": "Too large."}], "closed (1009)", "refused"),
    ],
)
def test_ends_of_conversations(told: list[dict], end: str, outcome: str):
    assert judge_talk(told, end).outcome == outcome


@pytest.mark.parametrize("score", ["NaN", "1.5", "-0.1", "Infinity"])
def test_scores_that_are_none_are_garbage(score: str):
    person = f'{{"label": "wave", "score": {score}, "top": [], "points": null, "visibility": null}}'
    with pytest.raises(Garbage):
        read_answer(f'{{"type": "seen", "captured": 1, "persons": [{person}]}}')


@pytest.mark.parametrize(
    "content",
    [
        {"actions": [{"recordings": [{"seconds": 1.0, "fit": 7.0}]}]},
        {"actions": [{"recordings": [{"seconds": 0.0, "fit": None}]}]},
        {"loops": {"a": [[0, 5000]]}},
        {"loops": {"a": []}},
    ],
)
def test_own_actions_that_cannot_be_are_garbage(content: dict):
    with pytest.raises(Garbage):
        read_answer(json.dumps({"type": "taught", **content}))
    read_answer('{"type": "taught", "actions": [{"recordings": [{"seconds": 1.0, "fit": 0.5}]}]}')


@pytest.mark.parametrize(
    ("line", "sound"),
    [
        ('{"camera": 0, "time": 1.0, "person": 0, "label": null, "score": 0.5, "count": null}', True),
        ('{"camera": 0, "time": NaN, "person": 0, "label": null, "score": 0.5, "count": null}', False),
        ('{"camera": 0, "time": 1.0, "person": 0, "label": null, "score": 1.5, "count": null}', False),
        ('{"camera": 0, "time": -1.0, "person": 0, "label": null, "score": 0.5, "count": null}', False),
        ('{"time": 1.0, "person": 0, "label": null, "score": 0.5, "count": null}', False),
        ("[]", False),
        ("", False),
    ],
)
def test_lines_of_events(line: str, sound: bool):
    assert (judge_line(line) is None) == sound


@pytest.mark.parametrize(
    ("raised", "outcome"),
    [
        (CollectionError("There is no collection 'x'; there are: none yet."), "refused"),
        (OSError(28, "No space left on device", "/home/x"), "refused"),
        (OSError(22, "Invalid argument"), "failed"),
        (KeyError("x"), "failed"),
        (CollectionError(""), "failed"),
    ],
)
def test_ends_of_commands(raised: Exception, outcome: str, monkeypatch: pytest.MonkeyPatch):
    def broken(name: str) -> None:
        raise raised

    monkeypatch.setattr("app.commands.own.show_collection", broken)
    assert run_command("own", "show", "x")[0].outcome == outcome


@pytest.mark.parametrize(
    ("written", "sound"),
    [
        ('{"persons": [{"segments": [{"start": 0, "end": 1, "score": 0.5}]}]}', True),
        ('{"persons": [{"segments": [{"start": 2, "end": 1, "score": 0.5}]}]}', False),
        ('{"persons": [{"segments": [{"start": 0, "end": 1, "score": Infinity}]}]}', False),
        ('{"persons": [{"segments"', False),
        ("{}", False),
    ],
)
def test_results_in_files(written: str, sound: bool, tmp_path: Path):
    (tmp_path / "a.json").write_text(written)
    assert (wrong_json(tmp_path / "a.json") is None) == sound


def test_another_answer_than_the_network_gives_is_found():
    def answer(score: float, **looked: np.ndarray) -> Prediction:
        scores, embedding = np.array([score, 1 - score]), np.ones(3, np.float32)
        return Prediction(scores, ("a", "b"), 0.0, 1.0, AttentionMaps(**looked), embedding)

    joints = np.ones((2, 18), np.float32)
    assert difference(answer(0.5, joints=joints), answer(0.5, joints=joints)) is None
    assert "probabilities" in str(difference(answer(0.6, joints=joints), answer(0.5, joints=joints)))
    assert "joints" in str(difference(answer(0.5, joints=joints * np.nan), answer(0.5, joints=joints)))
    assert "looked at" in str(difference(answer(0.5), answer(0.5, joints=joints)))


def test_a_soak_is_flat_only_where_nothing_grows():
    def samples(growth: float) -> list[Sample]:
        """Eighty minutes; between the rests it takes anything."""
        return [
            Sample(
                10.0 * n,
                round(1e9 * (1 + (growth * n / 480 if n % 60 == 59 else n % 5))),
                20,
                17,
                n % 60 == 59,
            )
            for n in range(480)
        ]

    warming = [Sample(0.0, 10**8, 5, 5, True)] * 60
    assert all(trend.flat for trend in trends(warming + samples(0.0), 1.0))
    assert all(trend.flat for trend in trends(samples(0.04), 0.0))
    assert [trend.name for trend in trends(samples(0.2), 0.0) if not trend.flat] == ["memory"]
    leaking = [Sample(10.0 * n, 10**9, 20 + n // 20, 17, True) for n in range(500)]
    assert [trend.name for trend in trends(leaking, 0.0) if not trend.flat] == ["threads"]
    assert trends([each for each in samples(0.2) if each.seconds < 1800], 0.0) == [], (
        "three rests tell nothing"
    )


def test_the_least_memory_of_some_seconds_is_what_a_process_keeps(monkeypatch: pytest.MonkeyPatch):
    readings = iter([700, 900, 650, 800, 640, 900])
    clock = iter(range(100))
    monkeypatch.setattr("benchmarks.stress.process.status", lambda process, field: next(readings))
    time = SimpleNamespace(monotonic=lambda: next(clock), sleep=lambda seconds: None)
    monkeypatch.setattr("benchmarks.stress.process.time", time)
    assert least_memory(1, 4.0) == 650, "the fifth reading is of after the four seconds"


def eventually(condition: Callable[[], bool]) -> bool:
    until = time.monotonic() + 20
    while not condition() and time.monotonic() < until:
        time.sleep(0.005)
    return condition()


class Guest(Visitor):
    """Stays until it is let go."""

    pause = 0.0

    def __init__(self) -> None:
        self.go = threading.Event()
        self.tidied = 0
        super().__init__(None)

    def visit(self, number: int) -> None:
        self.go.wait(20)

    def leave(self) -> None:
        self.tidied += 1


def test_a_server_rests_once_its_visitors_have_left_and_stay_away():
    guest = Guest()
    rests = Rests([guest])
    try:
        assert eventually(lambda: guest.here) and not rests.at(REST_EVERY - 1)
        assert not rests.at(REST_EVERY) and not rests.at(REST_EVERY + 2 * REST), "the guest is still here"
        guest.go.set()
        assert eventually(lambda: guest.done == 1 and not guest.here)
        left = REST_EVERY + 3 * REST
        assert [rests.at(left + after) for after in (0, REST - 1, REST)] == [False, False, True]
        assert (guest.done, guest.tidied) == (1, 1), "nobody came meanwhile"
        rests.over(left + REST)
        assert eventually(lambda: guest.done > 1)
        assert not rests.at(left + REST + REST_EVERY - 1)
        assert guest.tidied == 1, "it tidies up before a rest alone"
    finally:
        guest.close()
    assert guest.faults == []


def test_a_rest_begins_with_the_default_and_the_same_networks_in_memory(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("benchmarks.stress.visitors.SETTLED", 0.0)
    told: list[dict] = []
    switcher = Switcher.__new__(Switcher)  # without its thread and a server
    switcher.closing = threading.Event()
    switcher._names = ["a", "b", "c", "d", "e"]
    switcher._tabs = [SimpleNamespace(change=lambda **settings: told.append(settings))]
    switcher.leave()
    assert [each["weights"] for each in told] == ["c", "d", "e", None]
    assert not any(each["attention"] for each in told)


class Careless(Victim):
    """Writes its output in place, and leaves a temporary file whenever it is killed."""

    SCRIPT = (
        "import sys, time, pathlib, os\n"
        "out, tmp = map(pathlib.Path, sys.argv[1:])\n"
        "(tmp / f'pose2action-{os.getpid()}').touch()\n"
        "again = (out / 'a.txt').exists()\n"
        "with (out / 'a.txt').open('w') as file:\n"
        "    file.write('half'); file.flush()\n"
        "    print('begun', file=sys.stderr, flush=True)\n"
        "    time.sleep(0.1 if again else 60)\n"
        "    file.write(' and again' if again else ' and whole')\n"
        "(tmp / f'pose2action-{os.getpid()}').unlink()\n"
    )

    def arguments(self, out: Path) -> list[str]:
        return [sys.executable, "-c", self.SCRIPT, str(out), str(self.temporary)]

    def start(self, out: Path) -> subprocess.Popen:
        self.temporary.mkdir(exist_ok=True)
        with (self.folder / "stderr.txt").open("wb") as errors:
            return subprocess.Popen(self.arguments(out), stderr=errors)

    def broken(self, out: Path) -> str | None:
        path = out / "a.txt"
        return "a.txt is half" if path.exists() and "whole" not in path.read_text() else None

    def result(self, out: Path) -> dict[str, str]:
        return {path.name: path.read_text() for path in out.iterdir()}


def test_a_careless_command_that_is_killed_is_found_out(tmp_path: Path):
    victim, out = Careless(tmp_path / "victim"), tmp_path / "out"
    out.mkdir()
    faults = kill_once(victim, out, 5.0, 1)
    assert len(faults) == 1 and faults[0].endswith("a.txt is half")
    faults = finish(victim, out, {"a.txt": "half and whole"}, 1)
    assert len(faults) == 2
    assert "another result than without kills: a.txt" in faults[0]
    assert "1 temporary files are left, such as pose2action-" in faults[1]
