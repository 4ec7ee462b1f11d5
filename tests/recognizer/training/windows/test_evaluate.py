"""Figures of an evaluation, by hand, and what cannot be evaluated."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from pose.layouts import KINETICS_18
from pose.skeleton import SkeletonSequence
from recognizer import weights
from recognizer.data.clip import Clip
from recognizer.data.corpus import Example
from recognizer.predictor import Recognizer
from recognizer.training.shared.errors import ConfigError
from recognizer.training.windows import evaluate as evaluation
from recognizer.training.windows.dataset import clip_windows
from recognizer.training.windows.evaluate import ClipResult, choose_threshold, classify, evaluate, summary
from recognizer.vocabulary import VOCABULARIES, Vocabulary
from recognizer.windows import window_ends

SMALL = Vocabulary(
    "small",
    {"utd_mhad": {"a": "clap", "b": "idle"}, "real_landmarks": {"c": "squat|wave", "other": "unknown"}},
)


def example(
    targets: tuple[int, ...], part: str = "test", dataset: str = "utd_mhad", body: str = "full", seed: int = 0
):
    rng = np.random.default_rng(seed)
    joints = rng.uniform(100, 400, (1, 1, 18, 2)) + rng.normal(0, 20, (1, 121, 18, 2))
    sequence = SkeletonSequence(joints, np.ones((1, 121, 18)), np.arange(121) / 30, KINETICS_18)
    clip = Clip(f"clip{seed}", dataset, "a", "s", "test", sequence, body=body)
    return Example(clip, targets, part, unknown=not targets)


def result(targets, *probabilities: float, body: str = "full") -> ClipResult:
    return ClipResult(example(targets, body=body), np.array(probabilities, np.float32))


def test_right_within_the_k_best():
    of = result((2, 3), 0.4, 0.3, 0.2, 0.1)
    assert [of.right(k) for k in (1, 2, 3, 4)] == [False, False, True, True]
    assert of.score == pytest.approx(0.4)
    assert not result((), 1.0, 0.0).right(2)


def test_summary_by_hand():
    figures = summary(
        [
            result((0,), 0.9, 0.1, 0.0),
            result((0,), 0.6, 0.3, 0.1, body="upper"),
            result((0,), 0.3, 0.6, 0.1),
            result((0,), 0.3, 0.4, 0.3, body="upper"),
            result((), 0.4, 0.3, 0.3),
            result((), 0.8, 0.1, 0.1),
        ],
        threshold=0.5,
    )
    assert figures == {
        "clips": 4, "top1": 0.5, "top5": 1.0, "unsure": 0.25, "top1_where_sure": 0.6667,
        "upper_body_clips": 2, "top1_upper_body": 0.5, "unknown_clips": 2, "unknown_rejected": 0.5,
    }  # fmt: skip


def test_threshold_by_hand():
    right, wrong = result((0,), 0.7, 0.3), result((1,), 0.6, 0.4)
    unknown = result((), 0.55, 0.45)
    # 0.62 is the first step that leaves the mistake out, 0.56 the first that refuses the unknown clip.
    assert choose_threshold([right, wrong, unknown], wanted=0.9, refused=1) == 0.62
    assert choose_threshold([right], wanted=0.9, refused=1) == 0.2
    assert choose_threshold([right, right, unknown], wanted=0.6, refused=1) == 0.56
    assert choose_threshold([right, right, unknown], wanted=0.6, refused=0) == 0.2
    assert choose_threshold([wrong], 0.9, 0) == choose_threshold([], 0.9, 0) == 0.9


def test_of_somebody_who_sways_idle_is_as_fair_an_answer():
    sways = replace(example((0,)), unknown=True)
    idle = ClipResult(sways, np.array([0.9, 0.1], np.float32))
    doubt = ClipResult(sways, np.array([0.2, 0.4], np.float32))
    wrong = ClipResult(sways, np.array([0.2, 0.8], np.float32))
    assert summary([idle, doubt, wrong], 0.5) == {
        "clips": 0, "unknown_clips": 3, "unknown_rejected": 0.6667,
    }  # fmt: skip


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    return Recognizer.untrained()


def test_a_clip_is_the_mean_over_its_windows(recognizer: Recognizer):
    of, card = example((0,)), recognizer.card
    sequence = of.clip.sequence
    ends = window_ends(0.0, 4.0, card.window_seconds)
    windows = [sequence.resample(np.linspace(end - card.window_seconds, end, card.frames)) for end in ends]
    live = np.mean([p.probabilities for p in recognizer.predict(windows)], axis=0)
    assert len(clip_windows(of, KINETICS_18, card.window_seconds, card.frames)) == len(ends)
    np.testing.assert_allclose(classify(recognizer, of).probabilities, live, atol=1e-5)


@pytest.fixture
def shipped(recognizer: Recognizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(VOCABULARIES, "small", SMALL)
    torch.manual_seed(0)
    return weights.save(recognizer.engine.network, recognizer.card, tmp_path)


def test_each_set_is_judged_on_its_own_part(shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    clips = [example((0,), part, seed=n) for n, part in enumerate(("train", "val", "test", "test"))]
    clips += [example((2, 3), part, "real_landmarks", seed=9) for part in ("train", "val")]
    clips.append(example((), "val", "real_landmarks", seed=10))
    monkeypatch.setattr(evaluation, "load_corpus", lambda *_: clips)
    report = evaluate(shipped, tmp_path, frame_rates=True)
    assert {source: figures["clips"] for source, figures in report.items()} == {
        "utd_mhad": 2,
        "real_landmarks": 1,
    }
    assert report["real_landmarks"]["unknown_clips"] == 1
    assert all(0 <= figures["same_label_at_30_15_10_fps"] <= 1 for figures in report.values())
    assert evaluate(shipped, tmp_path, part="train")["utd_mhad"]["clips"] == 1


def test_what_cannot_be_evaluated_is_told_in_a_sentence(shipped: Path, tmp_path: Path, monkeypatch):
    with pytest.raises(
        ConfigError, match=r"^small has no data set 'ntu': choose one of utd_mhad, real_landmarks\.$"
    ):
        evaluate(shipped, tmp_path, dataset="ntu")
    monkeypatch.delitem(VOCABULARIES, "small")
    with pytest.raises(ConfigError, match=r"^The classes of untrained are those of no known vocabulary"):
        evaluate(shipped, tmp_path)
