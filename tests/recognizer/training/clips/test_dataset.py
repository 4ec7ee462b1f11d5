"""Whole clips as network input, in which order, and at which learning rate."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from pose.buffer import SlidingBuffer
from pose.layouts import KINETICS_18, NTU_25, SHREC_22
from recognizer.data import shrec17
from recognizer.data.prepare import prepare
from recognizer.data.prepared import PreparedClips
from recognizer.data.sources import SOURCES
from recognizer.networks.build import build
from recognizer.preprocess import network_input
from recognizer.training.clips.config import ClipAugmentation
from recognizer.training.clips.dataset import ClipDataset, EpochSampler, clip_input, sample
from recognizer.training.clips.fit import train_clips
from recognizer.training.clips.module import ClipModule
from recognizer.training.configs import load_config
from recognizer.training.shared.errors import ConfigError
from tests.recognizer.data.raw import prepared_ntu, write_shrec
from tests.recognizer.test_upright import published
from tests.recognizer.training.clips.clip_runs import config


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared_ntu(tmp_path_factory.mktemp("ntu"), 30)


@pytest.fixture(scope="module")
def clips(data: Path) -> PreparedClips:
    return PreparedClips(data)


# Length


def person(frames: int, empty: tuple[int, ...] = ()) -> tuple[np.ndarray, np.ndarray]:
    """(T, 2, 1) joints that tell their frame's number from 1, and (T, 2)."""
    seen = np.ones((frames, 2), np.float32)
    seen[list(empty)] = 0
    return np.arange(1, frames + 1, dtype=np.float32)[:, None, None].repeat(2, 1) * seen[..., None], seen


def test_replay_repeats_up_to_the_last_frame_in_which_somebody_is_there():
    values, seen = sample(*person(5, empty=(1, 4)), 10, "replay")
    assert values[:, 0, 0].tolist() == [1, 0, 3, 4, 1, 0, 3, 4, 1, 0]
    np.testing.assert_array_equal(seen[:, 0], values[:, 0, 0] > 0)


@pytest.mark.parametrize("length", ["replay", "zeros"])
def test_of_a_clip_that_is_too_long_the_beginning_is_taken(length):
    values, seen = sample(*person(9), 4, length)
    assert values[:, 1, 0].tolist() == [1, 2, 3, 4] and seen.all()


def test_zeros_follow():
    values, seen = sample(*person(3), 5, "zeros")
    assert values[:, 0, 0].tolist() == [1, 2, 3, 0, 0]
    assert seen[:, 0].tolist() == [1, 1, 1, 0, 0]


@pytest.mark.parametrize("length", ["replay", "zeros", "resize"])
@pytest.mark.parametrize("frames", [1, 5])
def test_a_person_who_is_never_there_stays_away(length, frames):
    values, seen = sample(*person(frames, tuple(range(frames))), 7, length)
    assert values.shape == (7, 2, 1) and seen.shape == (7, 2)
    assert not values.any() and not seen.any()


@pytest.mark.parametrize("piece", [(0.0, 1.0), (0.1, 0.6)])
@pytest.mark.parametrize("frames, wanted", [(1, 4), (7, 4), (4, 11)])
def test_resize_interpolates(frames, wanted, piece):
    values, seen = sample(*person(frames), wanted, "resize", piece)
    at = np.linspace(*piece, wanted) * (frames - 1) + 1
    np.testing.assert_allclose(values[:, 0, 0], np.interp(at, np.arange(1, frames + 1), range(1, frames + 1)),
                               rtol=1e-6)  # fmt: skip
    assert seen.all()


# Input


def test_clips_are_replayed_centred_and_turned_as_the_published_code_does(clips: PreparedClips):
    two = next(index for index in range(len(clips)) if clips.clips["persons"][index] == 2)
    joints, confidence = clips.arrays(two)
    x = clip_input(joints, confidence, clips, config())
    assert x.shape == (3, 8, 25, 2)
    order = np.arange(8) % joints.shape[1]
    np.testing.assert_allclose(x, published(joints[:, order]).transpose(3, 1, 2, 0), atol=2e-6)


