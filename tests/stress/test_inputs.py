"""Inputs are what they claim: the same whenever they are made, sound where they say so, and of all kinds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from app.video.landmarks import LandmarkFile
from app.web.events import MOST_LISTENERS
from app.web.messages import MessageError, parse_text
from app.web.teach_messages import TeachMessage
from benchmarks.stress.inputs import (
    configurations,
    datasets,
    graphs,
    homes,
    landmarks,
    listeners,
    live,
    pictures,
    requests,
    teaching,
    videos,
    zips,
)
from benchmarks.stress.inputs.clips import FORMATS, encoded, plain
from benchmarks.stress.inputs.contents import npz
from benchmarks.stress.inputs.damage import ALL, damaged
from benchmarks.stress.kinds import KINDS, shares
from benchmarks.stress.trials.data import raw_set
from benchmarks.stress.worker import random_of
from pose.sources import Frame, VideoFile
from recognizer.data.clip import DataError
from recognizer.own.collection import Collections
from recognizer.own.packing import import_collection
from recognizer.training.configs import shipped_configs

WEIGHTS = Path(__file__).parents[2] / "weights"

ELSEWHERE = videos.Elsewhere("/elsewhere.mp4", "http://127.0.0.1:9")
ABOUT = requests.Surroundings(
    ("/", "/file/{path:path}"), ((0, [None]), (3, ["mine", 0.5])), ("/secret",), "/tmp/x/up.mp4"
)


GRAPHS = [(WEIGHTS / f"kinetics-18-{name}-daily.onnx").read_bytes() for name in ("lsta", "stf")]


def made(kind: str, index: int, folder: Path) -> object:
    rng = random_of(7, kind, index)
    match kind:
        case "videos":
            return videos.video(rng, ELSEWHERE)
        case "live":
            return live.conversation(rng)
        case "requests":
            return requests.request(rng, ABOUT)
        case "events":
            return listeners.visit(rng)
        case "landmarks":
            return landmarks.landmark_file(rng, Path("/marker"))
        case "configurations":
            return configurations.configuration(rng, list(shipped_configs().values()))
    root = folder / str(len(list(folder.iterdir())))
    if kind == "collections":
        root.mkdir()
        zips.put_zip(root / "mine.zip", rng, Path("/marker"))
        homes.sound_home(root / "home", rng)
        homes.damage_home(root / "home", rng)
        return {str(path.relative_to(root)): path.lstat().st_size for path in sorted(root.rglob("*"))}
    if kind == "graphs":
        root.mkdir()
        graphs.put_graph(root / "graph.onnx", GRAPHS, rng)
        return [
            path.read_bytes() if path.lstat().st_size > 100 else path.lstat().st_mode
            for path in root.iterdir()
        ]
    datasets.RAW["ntu60"](root, rng)
    return [path.read_bytes() for path in sorted(root.iterdir())]


DECIDED = [
    "videos", "live", "requests", "configurations", "data", "events", "landmarks", "collections", "graphs",
]  # fmt: skip


@pytest.mark.parametrize("kind", DECIDED)
def test_an_input_is_decided_by_seed_kind_and_number(kind: str, tmp_path: Path):
    for index in range(8):
        assert made(kind, index, tmp_path) == made(kind, index, tmp_path)
    others = [made(kind, index, tmp_path) for index in range(4)]
    assert any(other != others[0] for other in others)


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: f"{form.container}-{form.codec}")
def test_undamaged_clips_are_videos(form, tmp_path: Path):
    path = tmp_path / f"clip{form.ending}"
    path.write_bytes(encoded(plain(form)))
    with VideoFile(path) as video:
        frames = list(video)
    assert len(frames) >= 11
    assert (video.info.width, video.info.height) == (64, 48)
    assert 0.3 < frames[-1].timestamp < 0.6


@pytest.mark.parametrize("damage", ALL, ids=lambda damage: damage.__name__)
def test_damage_changes_something_and_takes_empty_files(damage):
    data = bytes(range(256)) * 40
    changed = [damage(data, np.random.default_rng(seed)) for seed in range(5)]
    assert any(each != data for each in changed)
    assert isinstance(damage(b"", np.random.default_rng(0)), bytes)


def test_damage_in_a_row_may_leave_nothing():
    lengths = [len(damaged(b"abc" * 10, np.random.default_rng(seed))) for seed in range(200)]
    assert min(lengths) == 0 and max(lengths) > 30


@pytest.mark.parametrize("name", datasets.RAW)
def test_raw_data_sets_are_read_but_for_their_odd_file(name: str, tmp_path: Path):
    outcomes = []
    for seed in range(12):
        try:
            outcomes.append(raw_set(np.random.default_rng(seed), tmp_path / str(seed), name).outcome)
        except DataError:  # a list of the whole set is the odd file
            assert name in ("kinetics", "shrec17")
    assert "failed" not in outcomes
    assert "refused" in outcomes


def test_pictures_are_good_or_odd():
    assert all(pictures.good(np.random.default_rng(seed)).startswith(b"\xff\xd8") for seed in range(6))
    assert len({pictures.odd(np.random.default_rng(seed))[:4] for seed in range(60)}) > 8


def test_requests_are_of_all_sorts():
    some = [requests.request(np.random.default_rng(seed), ABOUT) for seed in range(600)]
    assert {"GET", "POST", "HEAD", "PUT", "OPTIONS"} <= {each.method for each in some}
    assert any(each.stranger for each in some) and any(each.crowd for each in some)
    assert any(each.broken_off is not None for each in some)
    assert any("..%2f" in each.target for each in some) and any("/secret" in each.target for each in some)
    calls = [each.body for each in some if each.target.endswith("run/predict") and b"FileData" in each.body]
    assert calls and json.loads(calls[0])["data"]


def test_undamaged_zips_and_landmarks_are_what_the_program_reads(tmp_path: Path):
    rng = np.random.default_rng(0)
    (tmp_path / "mine.zip").write_bytes(zips.packed(zips.collection_entries(rng)))
    home = Collections(tmp_path / "collections")
    collection = import_collection(home, tmp_path / "mine.zip")
    assert collection.actions() == ("nothing", "wave once") and collection.about("wave once").both_sides
    homes.sound_home(tmp_path / "other", rng)
    other = Collections(tmp_path / "other").open(homes.NAME)
    assert len(list(other.sound())) == 3
    (tmp_path / "people.npz").write_bytes(npz(datasets.recording(rng, 2, frames=40)))
    assert len(LandmarkFile(tmp_path / "people.npz").people(Frame(np.zeros(0), 0.0))) == 2


def test_damage_leaves_few_collections_as_they_were(tmp_path: Path):
    sound = 0
    for seed in range(40):
        root, rng = tmp_path / str(seed), np.random.default_rng(seed)
        homes.sound_home(root, rng)
        before = {path: path.lstat().st_mtime_ns for path in root.rglob("*")}
        homes.damage_home(root, rng)
        sound += before == {path: path.lstat().st_mtime_ns for path in root.rglob("*")}
    assert sound < 8


def test_teaching_is_asked_for_as_the_page_asks_and_otherwise():
    understood, refused = set(), 0
    for seed in range(300):
        try:
            understood.add(type(parse_text(teaching.message(np.random.default_rng(seed)))).__name__)
        except MessageError:
            refused += 1
    assert understood >= {each.__name__ for each in get_args(TeachMessage)} | {"Settings", "RecordRequest"}
    assert 20 < refused < 200


def test_listeners_are_of_all_sorts():
    some = [listeners.visit(np.random.default_rng(seed)) for seed in range(300)]
    assert any(isinstance(each, requests.Request) for each in some)
    there = [each for each in some if isinstance(each, listeners.Listener)]
    assert {each.manner for each in there} == {"reads", "silent", "leaves", "aborts"}
    assert any(each.stranger for each in there) and any(each.raw for each in there)
    assert any(each.times > MOST_LISTENERS for each in there)


def test_inputs_are_spread_over_all_kinds():
    counts = shares(10_000)
    assert counts.keys() == {kind.name for kind in KINDS}
    assert abs(sum(counts.values()) - 10_000) < 10
    assert counts["videos"] >= 1500
    assert min(shares(5).values()) == 1
