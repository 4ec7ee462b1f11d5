"""NW-UCLA reader, on files in its format and on the real ones."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from pose.layouts import NTU_25
from recognizer.data.clip import DataError
from recognizer.data.nw_ucla import ACTIONS, read_nw_ucla


def write(root: Path, name: str, skeletons: object) -> Path:
    (root / "all_sqe").mkdir(exist_ok=True)
    path = root / "all_sqe" / f"{name}.json"
    path.write_text(json.dumps({"file_name": name, "skeletons": skeletons, "label": 1}))
    return path


def test_reads_its_own_format(tmp_path: Path) -> None:
    skeleton = np.random.default_rng(0).normal(size=(3, 20, 3))
    skeleton[2] = 0
    write(tmp_path, "a11_s04_e01_v02", skeleton.tolist())
    write(tmp_path, "a02_s05_e00_v03", skeleton[:1].tolist())  # one frame
    single, clip = read_nw_ucla(tmp_path)
    assert (clip.action, clip.subject, clip.view, clip.split) == ("throw", "s04", "v02", "train")
    np.testing.assert_allclose(clip.sequence.timestamps, [0, 1 / 15, 2 / 15])
    np.testing.assert_allclose(
        clip.sequence.joints[0, :, NTU_25.index("left_elbow")], skeleton[:, 5], rtol=1e-6
    )
    assert clip.sequence.confidence[0].min(axis=1).tolist() == [1, 1, 0]
    assert (single.action, single.split) == ("pick_up_with_two_hands", "test")
    assert single.sequence.joints.shape == (1, 1, 25, 3) and single.sequence.duration == 0


POINT = [0.0, 1.0, 2.0]


@pytest.mark.parametrize(
    "skeletons",
    [
        [[POINT[:2]] * 20],  # two coordinates
        [[POINT] * 19, [POINT] * 20],  # frames of different size
        [],
        "text",
        [[[float("nan")] * 3] * 20],
        [[[1e39] * 3] * 20],
        [[[60.0] * 3] * 20],
        [[[10**400] * 3] * 20],
        [[["1"] * 3] * 20],
        [[[None] * 3] * 20],
        [[POINT] * 20] * 20_000,  # 22 minutes
    ],
)
def test_malformed_content_is_named(tmp_path: Path, skeletons: object) -> None:
    write(tmp_path, "a01_s01_e01_v01", skeletons)
    with pytest.raises(DataError, match="a01_s01_e01_v01.json"):
        list(read_nw_ucla(tmp_path))


def test_malformed_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="all_sqe"):
        list(read_nw_ucla(tmp_path))
    path = write(tmp_path, "a01_s01_e01_v01", [[[0.0, 1.0, 2.0]] * 20])
    path.write_text(path.read_text()[:-20])
    with pytest.raises(DataError, match="a01_s01_e01_v01.json"):
        list(read_nw_ucla(tmp_path))
    path.unlink()
    write(tmp_path, "a07_s01_e01_v01", [[[0.0, 1.0, 2.0]] * 20])  # there is no action 7
    with pytest.raises(DataError, match="a07_s01_e01_v01.json"):
        list(read_nw_ucla(tmp_path))


def test_real_counts(real_data) -> None:
    clips = list(read_nw_ucla(real_data("nw_ucla")))
    assert Counter(clip.split for clip in clips) == {"train": 1020, "test": 464}
    assert {clip.action for clip in clips} == set(ACTIONS.values())
    lengths = np.array([len(clip.sequence.timestamps) for clip in clips])
    assert (lengths.min(), lengths.max(), np.count_nonzero(lengths < 10)) == (1, 201, 10)
    assert all((clip.view == "v03") == (clip.split == "test") for clip in clips)