def test_a_second_person_who_leaves_early_is_replayed_before_the_first_is_the_origin():
    """In frame 3 the second one is where it was in frame 1, seen from where the first one is by then."""
    joints = np.random.default_rng(0).normal(0, 0.5, (2, 4, 25, 3)).astype(np.float32) + [0, 0, 3]
    joints[1, 2:] = 0
    confidence = (np.abs(joints).sum((2, 3)) > 0)[..., None].repeat(25, -1).astype(np.float32)
    x = clip_input(joints, confidence, OfBodies, config())
    whole = np.stack([joints[0, [0, 1, 2, 3] * 2], joints[1, [0, 1] * 4]])
    np.testing.assert_allclose(x, published(whole).transpose(3, 1, 2, 0), atol=2e-6)
    apart = np.linalg.norm(joints[1, 1, 0] - joints[0, 3, 0])
    assert np.linalg.norm(x[:, 3, 0, 1] - x[:, 3, 0, 0]) == pytest.approx(apart, rel=1e-5)


def test_nobody_is_zeros(clips: PreparedClips):
    one = next(index for index in range(len(clips)) if clips.clips["persons"][index] == 1)
    x = clip_input(*clips.arrays(one), clips, config())
    assert x[..., 0].any() and not x[..., 1].any()
    assert clip_input(*clips.arrays(one), clips, config(persons=1)).shape == (3, 8, 25, 1)


def test_streams_and_confidence_are_channels(clips: PreparedClips):
    options = {"streams": ["joint", "joint_motion"], "origin": "spine", "confidence": True}
    x = clip_input(*clips.arrays(0), clips, config(preprocessing=options))
    assert x.shape == (7, 8, 25, 2)
    np.testing.assert_allclose(x[3:6, :-1], np.diff(x[:3], axis=1), atol=1e-6)
    assert set(np.unique(x[6, :, :, 0])) == {1.0}


class OfBodies:
    """Stands for a prepared data set of 3-D joints."""

    layout = NTU_25


class OfPictures:
    """Stands for a prepared data set of 2-D joints."""

    layout = KINETICS_18


def test_the_origin_of_kinetics_is_the_middle_of_the_picture():
    joints = np.full((1, 4, 18, 2), 0.75, np.float32)
    joints[..., 1] = 0.25
    confidence = np.full((1, 4, 18), 0.6, np.float32)
    confidence[:, :, 3], joints[:, :, 3] = 0, 0
    options = {"origin": "picture", "confidence": True}
    x = clip_input(joints, confidence, OfPictures, config(preprocessing=options, length="zeros", persons=1))
    np.testing.assert_allclose(x[:, 0, 0, 0], [0.25, 0.25, 0.6])
    assert not x[:, :, 3].any() and not x[:, 4:].any()


def test_a_joint_hidden_for_a_while_is_interpolated_in_training_as_in_the_test():
    joints = np.random.default_rng(1).uniform(100, 300, (1, 9, 18, 2)).astype(np.float32)
    confidence = np.ones((1, 9, 18), np.float32)
    wrist, nose = KINETICS_18.index("left_wrist"), KINETICS_18.index("nose")
    confidence[:, 3:6, wrist], confidence[:, :, nose] = 0, 0
    options = config(preprocessing={"origin": "torso"}, frames=9, persons=1)
    test = clip_input(joints, confidence, OfPictures, options)
    train = clip_input(joints, confidence, OfPictures, options, np.random.default_rng(2))
    np.testing.assert_array_equal(train, test)
    assert test[:2, 3:6, wrist].all() and not test[:2, :, nose].any()
    noisy = options.model_copy(update={"augmentation": ClipAugmentation(noise=0.1)})
    train = clip_input(joints, confidence, OfPictures, noisy, np.random.default_rng(2))
    assert np.abs(train[:2, 3:6, wrist] - test[:2, 3:6, wrist]).max() < 1 and train[:2, 3:6, wrist].all()
    assert not train[:2, :, nose].any()


