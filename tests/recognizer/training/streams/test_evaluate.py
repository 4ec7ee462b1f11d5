"""Weights on streams of a small data set: which clips, which figures, and which setting is the best."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pose.layouts import KINETICS_18
from pose.skeleton import SkeletonSequence
from recognizer import weights
from recognizer.data.clip import Clip, DataError
from recognizer.data.corpus import Example
from recognizer.prediction import Prediction
from recognizer.predictor import Recognizer, WindowRecognizer, untrained_card
from recognizer.smoothing import LIVE, Steadiness
from recognizer.training.shared.errors import ConfigError
from recognizer.training.streams import evaluate as evaluation
from recognizer.training.streams.evaluate import (
    STEADINESSES,
    THRESHOLDS,
    Setting,
    choose,
    evaluate_streams,
    load_streams,
    report,
    sweep,
)
from recognizer.training.streams.truth import Event, LabelledStream, Span, Truth
from recognizer.training.streams.watch import Answers
from recognizer.vocabulary import VOCABULARIES, Vocabulary
from recognizer.windows import LIVE_RATE

CLASSES = ("clap", "idle", "squat", "wave")
SMALL = Vocabulary(
    "small",
    {"utd_mhad": {"a": "clap", "b": "idle"}, "real_landmarks": {"c": "squat|wave", "other": "unknown"}},
)
WRIST = KINETICS_18.index("right_wrist")


class ByTheWrist(WindowRecognizer):
    """Says "wave", by 0.6, where the wrist is up at the end of the window, else "idle"; counts windows."""

    def __init__(self, frames: int = 16) -> None:
        super().__init__(untrained_card(classes=CLASSES, frames=frames))
        self.windows = 0

    def predict(self, windows, attention=False):
        self.windows += len(windows)
        rows = []
        for window in windows:
            row = np.full(4, 0.4 / 3, np.float32)
            row[3 if window.joints[0, -1, WRIST, 1] < 0 else 1] = 0.6
            rows.append(Prediction(row, CLASSES, 0.0, 0.0))
        return rows


def stream(
    *raised: tuple[float, float], idle=(), unknown=(), seconds: float = 20.0, dataset="mine"
) -> LabelledStream:
    """Someone whose wrist is up in the spans of a wave, and wherever ``unknown`` footage is."""
    times = np.arange(round(seconds * 30) + 1) / 30
    joints = np.ones((1, len(times), 18, 2), np.float32)
    for start, end in (*raised, *unknown):
        joints[:, (times >= start) & (times < end), WRIST, 1] = -1
    sequence = SkeletonSequence(joints, np.ones((1, len(times), 18)), times, KINETICS_18)
    events = tuple(Event(start, end, ("wave",)) for start, end in raised)
    truth = Truth(
        seconds, events, tuple(Span(*each) for each in idle), tuple(Span(*each) for each in unknown)
    )
    return LabelledStream(dataset, "a", sequence, truth)


def test_a_wave_that_is_seen_at_every_rate_and_an_unknown_action_that_is_taken_for_one():
    streams = [stream((3, 8), idle=[(9, 12)], unknown=[(13, 16)])]
    found = report(ByTheWrist(), streams, "test")
    assert (found.weights, found.part, found.threshold, found.streams) == ("untrained", "test", 0.5, 1)
    assert found.window_seconds == 3.0
    assert list(found.rates) == [30.0, 15.0, 10.0]
    for figures in found.rates.values():
        assert figures["wave"]["events"] == 1 and figures["wave"]["never_labelled"] == 0
        # 0.6 - 0.47 exp(-n / 1.6) exceeds 0.5 from the third window on, a quarter of a second after the
        # first, and leads by the margin by then.
        assert 0.25 < figures["overall"]["delay_median"] < 0.7
        assert figures["overall"]["false_labels_unknown"] == pytest.approx(20.0)
        assert figures["overall"]["false_labels_idle"] == 0
        assert figures["wave"]["f1_at_0.5"] == pytest.approx(2 / 3)
    delays = {fps: figures["overall"]["delay_median"] for fps, figures in found.rates.items()}
    assert all(round(delay * fps, 3).is_integer() for fps, delay in delays.items()), "shown with a frame"
    assert not round(delays[30.0] * 10, 3).is_integer(), "and not with one of the slowest camera's"
    assert found.same_label == 1.0
    assert [each.threshold for each in found.curve] == list(THRESHOLDS)
    assert {each.steadiness for each in found.curve} == {LIVE}
    by_threshold = {each.threshold: each.figures for each in found.curve}
    assert by_threshold[0.5] == found.rates[30.0]["overall"]
    assert by_threshold[0.65]["never_labelled"] == 1 and by_threshold[0.65]["false_labels"] == 0


def test_each_data_set_has_its_own_figures():
    streams = [
        stream((3, 8), idle=[(9, 19)]),
        stream((3, 8), (12, 17), dataset="yours"),
        stream((3, 8), dataset="yours"),
    ]
    found = report(ByTheWrist(), streams)
    assert {name: figures["events"] for name, figures in found.datasets.items()} == {"mine": 1, "yours": 3}
    assert found.rates[30.0]["overall"]["events"] == 4
    assert found.chosen is None, "choosing is for validation"


def test_settings_are_swept_without_the_network(monkeypatch: pytest.MonkeyPatch):
    recognizer = ByTheWrist()
    found = report(recognizer, [stream((3, 8), idle=[(9, 19)])], "val")
    windows = recognizer.windows
    assert windows == pytest.approx(2 * 3 * 19 * LIVE_RATE, abs=24), (
        "three rates, once each, and newest parts"
    )
    assert [each.threshold for each in found.curve] == list(THRESHOLDS), "of live use's smoothing alone"
    # The quickest smoothing names the wave soonest; nothing else happens.
    assert found.chosen is not None and found.chosen.figures["false_labels"] == 0
    assert found.chosen.steadiness.time_constant == 0.2 and found.chosen.steadiness.hold == 0.0
    assert found.chosen.figures["median_delay_of_all"] <= found.rates[30.0]["overall"]["delay_median"]


def test_figures_of_the_best_threshold_are_told_where_it_is_asked_for():
    """Of 0.6 for the wave, 0.65 would see nothing; the lowest is the soonest, and no other label is false."""
    streams = [stream((3, 8), idle=[(9, 19)])]
    asked = report(ByTheWrist(), streams, "val", choosing=True)
    usual = report(ByTheWrist(), streams, "val")
    assert usual.threshold == 0.5 and asked.threshold < 0.5
    (best,) = (each for each in asked.curve if each.threshold == asked.threshold)
    assert asked.rates[30.0]["overall"] == pytest.approx(best.figures, nan_ok=True)
    assert best.figures["median_delay_of_all"] < usual.rates[30.0]["overall"]["median_delay_of_all"]
    assert report(ByTheWrist(), streams, "test", choosing=True).threshold == 0.5, "the test part has no say"


def test_a_sweep_has_a_setting_for_each_threshold_and_smoothing():
    answers = Answers(np.array([1.0, 2.0]), np.array([1.1, 2.1]), np.array([[0.1, 0, 0, 0.9]] * 2), 0.0, 3.0)
    settings = sweep(
        [stream((1, 3), seconds=3.0)], [answers], CLASSES, (0.5, 0.95), (Steadiness(), Steadiness(0))
    )
    assert [(each.threshold, each.steadiness.time_constant) for each in settings] == [
        (0.5, 0.4), (0.95, 0.4), (0.5, 0), (0.95, 0),
    ]  # fmt: skip
    assert [each.figures["never_labelled"] for each in settings] == [0, 1, 0, 1]


def test_live_smoothing_is_among_those_that_are_tried():
    assert {LIVE, Steadiness()} < set(STEADINESSES) and len(set(STEADINESSES)) == len(STEADINESSES)


def setting(threshold: float, delay: float, false_labels: float, f1: float = 0.5) -> Setting:
    figures = {"median_delay_of_all": delay, "false_labels": false_labels, "f1_at_0.5": f1}
    return Setting(threshold, Steadiness(), figures)


def test_the_setting_with_the_least_delay_among_those_with_few_false_labels():
    settings = [
        setting(0.3, 0.5, 3.0),
        setting(0.4, 1.0, 1.0),
        setting(0.5, 1.0, 0.5, f1=0.6),
        setting(0.6, 2.0, 0.0, f1=0.9),
        setting(0.9, float("inf"), 0.0),
    ]
    assert choose(settings) is settings[2], "as quick as the one before, and finds more"
    assert choose(settings[1:2]) is settings[1], "as many as are allowed"
    assert choose(settings, most_false=0.2) is settings[3]
    assert choose(settings, most_false=5.0) is settings[0]
    assert choose(settings[:1]) is None and choose(settings[-1:]) is None
    assert choose([setting(0.5, 1.0, float("nan"))]) is None, "no footage tells whether labels are false"


def example(action: str, targets, part: str, dataset: str, number: int, unknown=False) -> Example:
    rng = np.random.default_rng(number)
    joints = rng.uniform(100, 400, (1, 1, 18, 2)) + rng.normal(0, 20, (1, 61, 18, 2))
    sequence = SkeletonSequence(joints, np.ones((1, 61, 18)), np.arange(61) / 30, KINETICS_18)
    clip = Clip(f"clip{number}", dataset, action, f"p{number}", "test", sequence)
    return Example(clip, targets, part, unknown=unknown)


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Weights of a small vocabulary, whose data set of real cameras has no test part."""
    monkeypatch.setitem(VOCABULARIES, "small", SMALL)
    clips = {
        "utd_mhad": [
            example("a", (0,), part, "utd_mhad", n) for n, part in enumerate(("train", "val", "test", "test"))
        ],
        "real_landmarks": [
            example("c", (2, 3), "train", "real_landmarks", 9),
            example("c", (2, 3), "val", "real_landmarks", 10),
            example("other", (), "val", "real_landmarks", 11, unknown=True),
        ],
    }
    for name in clips:
        (tmp_path / name).mkdir()
    monkeypatch.setattr(
        evaluation,
        "load_corpus",
        lambda root, vocabulary, layout, names: [c for n in names for c in clips[n]],
    )
    recognizer = Recognizer.untrained()
    return weights.save(recognizer.engine.network, recognizer.card, tmp_path)


