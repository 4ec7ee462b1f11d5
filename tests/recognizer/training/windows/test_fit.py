"""Tiny runs: what they write, how they choose, and resuming."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from pose.layouts import KINETICS_18, NTU_25, SkeletonLayout
from pose.skeleton import SkeletonSequence
from recognizer import weights
from recognizer.data.augment.moments import interpolated
from recognizer.data.corpus import Example
from recognizer.data.views import project_to_kinetics18, rotation
from recognizer.predictor import Recognizer
from recognizer.training.debug import overfit
from recognizer.training.shared.errors import ConfigError
from recognizer.training.windows import fit
from recognizer.training.windows.dataset import RandomWindows, clip_windows
from recognizer.training.windows.module import Judged, RecognitionModule
from recognizer.vocabulary import Vocabulary
from recognizer.windows import window_times
from tests.recognizer.training.windows.window_runs import SMALL, config


def same(first: Path, second: Path) -> bool:
    return first.read_bytes() == second.read_bytes()


def test_a_run_writes_weights_that_load(corpus, tmp_path: Path):
    path = fit.train(config(), tmp_path, tmp_path / "run", weights_dir=tmp_path / "weights")
    assert path == tmp_path / "weights" / "kinetics-18-lsta-small.safetensors"
    assert (tmp_path / "run" / "last.ckpt").is_file()
    assert len(list((tmp_path / "run").glob("best-*.ckpt"))) == 1
    assert json.loads((tmp_path / "run" / "config.json").read_text())["steps"] == 4

    recognizer = Recognizer.load(path)
    card = recognizer.card
    assert card.classes == SMALL.labels == ("idle", "wave")
    assert (card.layout, card.frames, card.window_seconds) == ("kinetics-18", 16, 3.0)
    assert card.training["config"] == config().model_dump(mode="json")
    assert card.training["best_step"] in (2, 4)
    assert card.data == "training clips: utd_mhad 4, real_landmarks 1"
    assert "research" in card.licence
    assert 0 <= card.metrics["validation_probability"] <= 1


@pytest.mark.parametrize(
    "network",
    [
        {"name": "dualhead", "width": 0.125},
        {"name": "stf", "width": 0.125},
        {"name": "sem", "width": 0.125},
        {"name": "spa", "width": 0.0625, "kernel": 3, "space": 16},
        {"name": "spa", "width": 0.0625, "kernel": 3, "space": 16, "convolution": "3+1d"},
    ],
    ids=lambda network: "-".join(map(str, network.values())),
)
def test_every_network_trains_and_recognises(corpus, tmp_path: Path, wave, network):
    path = fit.train(config(network=network, steps=2), tmp_path, tmp_path)
    recognizer = Recognizer.load(path)
    assert recognizer.card.network.name == network["name"]
    clip = wave()
    times = window_times(clip.timestamps[-1], 3.0, 16)
    joints, confidence = project_to_kinetics18(*interpolated(clip, times), rotation(), 3.0)
    window = SkeletonSequence(joints[None], confidence[None], times, KINETICS_18)
    (prediction,) = recognizer.predict([window], attention=True)
    assert prediction.probabilities.shape == (2,)
    assert 0 < prediction.probabilities.sum() < 1, "the rest is for what is none of the labels"
    assert prediction.attention is not None


def test_a_network_begins_with_trained_weights(corpus, tmp_path: Path):
    small = {"name": "lsta", "width": 0.25, "scales": 4}
    first = fit.train(config(network=small, steps=2), tmp_path, tmp_path / "first")
    trained, _ = weights.load(first)
    again = fit.window_network(config(network=small, start_from=str(first)))
    for name, tensor in again.state_dict().items():
        torch.testing.assert_close(tensor, trained.state_dict()[name], rtol=0, atol=0)
    with pytest.raises(
        ConfigError, match=r"cannot begin with kinetics-18-lsta-small: its .* is of another shape"
    ):
        fit.window_network(config(network={**small, "width": 0.5}, start_from=str(first)))


def test_a_run_learns_from_its_teachers(corpus, tmp_path: Path):
    teacher = str(fit.train(config(steps=2), tmp_path, tmp_path / "teacher"))
    runs = {
        "none": {},
        "not": {"teachers": (teacher,), "taught": 0},
        "all": {"teachers": (teacher,), "taught": 1},
    }
    tensors = {}
    for name, changes in runs.items():
        path = fit.train(config(steps=2, **changes), tmp_path, tmp_path / name)
        network, card = weights.load(path)
        assert card.training["config"]["teachers"] == list(changes.get("teachers", ()))
        tensors[name] = torch.cat([p.flatten() for p in network.parameters()])
    assert torch.equal(tensors["none"], tensors["not"])
    assert not torch.allclose(tensors["none"], tensors["all"])
    loss, _ = overfit(config(teachers=(teacher,), taught=1), tmp_path, 2)
    assert loss < overfit(config(), tmp_path, 2)[0], "a divergence is less than a cross-entropy"


def test_half_precision_trains_on_windows_too(corpus, tmp_path: Path):
    network = {"name": "lsta", "width": 0.25, "scales": 4}
    losses = []
    for precision in ("32-true", "bf16-mixed"):
        path = fit.train(
            config(network=network, steps=2, precision=precision), tmp_path, tmp_path / precision
        )
        card = weights.load(path)[1]
        assert card.training["config"]["precision"] == precision
        losses.append(card.metrics["validation_probability"])
    assert losses[0] == pytest.approx(losses[1], rel=0.1)
    assert losses[0] != losses[1], "bfloat16 rounds"


def test_a_network_says_which_streams_it_cannot_take(corpus, tmp_path: Path):
    both = {"streams": ["joint", "bone"]}
    with pytest.raises(ConfigError, match="SPA-Net takes the joint stream of kinetics-18 alone"):
        fit.train(config(network={"name": "spa"}, preprocessing=both), tmp_path, tmp_path)


def test_the_weights_are_those_of_the_best_step(corpus, tmp_path: Path):
    path = fit.train(config(), tmp_path, tmp_path)
    (best,) = tmp_path.glob("best-*.ckpt")
    checkpoint = torch.load(best, weights_only=False)
    shipped = weights.load(path)[0].state_dict()
    for name, tensor in shipped.items():
        torch.testing.assert_close(tensor, checkpoint["state_dict"][f"network.{name}"], rtol=0, atol=0)


def test_the_best_step_is_the_one_of_the_highest_probability(corpus, tmp_path: Path, monkeypatch):
    """Step 2 gives what is right 0.45 and names something else; step 4 gives it 0.4 and names it."""

    def scripted(self, *_):
        early = self.global_step == 2
        self._validation.append(Judged(0.45 if early else 0.4, not early, real=False))

    monkeypatch.setattr(RecognitionModule, "validation_step", scripted)
    card = weights.load(fit.train(config(), tmp_path, tmp_path))[1]
    assert card.training["best_step"] == 2
    assert card.metrics["validation_probability"] == pytest.approx(0.45)


@pytest.mark.parametrize("real", [False, True])
def test_the_threshold_is_chosen_on_validation_clips(corpus, examples, tmp_path: Path, monkeypatch, real):
    """On those of real cameras where there are some, of which less is wanted."""
    if real:
        other = examples[-1].clip
        examples.append(Example(other, (0,), "val"))
    asked = []

    def choose(results, wanted, refused):
        assert refused == 0.8
        asked.append(([(each.example.clip.dataset, each.example.part) for each in results], wanted))
        return 0.65

    monkeypatch.setattr(fit, "choose_threshold", choose)
    card = weights.load(fit.train(config(steps=2), tmp_path, tmp_path))[1]
    assert card.threshold == 0.65
    judged = [("real_landmarks", "val")] if real else [("utd_mhad", "val")] * 2
    assert asked == [(judged, 0.92 if real else 0.95)]


def test_what_is_held_back_is_no_label_and_none_of_its_clips_is_read(corpus, examples, tmp_path, monkeypatch):
    def load(data: Path, vocabulary: Vocabulary, layout: SkeletonLayout) -> list[Example]:
        assert vocabulary.targets("utd_mhad", "stand") is None
        waving = [each for each in examples if each.clip.action != "stand"]
        return [replace(e, targets=tuple(0 for _ in e.targets)) for e in waving]

    monkeypatch.setattr(fit, "load_corpus", load)
    settings = config(held_back=["idle"], emphasis={"wave": 2.0}, steps=2)
    recognizer = Recognizer.load(fit.train(settings, tmp_path, tmp_path))
    assert recognizer.classes == ("wave",)
    assert recognizer.card.training["config"]["held_back"] == ["idle"]


def test_a_window_has_no_picture_to_be_placed_in(corpus, tmp_path: Path):
    with pytest.raises(ConfigError, match="origin picture is for prepared data sets"):
        fit.train(config(preprocessing={"origin": "picture"}), tmp_path, tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("origin", ["spine", "first"])
def test_weights_of_any_origin_are_trained_and_used_alike(corpus, examples, tmp_path: Path, origin):
    settings = config(
        name="ntu-25-lsta-small", layout="ntu-25", preprocessing={"origin": origin}, steps=2, validate_every=2
    )
    del examples[-1]  # in pixels
    recognizer = Recognizer.load(fit.train(settings, tmp_path, tmp_path))
    clips = fit._validation_clips(examples, settings)
    for (inputs, _, _), example in zip(clips, examples, strict=True):
        windows = clip_windows(example, NTU_25, settings.window_seconds, settings.frames)
        live = np.stack([recognizer._input(window) for window in windows])
        np.testing.assert_array_equal(inputs.numpy(), live)


def test_a_resumed_run_gives_the_numbers_of_an_uninterrupted_one(corpus, tmp_path: Path, monkeypatch):
    whole = fit.train(config(steps=6), tmp_path, tmp_path / "whole")
    batch = RandomWindows.batch

    def power_cut(self, number):
        if number >= 4:
            raise RuntimeError("power cut")
        return batch(self, number)

    with monkeypatch.context() as patch:
        patch.setattr(RandomWindows, "batch", power_cut)
        with pytest.raises(RuntimeError, match="power cut"):
            fit.train(config(steps=6), tmp_path, tmp_path / "cut")
    stopped = torch.load(tmp_path / "cut" / "last.ckpt", weights_only=False)
    assert stopped["global_step"] == 2
    resumed = fit.train(config(steps=6), tmp_path, tmp_path / "cut", resume=True)
    assert same(resumed, whole)
    states = [
        torch.load(tmp_path / run / "last.ckpt", weights_only=False)["state_dict"] for run in ("whole", "cut")
    ]
    for name, tensor in states[0].items():
        assert torch.equal(tensor, states[1][name]), name


def test_the_same_run_twice_gives_the_same_weights(corpus, tmp_path: Path):
    first, second = (fit.train(config(), tmp_path, tmp_path / name) for name in ("a", "b"))
    assert same(first, second)
    assert not same(first, fit.train(config(seed=7), tmp_path, tmp_path / "c"))


def test_a_run_shorter_than_the_validation_interval_is_validated_at_its_end(corpus, tmp_path: Path):
    path = fit.train(config(steps=3, validate_every=500), tmp_path, tmp_path)
    assert weights.load(path)[1].training["best_step"] == 3


def test_a_run_learns_to_tell_a_wave_from_standing(corpus, tmp_path: Path, wave, standing):
    """Windows, targets, loss, selection and weights fit together."""
    setup = config(
        steps=80,
        batch_size=12,
        network={"name": "lsta", "width": 0.25, "scales": 4},
        learning_rate=0.1,
        validate_every=20,
    )
    recognizer = Recognizer.load(fit.train(setup, tmp_path, tmp_path))
    assert recognizer.card.metrics["validation_probability"] > 0.9
    still = np.repeat(standing[None], 91, 0)[None]
    for sequence, label in (
        (wave(), "wave"),
        (SkeletonSequence(still, np.ones((1, 91, 25)), np.arange(91) / 30, NTU_25), "idle"),
    ):
        joints, confidence = project_to_kinetics18(
            sequence.joints[0], sequence.confidence[0], rotation(), 3.0
        )
        seen = SkeletonSequence(joints[None], confidence[None], sequence.timestamps, KINETICS_18)
        (prediction,) = recognizer.predict([seen.resample(window_times(3.0, 3.0, 16))])
        assert prediction.top(1)[0].label == label


def test_a_batch_of_windows_is_learned_by_heart(corpus, tmp_path: Path):
    network = {"name": "lsta", "width": 0.25, "scales": 2}
    settings = config(network=network, steps=7000, batch_size=8, learning_rate=0.1, label_smoothing=0.0)
    loss, _ = overfit(settings, tmp_path, steps=1)
    assert loss > 0.3
    loss, top1 = overfit(settings, tmp_path, steps=40)
    known = RandomWindows(fit.load_corpus(), SMALL.labels, settings).batch(0)[1].any(1)
    assert top1 == pytest.approx(float(known.float().mean()))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "changes,sentence",
    [
        ({"vocabulary": "weekly"}, "'weekly' is unknown: choose one of daily, daily-3d"),
        ({"layout": "human-17"}, "'human-17' is unknown: choose one of ntu-25, kinetics-18"),
        ({"held_back": ["jump"]}, "'jump' cannot be held back: the vocabulary 'small' has no such label"),
    ],
)
def test_unknown_names_in_a_run(corpus, tmp_path: Path, changes, sentence):
    with pytest.raises(ConfigError) as error:
        fit.train(config(**changes), tmp_path, tmp_path / "run")
    assert sentence in str(error.value)
    assert not (tmp_path / "run").exists()


def test_nothing_to_resume(corpus, tmp_path: Path):
    with pytest.raises(ConfigError, match="there is nothing to resume"):
        fit.train(config(), tmp_path, tmp_path / "run", resume=True)