@pytest.mark.parametrize("shipped", ["sem/shrec17", "spa/shrec17"])
def test_a_hand_before_the_camera_looks_as_in_training(tmp_path: Path, shipped: str):
    """The joints of SHREC'17's file, frame by frame through the live window, against the prepared clip."""
    write_shrec(tmp_path / "raw", frames=31)
    hands = prepare("shrec17", tmp_path / "raw", tmp_path / "out", 1)
    options = load_config(shipped)
    trained = clip_input(*hands.arrays(0), hands, options)[..., 0]
    raw = shrec17.read_clip(SOURCES["shrec17"](tmp_path / "raw").files[0])
    # Training sees any 85 % of a clip, the test its middle.
    buffer = SlidingBuffer(SHREC_22, 0.85 * 30 / shrec17.FPS)
    for number, joints in enumerate(raw):
        buffer.push(number / shrec17.FPS, joints, np.ones(22))
    window = buffer.window(options.frames, end=0.925 * 30 / shrec17.FPS)
    live = network_input(window.joints[0], window.confidence[0], SHREC_22, options.preprocessing)
    assert live.shape == trained.shape == (3, 128, 22)
    assert np.abs(trained).max() > 0.2
    np.testing.assert_allclose(live, trained, atol=1e-5)


def test_a_hand_cannot_be_trained_from_the_hips(tmp_path: Path):
    write_shrec(tmp_path / "raw", frames=7)
    prepare("shrec17", tmp_path / "raw", tmp_path / "out", 1)
    options = load_config("sem/shrec17", ["preprocessing.origin=torso"])
    with pytest.raises(ConfigError, match="is prepared for .*=spine or first or extent, not torso"):
        train_clips(options, tmp_path / "out", tmp_path / "run")


def test_what_is_random_depends_on_seed_epoch_and_clip(clips: PreparedClips):
    changed = dict(rotation=30, scale=0.1, noise=0.01, shortest=0.5)
    options = config(augmentation=changed, length="resize")
    train = ClipDataset(clips, np.arange(5), options, train=True)
    first = train[2, 0][0]
    torch.testing.assert_close(first, train[2, 0][0], rtol=0, atol=0)
    assert not torch.equal(first, train[2, 1][0])
    test = ClipDataset(clips, np.arange(5), options, train=False)
    torch.testing.assert_close(test[2, 0][0], test[2, 1][0], rtol=0, atol=0)
    targets = train[2, 0][1]
    assert targets.sum() == 1 and targets[clips.labels("action")[2]]


def test_rotation_keeps_lengths_and_mirroring_swaps_sides(clips: PreparedClips):
    joints, confidence = clips.arrays(0)
    plain = clip_input(joints, confidence, clips, config())
    rng = np.random.default_rng(1)
    turned = clip_input(joints, confidence, clips, config(augmentation={"rotation": 40}), rng)
    assert np.abs(turned - plain).max() > 0.1
    np.testing.assert_allclose(np.linalg.norm(turned, axis=0), np.linalg.norm(plain, axis=0), atol=1e-5)
    about_the_vertical = config(augmentation={"azimuth": 90}, preprocessing={"origin": "torso"})
    upright = config(preprocessing={"origin": "torso"})
    plain_upright = clip_input(joints, confidence, clips, upright)
    turned = clip_input(joints, confidence, clips, about_the_vertical, rng)
    assert np.abs(turned - plain_upright).max() > 0.05
    np.testing.assert_allclose(turned[1], plain_upright[1], atol=1e-5)
    mirrored = clip_input(joints, confidence, clips, config(augmentation={"mirror": 1.0}), rng)
    left, right = NTU_25.index("left_wrist"), NTU_25.index("right_wrist")
    np.testing.assert_allclose(mirrored[:, :, left, 0], plain[:, :, right, 0] * [[-1], [1], [1]])


# Order


def test_every_epoch_has_every_clip_in_an_order_of_its_own():
    sampler = EpochSampler(10, seed=3, shuffle=True)
    orders = []
    for epoch in (0, 1, 0):
        sampler.set_epoch(epoch)
        items = list(sampler)
        assert {number for number, _ in items} == set(range(10)) and {e for _, e in items} == {epoch}
        orders.append(items)
    assert orders[0] == orders[2]
    assert [number for number, _ in orders[0]] != [number for number, _ in orders[1]]
    assert [number for number, _ in EpochSampler(4, 3, shuffle=False)] == [0, 1, 2, 3]


def test_processes_divide_the_clips(monkeypatch: pytest.MonkeyPatch):
    shares = []
    for rank in range(3):
        monkeypatch.setattr(EpochSampler, "_processes", staticmethod(lambda rank=rank: (rank, 3)))
        sampler = EpochSampler(10, seed=3, shuffle=True)
        shares.append([number for number, _ in sampler])
        assert len(shares[-1]) == len(sampler) == 4
    assert set().union(*shares) == set(range(10))


