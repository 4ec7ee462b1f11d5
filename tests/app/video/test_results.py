import csv
import json

import pytest

from app.video.results import PersonResult, VideoResult, WindowResult, write_csv, write_json
from pose.files import replacing
from recognizer.counting import Repetitions
from recognizer.prediction import LabelScore
from recognizer.smoothing import Segment

SCORES = tuple(
    LabelScore(label, 0.5 / 2**i + 1e-7) for i, label in enumerate(("wave", "clap", "sit", "jump", "run"))
)


def result(**changes):
    person = PersonResult(
        id=0,
        summary=SCORES,
        unsure=False,
        segments=(Segment(0.0, 1.23456, "wave", 0.87654321), Segment(2.0, 3.0, "arm_curl", 0.6)),
        windows=(WindowResult(3.0, SCORES),),
        repetitions=(None, Repetitions("arm_curl", 2, 2.0, (2.2, 2.7))),
    )
    fields = {
        "source": "clip.mp4", "duration": 3.0333333, "fps": 29.97003, "weights": "w", "layout": "kinetics-18",
        "window_seconds": 3.0, "persons": (person,),
    }  # fmt: skip
    return VideoResult(**(fields | changes))


def test_json_as_documented(tmp_path):
    write_json(result(), tmp_path / "a.json")
    read = json.loads((tmp_path / "a.json").read_text())
    assert {"source", "duration", "fps", "weights", "layout", "persons"} <= read.keys()
    assert "problem" not in read and "message" not in read and "partial" not in read
    (person,) = read["persons"]
    assert person["id"] == 0
    assert person["summary"][0] == {"label": "wave", "score": 0.5}
    assert len(person["summary"]) == 5
    assert person["segments"][0] == {"start": 0.0, "end": 1.235, "label": "wave", "score": 0.8765}
    assert person["segments"][1]["repetitions"] == 2 and person["segments"][1]["per_minute"] == 120.0
    assert person["windows"][0]["time"] == 3.0
    assert person["windows"][0]["top"][1] == {"label": "clap", "score": 0.25}


def test_json_of_a_partial_source_and_of_nobody(tmp_path):
    write_json(result(persons=(), message="Nobody.", problem="It ends early."), tmp_path / "a.json")
    read = json.loads((tmp_path / "a.json").read_text())
    assert read["persons"] == [] and read["message"] == "Nobody."
    assert read["partial"] is True and read["problem"] == "It ends early."


def test_csv_as_documented(tmp_path):
    write_csv(result(), tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["person", "start", "end", "action", "score", "repetitions", "per_minute"],
        ["0", "0.000", "1.235", "wave", "0.8765", "", ""],
        ["0", "2.000", "3.000", "arm_curl", "0.6000", "2", "120.0"],
    ]


def test_replacing_is_all_or_nothing(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), replacing(path) as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]
    with replacing(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new" and list(tmp_path.iterdir()) == [path]
    assert path.stat().st_mode & 0o777 == 0o644


def test_replacing_in_a_missing_folder(tmp_path):
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "no" / "a.txt"):
        pass
