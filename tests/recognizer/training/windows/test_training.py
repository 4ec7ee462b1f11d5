"""Training: the loss by hand, batches, tiny runs and resuming."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from pose.layouts import KINETICS_18, NTU_25, SkeletonLayout
from pose.skeleton import SkeletonSequence
from recognizer import weights
from recognizer.data.augment.moments import interpolated
from recognizer.data.clip import Clip
from recognizer.data.corpus import Example
from recognizer.data.views import project_to_kinetics18, rotation, slower
from recognizer.networks.build import build
from recognizer.predictor import Recognizer
from recognizer.training.debug import overfit
from recognizer.training.shared.errors import ConfigError
from recognizer.training.shared.loss import any_of_loss
from recognizer.training.windows import fit
from recognizer.training.windows.config import TrainingConfig
from recognizer.training.windows.dataset import RandomWindows, clip_windows, sampling_weights
from recognizer.training.windows.module import RecognitionModule
from recognizer.vocabulary import VOCABULARIES, Vocabulary
from recognizer.windows import window_times

SMALL = Vocabulary(
    "small", {"utd_mhad": {"wave": "wave", "stand": "idle"}, "real_landmarks": {"other": "unknown"}}
)


def config(**changes) -> TrainingConfig:
    values = dict(
        name="kinetics-18-lsta-small", vocabulary="small", layout="kinetics-18", frames=16, steps=4,
        batch_size=4, network={"name": "lsta", "width": 0.1, "scales": 2, "dropout": 0.3},
        validate_every=2, learning_rate=0.01,
    )  # fmt: skip
    return TrainingConfig.model_validate({**values, **changes})


@pytest.fixture
def examples(wave, standing) -> list[Example]:
    """Three people who wave and three who stand before a sensor; one who does neither on a real camera."""
    result = []
    for number, part in enumerate(("train", "train", "val")):
        waving = wave(2.5 + 0.5 * number)
        times = waving.timestamps
        still = np.repeat(standing[None], len(times), 0)[None] + 0.01 * number
        resting = SkeletonSequence(still, np.ones(still.shape[:3]), times, NTU_25)
        for target, action, sequence in ((1, "wave", waving), (0, "stand", resting)):
            clip = Clip(f"{action}{number}", "utd_mhad", action, f"s{number}", "train", sequence)
            result.append(Example(clip, (target,), part))
    points = np.random.default_rng(0).uniform(100, 300, (1, 60, 18, 2))
    other = SkeletonSequence(points, np.ones((1, 60, 18)), np.arange(60) / 20, KINETICS_18)
    result.append(Example(Clip("other", "real_landmarks", "other", "p1", "train", other), (), "train", True))
    return result


# Loss


def test_loss_by_hand():
    # Probabilities 1/2, 1/4, 1/4 in every row.
    logits = torch.tensor([[math.log(2.0), 0.0, 0.0]] * 3)
    targets = torch.tensor([[True, False, False], [False, True, True], [False, False, True]])
    uniform = (math.log(2) + 2 * math.log(4)) / 3
    plain = [math.log(2), math.log(2), math.log(4)]
    assert float(any_of_loss(logits, targets, 0.0)) == pytest.approx(sum(plain) / 3)
    smoothed = [0.9 * each + 0.1 * uniform for each in plain]
    assert float(any_of_loss(logits, targets, 0.1)) == pytest.approx(sum(smoothed) / 3)
    half = logits.bfloat16()
    assert float(any_of_loss(half, targets, 0.1)) == float(any_of_loss(half.float(), targets, 0.1))
    assert float(any_of_loss(logits[:1], targets[:1], 0.0)) == pytest.approx(
        float(torch.nn.functional.cross_entropy(logits[:1], torch.tensor([0])))
    )


def test_loss_with_one_right_class_is_cross_entropy_with_label_smoothing():
    torch.manual_seed(0)
    logits, right = torch.randn(5, 7), torch.arange(5)
    wanted = torch.nn.functional.cross_entropy(logits, right, label_smoothing=0.1)
    targets = torch.nn.functional.one_hot(right, 7).bool()
    torch.testing.assert_close(any_of_loss(logits, targets, 0.1), wanted)


def test_loss_pulls_towards_any_right_class():
    logits = torch.zeros(1, 3, requires_grad=True)
    any_of_loss(logits, torch.tensor([[True, True, False]]), 0.0).backward()
    assert logits.grad.isfinite().all()
    assert logits.grad[0, 0] == logits.grad[0, 1] < 0 < logits.grad[0, 2]


def test_loss_of_certain_mistakes_stays_finite():
    logits = torch.tensor([[200.0, -200.0]], requires_grad=True)
    loss = any_of_loss(logits, torch.tensor([[False, True]]), 0.0)
    loss.backward()
    assert float(loss.detach()) == pytest.approx(400)
    assert logits.grad.isfinite().all()


# Batches


def test_batches_depend_on_seed_and_number_only(examples):
    first, second = (RandomWindows(examples, SMALL.labels, config()) for _ in range(2))
    stream = iter(first)
    for number in range(3):
        for a, b in zip(next(stream), second.batch(number), strict=True):
            assert torch.equal(a, b)
    resumed = iter(RandomWindows(examples, SMALL.labels, config(), first_batch=2))
    assert torch.equal(next(resumed)[0], second.batch(2)[0])
    assert not torch.equal(second.batch(0)[0], second.batch(1)[0])
    other_seed = RandomWindows(examples, SMALL.labels, config(seed=2))
    assert not torch.equal(second.batch(0)[0], other_seed.batch(0)[0])


def test_shape_and_targets_of_a_batch(examples):
    windows, targets = RandomWindows(examples, SMALL.labels, config(batch_size=64)).batch(0)
    assert windows.shape == (64, 3, 16, 18, 1)
    assert (windows.dtype, targets.dtype) == (torch.float32, torch.bool)
    assert targets.shape == (64, len(SMALL.labels) + 1)
    assert set(targets.sum(1).tolist()) == {1}
    unknown = targets[:, -1]
    assert 0 < unknown.sum() < 64, "the last one is what shows none of the labels"


def test_sampling_by_hand(examples):
    few = [examples[0], examples[1], examples[1], examples[1]]  # one wave, three idle
    np.testing.assert_allclose(sampling_weights(few, 0.0, {"real_landmarks": 0.25}), [0.25] * 4)
    np.testing.assert_allclose(sampling_weights(few, 1.0, {}), [1 / 2, 1 / 6, 1 / 6, 1 / 6])
    for share in (0.0, 0.3):
        wanted = [(1 - share) / 2, *[(1 - share) / 6] * 3, share]
        weights_ = sampling_weights([*few, examples[-1]], 1.0, {"real_landmarks": share, "absent": 0.5})
        np.testing.assert_allclose(weights_, wanted)
    # Within a set with a share of its own, by length: 2.5 s and 3.0 s.
    only = sampling_weights([examples[0], examples[2]], 0.0, {"utd_mhad": 0.4})
    np.testing.assert_allclose(only, [2.5 / 5.5, 3.0 / 5.5])


def test_windows_of_a_clip(examples):
    of = examples[2]  # 3 s
    windows = clip_windows(of, KINETICS_18, 1.0, 16)
    np.testing.assert_allclose([window.timestamps[-1] for window in windows], np.linspace(1, 3, 9))
    wrist, shoulder = (KINETICS_18.index(f"right_{joint}") for joint in ("wrist", "shoulder"))
    for window in windows:
        assert window.layout is KINETICS_18 and window.joints.shape == (1, 16, 18, 2)
        x = window.joints[0, :, :, 0]
        assert (x[:, wrist] < x[:, shoulder]).all(), "seen from the sensor's own side"
    assert [window.joints.shape for window in clip_windows(of, NTU_25, 1.0, 16)] == 9 * [(1, 16, 25, 3)]


def test_a_slower_camera_keeps_every_second_frame(wave):
    clip = wave(2.0)
    slow = slower(clip, 15.0)
    np.testing.assert_allclose(slow.timestamps, np.arange(31) / 15)
    np.testing.assert_array_equal(slow.joints, clip.joints[:, ::2])
    times = window_times(2.0, 1.0, 16)
    np.testing.assert_allclose(interpolated(slow, times)[0], interpolated(clip, times)[0], atol=0.02)
    later = slower(clip, 10.0, phase=0.67)
    np.testing.assert_allclose(later.timestamps, np.arange(2, 61, 3) / 30, atol=1e-9)
    assert slower(wave(0.1), 1.0, phase=0.9).joints.shape[1] == 1
    np.testing.assert_array_equal(slower(clip, 90.0).timestamps, clip.timestamps)


# Runs


@pytest.fixture
def corpus(monkeypatch: pytest.MonkeyPatch, examples) -> None:
    """Stands in for the data sets."""
    monkeypatch.setitem(VOCABULARIES, "small", SMALL)
    monkeypatch.setattr(fit, "load_corpus", lambda *_: examples)


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


def test_both_heads_of_dualhead_learn(examples):
    settings = config(network={"name": "dualhead", "width": 0.125})
    batch = RandomWindows(examples, SMALL.labels, settings).batch(0)
    network = build(settings.network, KINETICS_18, 3, batch[0].shape[1])
    module = RecognitionModule(network, settings)
    loss = module.training_step(batch, 0)
    heads = network.forward_heads(batch[0])
    wanted = sum(any_of_loss(head, batch[1], settings.label_smoothing) for head in heads) / 2
    torch.testing.assert_close(loss, wanted)
    loss.backward()
    assert network.fine_classifier.weight.grad.any() and network.coarse_classifier.weight.grad.any()


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
        self._validation.append((0.45 if early else 0.4, not early, False))

    monkeypatch.setattr(RecognitionModule, "validation_step", scripted)
    card = weights.load(fit.train(config(), tmp_path, tmp_path))[1]
    assert card.training["best_step"] == 2
    assert card.metrics["validation_probability"] == pytest.approx(0.45)


def test_validation_by_hand(monkeypatch: pytest.MonkeyPatch):
    """Clips of one window whose logits are the windows themselves: three of the lab, one of a real camera."""
    module, logged = RecognitionModule(torch.nn.Identity(), config()), {}
    monkeypatch.setattr(module, "log", lambda name, value, **_: logged.update({name: value}))
    for first, targets, real in (
        (0.9, (0,), False),
        (0.4, (0,), False),
        (0.4, (1,), False),
        (0.3, (0,), True),
    ):
        module.validation_step((torch.tensor([[first, 1 - first]]).log(), targets, real), 0)
    module.on_validation_epoch_end()
    lab, real = (0.9 + 0.4 + 0.6) / 3, 0.3
    assert logged == pytest.approx({"top1_lab": 2 / 3, "top1_real": 0.0, "val": (lab + real) / 2})


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


# Schedule


def test_learning_rate_warms_up_and_falls_to_zero():
    module = RecognitionModule(torch.nn.Linear(2, 2), config(steps=100, learning_rate=1.0))
    parts = module.configure_optimizers()
    rates = []
    for _ in range(100):
        rates.append(parts["optimizer"].param_groups[0]["lr"])
        parts["optimizer"].step()
        parts["lr_scheduler"]["scheduler"].step()
    np.testing.assert_allclose(rates[:5], [0.2, 0.4, 0.6, 0.8, 1.0])
    assert (np.diff(rates[5:]) <= 0).all()
    assert rates[52] == pytest.approx(0.5, abs=0.02)
    assert rates[-1] < 0.001


def test_only_matrices_decay_and_sgd_is_the_papers():
    module = RecognitionModule(torch.nn.Linear(2, 2), config(weight_decay=5e-4))
    optimizer = module.configure_optimizers()["optimizer"]
    assert isinstance(optimizer, torch.optim.SGD)
    assert [
        (len(g["params"]), g["weight_decay"], g["momentum"], g["nesterov"]) for g in optimizer.param_groups
    ] == [
        (1, 5e-4, 0.9, True),
        (1, 0.0, 0.9, True),
    ]