# Schedule


def test_the_learning_rate_falls_at_the_milestones_and_rises_before():
    options = config(milestones=[3, 5], gamma=0.1, warm_up=2)
    found = [options.learning_rate_factor(epoch) for epoch in (0, 1, 1.5, 2, 2.9, 3, 4.5, 5, 9)]
    assert found == pytest.approx([0, 0.5, 0.75, 1, 1, 0.1, 0.1, 0.01, 0.01])


def test_the_learning_rate_falls_along_half_a_cosine():
    options = config(schedule="cosine", epochs=10, warm_up=2)
    found = [options.learning_rate_factor(epoch) for epoch in (0, 1, 2, 4, 6, 8, 10)]
    assert found == pytest.approx([0, 0.5, 1, 0.8535534, 0.5, 0.1464466, 0])


def test_the_optimizer_is_chosen():
    for name, kind in (("sgd", torch.optim.SGD), ("adamw", torch.optim.AdamW)):
        options = config(optimizer=name, learning_rate=0.004, weight_decay=0.05, schedule="cosine", warm_up=1)
        found = ClipModule(build(options.network, NTU_25, 2, 3), options, 10).configure_optimizers()
        group = found["optimizer"].param_groups[0]
        assert type(found["optimizer"]) is kind and group["weight_decay"] == 0.05
        assert group["lr"] == pytest.approx(0.0004)  # a tenth of the warm-up's only epoch


def pictures(frames: int) -> np.ndarray:
    """(1, T, 18, 2) joints whose x, from the picture's middle, is the number of their frame, from 1."""
    return np.arange(1, frames + 1, dtype=np.float32)[None, :, None, None] * np.ones((1, 1, 18, 2)) + 0.5


OF_PICTURES = {"preprocessing": {"origin": "picture", "confidence": False}, "persons": 1}


def ends(frames: int, rng: np.random.Generator | None = None, **augmentation) -> list[float]:
    """Where in a clip the first and the last frame of a network's input are."""
    options = config(length="resize", augmentation=augmentation, **OF_PICTURES)
    x = clip_input(pictures(frames), np.ones((1, frames, 18)), OfPictures, options, rng)
    return [float(x[0, end, 0, 0]) - 1 for end in (0, -1)]


@pytest.mark.parametrize(
    "augmentation, wanted",
    [
        ({}, [0, 100]),
        ({"shortest": 0.5}, [2.5, 97.5]),
        ({"shortest": 0.85, "longest": 0.85}, [7.5, 92.5]),
        ({"shortest": 0.5, "longest": 0.9}, [5, 95]),
    ],
)
def test_the_test_sees_the_middle_of_a_clip_as_much_as_training(augmentation, wanted):
    assert ends(101, **augmentation) == pytest.approx(wanted, rel=1e-4)


def test_training_sees_pieces_of_the_wanted_share_from_anywhere():
    assert ends(101, np.random.default_rng(0)) == pytest.approx([0, 100])
    found = [ends(101, np.random.default_rng(seed), shortest=0.85, longest=0.85) for seed in range(50)]
    np.testing.assert_allclose([last - first for first, last in found], 85, rtol=1e-4)
    firsts = [first for first, _ in found]
    assert 0 <= min(firsts) < 2 and 13 < max(firsts) <= 15
    shares = [np.ptp(ends(101, np.random.default_rng(seed), shortest=0.5, longest=0.9)) for seed in range(50)]
    assert 50 <= min(shares) < 55 and 85 < max(shares) <= 90


def test_a_shortest_piece_is_not_longer_than_the_longest():
    with pytest.raises(ValueError, match="shortest must not be above longest"):
        ClipAugmentation(shortest=0.9, longest=0.8)


def test_resize_leaves_out_frames_without_anybody():
    confidence = np.zeros((1, 40, 18))
    confidence[:, 10:31] = 1
    x = clip_input(pictures(40), confidence, OfPictures, config(length="resize", **OF_PICTURES))
    np.testing.assert_allclose(x[0, [0, -1], 0, 0], [11, 31], rtol=1e-4)


