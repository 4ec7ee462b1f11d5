"""NW-UCLA by the recipe of published results: the public code's input, the shipped configurations."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from pose.layouts import NTU_25
from recognizer.data.kinect import KINECT_20
from recognizer.data.prepare import prepare
from recognizer.networks.build import build
from recognizer.preprocess import channels
from recognizer.training.clips.config import ClipAugmentation
from recognizer.training.clips.dataset import ClipDataset, clip_input
from recognizer.training.clips.fit import open_clips
from recognizer.training.configs import load_config
from tests.recognizer.training.clips.clip_runs import OfBodies, body, recipe

NETWORKS = ("dualhead", "lsta", "sem", "spa", "stf")


class Drawn:
    """A generator of random numbers that keeps the whole numbers it gives."""

    def __init__(self, seed: int):
        self._rng, self.drawn = np.random.default_rng(seed), []

    def integers(self, *args, **options):
        self.drawn.append(self._rng.integers(*args, **options))
        return self.drawn[-1]

    def __getattr__(self, name: str):
        return getattr(self._rng, name)


def published(value: np.ndarray, agx: float, agy: float, s: float, rows: np.ndarray) -> np.ndarray:
    """feeder_ucla.py of CTR-GCN, written out: (T', V, 3) -> (3, T, V) of the joints."""
    value = value.astype(np.float64) - value[0, 1]
    agx, agy = math.radians(agx), math.radians(agy)
    rx = [[1, 0, 0], [0, math.cos(agx), math.sin(agx)], [0, -math.sin(agx), math.cos(agx)]]
    ry = [[math.cos(agy), 0, -math.sin(agy)], [0, 1, 0], [math.sin(agy), 0, math.cos(agy)]]
    points = np.dot(value.reshape(-1, 3), np.dot(ry, np.dot(rx, s * np.eye(3))))
    points = (points - points.min(0)) / (points.max(0) - points.min(0)) * 2 - 1
    return points.reshape(value.shape)[rows].transpose(2, 0, 1)


@pytest.mark.parametrize("frames", [1, 31, 120])
def test_clips_are_made_as_the_published_code_does(frames: int):
    joints, seen = body(frames)
    options = recipe(
        preprocessing={"origin": "extent", "confidence": False, "streams": ["joint", "joint_motion"]}
    )
    test = clip_input(joints, seen, OfBodies, options)
    evenly = np.linspace(0, frames - 1, 52).astype(int)
    np.testing.assert_allclose(test[:3, ..., 0], published(joints[0], 0, 0, 1, evenly), atol=1e-5)
    np.testing.assert_allclose(test[3:, :-1, :, 0], np.diff(test[:3, ..., 0], axis=1), atol=1e-6)
    for seed in range(5):
        rng = Drawn(seed)
        train = clip_input(joints, seen, OfBodies, options, rng)
        x, y, rows = rng.drawn
        wanted = published(joints[0], -x, y, 0.7, np.sort(rows))  # about x the other way round
        np.testing.assert_allclose(train[:3, ..., 0], wanted, atol=1e-5)
        np.testing.assert_allclose(train[3:, :-1, :, 0], np.diff(wanted, axis=1), atol=1e-5)


def test_a_file_of_the_data_set_is_seen_as_the_published_code_sees_it(tmp_path: Path):
    """Of its 20 joints; those that Kinect v1 lacks lie on or between others and add nothing to the extent."""
    raw = body(31)[0][0, :, :20]
    (tmp_path / "raw" / "all_sqe").mkdir(parents=True)
    for view in (1, 2, 3):
        path = tmp_path / "raw" / "all_sqe" / f"a01_s01_e01_v0{view}.json"
        path.write_text(json.dumps({"skeletons": raw.astype(float).tolist()}))
    prepare("nw_ucla", tmp_path / "raw", tmp_path / "out", 1)
    shipped = load_config("lsta/nw_ucla")
    clips, parts = open_clips(shipped, tmp_path / "out")
    (x, _) = ClipDataset(clips, parts[1], shipped, train=False)[0, 0]
    names = {"hip_center": "spine_base", "spine": "spine_middle", "shoulder_center": "spine_shoulder"}
    joints = [NTU_25.index(names.get(name, name)) for name in KINECT_20]
    wanted = published(raw, 0, 0, 1, np.linspace(0, 30, 52).astype(int))
    np.testing.assert_allclose(x[:, :, joints, 0], wanted, atol=1e-5)


@pytest.mark.parametrize("network", NETWORKS)
def test_nw_ucla_is_trained_by_the_published_recipe(network: str):
    shipped = load_config(f"{network}/nw_ucla")
    assert shipped.augmentation == ClipAugmentation(turn_x=60, turn_y=60, random_frames=True)
    assert (shipped.preprocessing.origin, shipped.frames, shipped.length) == ("extent", 52, "pick")
    assert (shipped.optimizer, shipped.schedule, shipped.batch_size) == ("sgd", "steps", 16)
    assert (shipped.learning_rate, shipped.gamma, shipped.weight_decay) == (0.1, 0.1, 1e-4)
    assert shipped.test_every is None, "the test part has no say"
    # In an epoch of theirs every clip comes five times: 5 of 65 warm up, and at 50 the rate falls.
    (milestone,) = shipped.milestones
    assert shipped.warm_up / shipped.epochs == pytest.approx(5 / 65, abs=0.005)
    assert milestone / shipped.epochs == pytest.approx(50 / 65, abs=0.005)
    for stream in ("joint", "bone", "joint_motion", "bone_motion"):
        if network == "spa" and stream != "joint":
            continue
        one = load_config(f"{network}/nw_ucla", [f"preprocessing.streams=[{stream}]"])
        assert one.name == f"{network}-nw_ucla-xview-{stream}"
        inputs = channels(NTU_25, one.preprocessing)
        module = build(one.network, NTU_25, 10, inputs, one.persons).eval()
        if stream == "bone" or network == "spa":
            joints, seen = body(31)
            x = clip_input(joints, seen, OfBodies, one, np.random.default_rng(0))
            with torch.inference_mode():
                assert module(torch.from_numpy(x)[None]).isfinite().all()
