"""NTU RGB+D: the text format, its faults, and the preparation against the published code."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from recognizer.data import ntu
from recognizer.data.clip import DataError
from recognizer.data.ntu_actions import ACTIONS
from recognizer.data.prepared import TEST, TRAIN
from tests.recognizer.data.raw import ntu_bodies, ntu_text

NAME = "S001C002P003R001A023.skeleton"


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def written(folder: Path, text: str, name: str = NAME) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_bodies_come_back_frame_by_frame(tmp_path: Path, rng):
    bodies = ntu_bodies(rng, 3, 5)
    tracked = np.array([[1, 1, 1, 1, 1], [0, 1, 1, 0, 0], [1, 0, 0, 0, 1]], bool)
    read = ntu.read_bodies(written(tmp_path, ntu_text(bodies, tracked)))
    found = {int(seen.sum()): (body, seen) for body in read for seen in [np.abs(body).sum((1, 2)) > 0]}
    assert read.shape == (3, 5, 25, 3)
    # Bodies are told apart by ids that are the same number as a float64.
    order = [next(i for i, b in enumerate(read) if np.allclose(b[t], bodies[k, t], atol=1e-6))
             for k, t in ((0, 0), (1, 1), (2, 0))]  # fmt: skip
    assert sorted(order) == [0, 1, 2] and found
    np.testing.assert_allclose(read[order], bodies * tracked[..., None, None], atol=1e-6)


@pytest.mark.parametrize(
    "spoil, line, said",
    [
        (lambda lines: lines[:40], 41, "the file ends"),
        (lambda lines: lines[:3] + ["20", *lines[4:]], 4, "a body has 20 joints instead of 25"),
        (lambda lines: ["0"], None, "no frames"),
        (lambda lines: [], 1, "there is no number of frames|the file ends"),
        (lambda lines: ["many", *lines[1:]], 1, "there is no number of frames"),
        (lambda lines: [lines[0], "-1", *lines[2:]], 2, "-1 is no number of bodies"),
        (lambda lines: lines[:9] + [lines[9].replace(lines[9].split()[1], "nan", 1), *lines[10:]], 10,
         "not a finite number"),
        (lambda lines: lines[:9] + ["x" + lines[9], *lines[10:]], 10, "not a number"),
        (lambda lines: lines[:9] + [lines[9].rsplit(" ", 1)[0], *lines[10:]], 10, "11 numbers instead of 12"),
    ],
)  # fmt: skip
def test_a_malformed_file_is_told_by_name_and_line(tmp_path: Path, rng, spoil, line, said):
    lines = ntu_text(ntu_bodies(rng, 1, 3)).split("\r\n")
    path = written(tmp_path, "\n".join(spoil(lines)))
    with pytest.raises(DataError, match=said) as error:
        ntu.read_bodies(path)
    assert NAME in str(error.value)
    assert line is None or f"line {line}" in str(error.value)


@pytest.mark.parametrize("name", ["S1C2P3R1A23", "S001C002P003R001", "notes", "S001C002P003R001A023_rgb"])
def test_an_odd_name_is_told(name):
    with pytest.raises(DataError, match=name):
        ntu.ids(Path(f"{name}.skeleton"))


def test_the_two_bodies_of_largest_spread_are_kept_the_larger_first(rng):
    bodies = ntu_bodies(rng, 4, 8)
    size = np.array([0.1, 2.0, 0.2, 1.0])[:, None, None, None]
    kept = ntu.main_bodies((bodies * size).astype(np.float32), Path("x"))
    np.testing.assert_array_equal(kept, (bodies * size).astype(np.float32)[[1, 3]])


def test_a_body_that_comes_late_begins_at_once(rng):
    bodies = ntu_bodies(rng, 2, 6)
    bodies[1] *= 0.1
    bodies[1, [0, 1, 4]] = 0
    first, second = ntu.main_bodies(bodies, Path("x"))
    np.testing.assert_array_equal(first, bodies[0])
    np.testing.assert_array_equal(second[:3], bodies[1, [2, 3, 5]])
    assert not second[3:].any()


def test_a_body_that_is_lost_for_a_moment_keeps_its_gap(rng):
    bodies = ntu_bodies(rng, 1, 6)
    bodies[0, 2] = 0
    np.testing.assert_array_equal(ntu.main_bodies(bodies, Path("x")), bodies)


def test_nobody_is_told():
    with pytest.raises(DataError, match="no skeleton"):
        ntu.main_bodies(np.zeros((1, 5, 25, 3), np.float32), Path("x"))
    with pytest.raises(DataError, match="no skeleton"):
        ntu.main_bodies(np.zeros((0, 5, 25, 3), np.float32), Path("x"))


def published(data: np.ndarray) -> np.ndarray:
    """pre_normalization of 2s-AGCN and MS-G3D, written out: (M, T, 25, 3), every frame tracked."""

    def matrix(axis, theta):
        if np.abs(axis).sum() < 1e-6 or np.abs(theta) < 1e-6:
            return np.eye(3)
        axis = np.asarray(axis) / math.sqrt(np.dot(axis, axis))
        a = math.cos(theta / 2.0)
        b, c, d = -axis * math.sin(theta / 2.0)
        return np.array([
            [a * a + b * b - c * c - d * d, 2 * (b * c + a * d), 2 * (b * d - a * c)],
            [2 * (b * c - a * d), a * a + c * c - b * b - d * d, 2 * (c * d + a * b)],
            [2 * (b * d + a * c), 2 * (c * d - a * b), a * a + d * d - b * b - c * c],
        ])  # fmt: skip

    def angle(one, other):
        one, other = one / np.linalg.norm(one), other / np.linalg.norm(other)
        return np.arccos(np.clip(np.dot(one, other), -1.0, 1.0))

    data = data.astype(np.float64) - data[0:1, :, 1:2]
    for one, other, target in ((0, 1, [0, 0, 1]), (4, 8, [1, 0, 0])):
        bone = data[0, 0, other] - data[0, 0, one]
        turn = matrix(np.cross(bone, target), angle(bone, np.array(target, float)))
        for person in data:
            for frame in person:
                for joint in range(25):
                    frame[joint] = np.dot(turn, frame[joint])
    return data


@pytest.mark.parametrize("persons", [1, 2])
def test_centred_and_turned_as_the_published_code_does(rng, persons):
    bodies = ntu_bodies(rng, persons, 5)
    np.testing.assert_allclose(ntu.centred_and_upright(bodies), published(bodies), atol=2e-6)


def test_the_shoulders_lie_along_x_and_untracked_frames_stay_empty(rng):
    bodies = ntu_bodies(rng, 2, 5)
    bodies[1, 3:] = 0
    turned = ntu.centred_and_upright(bodies)
    assert not turned[1, 3:].any()
    assert np.abs(turned[0, :, 1]).max() < 1e-6
    across = turned[0, 0, 8] - turned[0, 0, 4]
    assert across[0] > 0 and np.abs(across[1:]).max() < 1e-5
    # Nothing but turned: distances are what they were.
    np.testing.assert_allclose(
        np.linalg.norm(turned[0, 2, 3] - turned[0, 2, 19]),
        np.linalg.norm(bodies[0, 2, 3] - bodies[0, 2, 19]), rtol=1e-5,
    )  # fmt: skip


@pytest.mark.parametrize("vector", [(0, 0, 2.0), (0, 0, 0), (1e-9, 0, 0)])
def test_what_needs_no_turn_or_has_no_direction_is_not_turned(vector):
    np.testing.assert_allclose(ntu.turn_onto(np.array(vector, float), np.array([0, 0, 1.0])), np.eye(3))


def test_protocols():
    def part(name, protocol, subjects):
        return ntu.parts(Path(f"{name}.skeleton"), (protocol,), subjects)[0]

    sixty, all_of_them = ntu.TRAIN_SUBJECTS_60, ntu.TRAIN_SUBJECTS_120
    assert (len(sixty), len(all_of_them)) == (20, 53)
    assert part("S001C001P003R001A001", "xsub", sixty) == TEST
    assert part("S001C001P004R001A001", "xsub", sixty) == TRAIN
    assert part("S020C001P045R001A061", "xsub", all_of_them) == TRAIN
    assert part("S001C001P001R001A001", "xview", sixty) == TEST
    assert part("S001C003P001R001A001", "xview", sixty) == TRAIN
    assert part("S002C001P001R001A001", "xset", all_of_them) == TRAIN
    assert part("S003C001P001R001A001", "xset", all_of_them) == TEST


def test_action_names():
    assert len(set(ACTIONS)) == len(ACTIONS) == 120
    assert (ACTIONS[22], ACTIONS[42], ACTIONS[59], ACTIONS[60]) == (
        "hand_waving", "falling_down", "walking_apart", "put_on_headphone",
    )  # fmt: skip
