"""Putting data sets together: what is kept, where it goes, and what stands for rest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pose.layouts import KINETICS_18, NTU_25, SHREC_22
from pose.skeleton import SkeletonSequence
from recognizer.data import corpus
from recognizer.data.clip import Clip, DataError
from recognizer.data.corpus import load_corpus, usable
from recognizer.vocabulary import Vocabulary

SMALL = Vocabulary(
    "small",
    {"utd_mhad": {"wave": "wave"}, "jhmdb": {"wave": "wave", "odd": "unknown"}, "rest": {"idle": "idle"}},
)


def clip(
    name: str,
    sequence: SkeletonSequence,
    dataset: str = "utd_mhad",
    action: str = "wave",
    split: str = "train",
    subject: str = "s1",
):
    return Clip(name, dataset, action, subject, split, sequence)


def load(monkeypatch: pytest.MonkeyPatch, root: Path, layout=KINETICS_18, only=None, **clips: list[Clip]):
    for dataset in ("utd_mhad", "jhmdb"):
        (root / dataset).mkdir(exist_ok=True)
        monkeypatch.setitem(corpus.READERS, dataset, lambda _, found=clips.get(dataset, []): iter(found))
    return load_corpus(root, SMALL, layout, only)


def test_targets_and_left_out_actions(monkeypatch, tmp_path: Path, wave):
    found = load(
        monkeypatch,
        tmp_path,
        utd_mhad=[clip("a", wave()), clip("b", wave(), action="elsewhere")],
        jhmdb=[clip("c", wave(), "jhmdb", "odd")],
    )
    assert [(e.clip.name, e.targets, e.unknown) for e in found if e.clip.dataset != "rest"] == [
        ("a", (1,), False),
        ("c", (), True),
    ]
    assert [
        e.clip.name for e in load(monkeypatch, tmp_path, only=["jhmdb"], jhmdb=[clip("c", wave(), "jhmdb")])
    ] == ["c"]


def test_one_person_validates_with_all_their_clips(monkeypatch, tmp_path: Path, wave):
    clips = [clip(f"{s}_{n}", wave(0.2), subject=s) for s in ("s01", "s03", "s07") for n in range(4)]
    found = load(monkeypatch, tmp_path, utd_mhad=clips)
    assert {(e.clip.subject, e.part) for e in found} == {("s01", "train"), ("s03", "train"), ("s07", "val")}


def test_neighbouring_clips_of_penn_action_are_in_one_part(monkeypatch, tmp_path: Path, wave):
    monkeypatch.setitem(SMALL.sources, "penn_action", {"wave": "wave"})
    (tmp_path / "penn_action").mkdir()
    clips = [clip(f"{n:04}", wave(0.2), "penn_action") for n in range(1, 400)]
    monkeypatch.setitem(corpus.READERS, "penn_action", lambda _: iter(clips))
    parts = {int(e.clip.name): e.part for e in load_corpus(tmp_path, SMALL, KINETICS_18, ["penn_action"])}
    assert all(parts[number] == parts[max(number // 10 * 10, 1)] for number in parts)
    assert 0.04 < sum(part == "val" for part in parts.values()) / len(parts) < 0.13


def test_official_test_clips_are_never_trained_on(monkeypatch, tmp_path: Path, wave):
    found = load(
        monkeypatch,
        tmp_path,
        utd_mhad=[clip(f"t{n}", wave(0.2), split="test") for n in range(30)],
        jhmdb=[clip(f"j{n}", wave(0.2), "jhmdb", split="test") for n in range(30)],
    )
    assert {e.part for e in found if e.clip.dataset == "utd_mhad"} == {"test"}
    assert "test" not in {e.part for e in found if e.clip.dataset == "jhmdb"}, (
        "no result is reported on JHMDB"
    )


def test_rest_comes_from_the_still_ends_of_a_clip(monkeypatch, tmp_path: Path, wave, standing):
    def starting(speed: float) -> SkeletonSequence:
        times = np.arange(60) / 30
        joints = np.repeat(standing[None], 60, 0)
        joints[:, NTU_25.index("right_wrist"), 1] += speed * times
        return SkeletonSequence(joints[None], np.ones((1, 60, 25)), times, NTU_25)

    found = load(
        monkeypatch,
        tmp_path,
        utd_mhad=[clip("slow", starting(0.1), split="test"), clip("fast", starting(1.0))],
    )
    rests = [e for e in found if e.clip.dataset == "rest"]
    assert [e.clip.name for e in rests] == ["slow_rest_start", "slow_rest_end"]
    for rest in rests:
        assert (rest.targets, rest.part) == ((0,), "test")
        sequence = rest.clip.sequence
        assert sequence.duration > 3
        speed = np.linalg.norm(np.diff(sequence.joints[0], axis=0), axis=-1).max() * 30
        assert speed < 0.11, "it goes there and back, without a jump"
    heights = [e.clip.sequence.joints[0, :, NTU_25.index("right_wrist"), 1] for e in rests]
    assert heights[0].max() < heights[1].min()


def test_gaps_are_filled(monkeypatch, tmp_path: Path, wave):
    sequence = wave(1.0)
    joints, confidence = sequence.joints.copy(), sequence.confidence.copy()
    joints[:, 10:14, 3], confidence[:, 10:14, 3] = 0, 0
    holed = SkeletonSequence(joints, confidence, sequence.timestamps, NTU_25)
    (found,) = (
        e for e in load(monkeypatch, tmp_path, utd_mhad=[clip("a", holed)]) if e.clip.dataset != "rest"
    )
    np.testing.assert_allclose(found.clip.sequence.joints, sequence.joints, atol=1e-5)
    assert found.clip.sequence.confidence.all()


def test_what_shows_no_body_is_left_out(wave):
    good = wave(1.0)
    assert usable(good)
    assert not usable(SkeletonSequence(good.joints, good.confidence * 0, good.timestamps, NTU_25))
    assert not usable(SkeletonSequence(good.joints * 0, good.confidence, good.timestamps, NTU_25))
    assert not usable(SkeletonSequence(good.joints, good.confidence, good.timestamps * 40, NTU_25)), "40 s"


def test_without_any_data_set(tmp_path: Path):
    with pytest.raises(
        DataError, match=r"none of the data sets of the vocabulary 'small': utd_mhad, jhmdb\.$"
    ):
        load_corpus(tmp_path, SMALL, KINETICS_18)


def test_missing_data_sets_are_named_and_the_others_are_read(monkeypatch, tmp_path: Path, wave, caplog):
    (tmp_path / "jhmdb").mkdir()
    monkeypatch.setitem(corpus.READERS, "jhmdb", lambda _: iter([clip("c", wave(), "jhmdb")]))
    assert [e.clip.name for e in load_corpus(tmp_path, SMALL, KINETICS_18)] == ["c"]
    assert f"{tmp_path} has no utd_mhad: going on with jhmdb." in caplog.text


def test_a_layout_that_clips_cannot_become(monkeypatch, tmp_path: Path, wave):
    flat = SkeletonSequence(
        np.random.default_rng(0).random((1, 9, 18, 2)), np.ones((1, 9, 18)), np.arange(9) / 9, KINETICS_18
    )
    with pytest.raises(DataError, match="utd_mhad/a is kinetics-18 and cannot become ntu-25"):
        load(monkeypatch, tmp_path, NTU_25, utd_mhad=[clip("a", flat)])
    with pytest.raises(DataError, match="cannot become shrec-22"):
        load(monkeypatch, tmp_path, SHREC_22, utd_mhad=[clip("a", flat)])