def events(streams: list[LabelledStream]) -> dict[str, int]:
    return {each.dataset: len(each.truth.events) for each in streams}


def test_each_set_gives_the_clips_of_its_own_part(small: Path, tmp_path: Path):
    card = Recognizer.untrained().card
    assert events(load_streams(card, tmp_path)) == {"utd_mhad": 2, "real_landmarks": 1}
    assert events(load_streams(card, tmp_path, "val")) == {"utd_mhad": 1, "real_landmarks": 1}
    assert events(load_streams(card, tmp_path, "test")) == {"utd_mhad": 2}
    assert events(load_streams(card, tmp_path, "val", "real_landmarks")) == {"real_landmarks": 1}
    (real,) = load_streams(card, tmp_path, None, "real_landmarks")
    assert len(real.truth.unknown) == 1 and real.truth.events[0].labels == ("squat", "wave")


def test_weights_of_one_layout_watch_the_same_streams(small: Path, tmp_path: Path, monkeypatch):
    loaded = []
    load = evaluation.load_streams
    monkeypatch.setattr(evaluation, "load_streams", lambda *args: loaded.append(args) or load(*args))
    first, second = evaluate_streams([small, small], tmp_path, "test", "utd_mhad", window_seconds=2.0)
    assert first.window_seconds == second.window_seconds == 2.0
    assert len(loaded) == 1
    assert first.rates[30.0]["overall"]["label_changes"] == second.rates[30.0]["overall"]["label_changes"]
    assert first.part == "test" and first.rates[10.0]["overall"]["events"] == 2


def test_what_cannot_be_evaluated_is_told_in_a_sentence(small: Path, tmp_path: Path, monkeypatch):
    with pytest.raises(
        ConfigError, match=r"^There are streams of the parts val and test, and of no part 'x'\.$"
    ):
        evaluate_streams([small], tmp_path, "x")
    with pytest.raises(ConfigError, match=r"^small has no data set 'ntu': choose one of utd_mhad, real_"):
        evaluate_streams([small], tmp_path, dataset="ntu")
    with pytest.raises(DataError, match=r"^There are no clips of that part in "):
        evaluate_streams([small], tmp_path, "test", "real_landmarks")
    monkeypatch.delitem(VOCABULARIES, "small")
    with pytest.raises(ConfigError, match=r"^The classes of untrained are those of no known vocabulary"):
        evaluate_streams([small], tmp_path)
