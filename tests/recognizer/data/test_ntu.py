"""NTU RGB+D: the text format, its faults, and the preparation against the published code."""

from __future__ import annotations

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