def test_resize_does_not_draw_somebody_who_comes_in_towards_nothing():
    """Frames 1, 2, 3 are empty, 4, 5, 6 are there: three frames from each other one, five between them."""
    values, seen = sample(*person(6, empty=(0, 1, 2)), 11, "resize")
    assert values[:, 0, 0].tolist() == [0, 0, 0, 0, 0, 4, 4, 4.5, 5, 5.5, 6]
    np.testing.assert_array_equal(seen[:, 0], values[:, 0, 0] > 0)


# Random starts and moves


def starts(frames: int, known: int, seeds: int = 60) -> list[list[float]]:
    """Numbers of the frames that a network of 8 sees of a clip, 0 where it sees none."""
    options = config(length="zeros", augmentation={"any_start": True}, **OF_PICTURES)
    confidence = np.zeros((1, frames, 18))
    confidence[:, :known] = 1
    joints = pictures(frames) * (confidence > 0)[..., None]
    return [
        clip_input(joints, confidence, OfPictures, options, np.random.default_rng(seed))[0, :, 0, 0].tolist()
        for seed in range(seeds)
    ]


def test_a_longer_clip_begins_anywhere():
    found = starts(frames=11, known=10)
    assert {tuple(each) for each in found} == {tuple(range(first, first + 8)) for first in (1, 2, 3)}


def test_a_shorter_clip_lies_anywhere_among_zeros():
    found = starts(frames=11, known=6)
    assert {tuple(each) for each in found} == {
        tuple([0] * before + [1, 2, 3, 4, 5, 6] + [0] * (2 - before)) for before in (0, 1, 2)
    }


def test_without_augmentation_a_clip_begins_with_its_first_frame():
    options = config(length="zeros", augmentation={"any_start": True}, **OF_PICTURES)
    x = clip_input(pictures(20), np.ones((1, 20, 18)), OfPictures, options)
    np.testing.assert_allclose(x[0, :, 0, 0], range(1, 9), rtol=1e-6)
    with pytest.raises(ValueError, match="any_start goes with length zeros alone"):
        config(length="resize", augmentation={"any_start": True})


def random_move(joints: np.ndarray, drawn: list[np.ndarray]) -> np.ndarray:
    """ST-GCN's, of (2, T, V, M) and what it draws: the first and the last angle, scale, x and y."""
    frames = joints.shape[1]
    a, s, x, y = (np.linspace(*each, frames) for each in drawn)
    a = a * np.pi / 180
    theta = np.array([[np.cos(a) * s, -np.sin(a) * s], [np.sin(a) * s, np.cos(a) * s]])
    result = joints.copy()
    for frame in range(frames):
        moved = np.dot(theta[:, :, frame], joints[0:2, frame].reshape(2, -1))
        moved[0] += x[frame]
        moved[1] += y[frame]
        result[0:2, frame] = moved.reshape(2, *joints.shape[2:])
    return result


class Drawn:
    """A generator of random numbers that keeps what is chosen."""

    def __init__(self, seed: int):
        self._rng, self.drawn = np.random.default_rng(seed), []

    def choice(self, *args) -> np.ndarray:
        self.drawn.append(self._rng.choice(*args))
        return self.drawn[-1]

    def __getattr__(self, name: str):
        return getattr(self._rng, name)


def test_moves_are_those_of_st_gcn():
    joints = np.random.default_rng(0).uniform(0, 1, (2, 8, 18, 2)).astype(np.float32)
    confidence = np.ones((2, 8, 18), np.float32)
    confidence[1, 5:], joints[1, 5:] = 0, 0
    plain = {"preprocessing": {"origin": "picture", "confidence": False}, "length": "zeros"}
    still = clip_input(joints, confidence, OfPictures, config(**plain))
    moving = config(**plain, augmentation={"moves": True})
    for seed in range(5):
        rng = Drawn(seed)
        moved = clip_input(joints, confidence, OfPictures, moving, rng)
        wanted = random_move(still, rng.drawn)
        np.testing.assert_allclose(moved[..., 0], wanted[..., 0], atol=1e-6)
        np.testing.assert_allclose(moved[:, :5, :, 1], wanted[:, :5, :, 1], atol=1e-6)
        assert not moved[:, 5:, :, 1].any(), "nobody is not moved"
        for values, known in zip(rng.drawn, ((-10, -5, 0, 5, 10), (0.9, 1, 1.1)), strict=False):
            assert len(values) == 2 and set(values) <= set(known)
        assert len(rng.drawn) == 4 and np.abs(rng.drawn[2:]).max() <= 0.2
