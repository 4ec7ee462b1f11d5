"""UTD-MHAD reader, on files in its format and on the real ones."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import scipy.io

from pose.layouts import NTU_25
from recognizer.data.clip import DataError
from recognizer.data.utd_mhad import ACTIONS, read_utd_mhad


def write(root: Path, name: str, skeleton: np.ndarray, key: str = "d_skel") -> Path:
    (root / "Skeleton").mkdir(exist_ok=True)
    scipy.io.savemat(root / "Skeleton" / name, {key: skeleton})
    return root / "Skeleton" / name


def test_reads_its_own_format(tmp_path: Path) -> None:
    skeleton = np.random.default_rng(0).normal(size=(20, 3, 4))
    write(tmp_path, "a10_s2_t1_skeleton.mat", skeleton)
    write(tmp_path, "a9_s1_t3_skeleton.mat", skeleton)
    second, first = read_utd_mhad(tmp_path)  # file names sort as text: a10 before a9
    assert (first.name, first.action, first.subject) == ("a09_s01_t03", "draw_circle_clockwise", "s01")
    assert (first.split, first.dataset, first.view) == ("train", "utd_mhad", "front")
    assert (second.action, second.split) == ("draw_circle_counter_clockwise", "test")
    assert first.sequence.joints.shape == (1, 4, 25, 3)
    np.testing.assert_allclose(first.sequence.timestamps, [0, 1 / 30, 2 / 30, 3 / 30])
    # The list starts with the head; the right wrist is the eleventh joint.
    head, wrist = NTU_25.index("head"), NTU_25.index("right_wrist")
    np.testing.assert_allclose(first.sequence.joints[0, :, head], skeleton[0].T, rtol=1e-6)
    np.testing.assert_allclose(first.sequence.joints[0, :, wrist], skeleton[10].T, rtol=1e-6)


def test_malformed_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Skeleton"):
        list(read_utd_mhad(tmp_path))
    path = write(tmp_path, "a1_s1_t1_skeleton.mat", np.zeros((20, 2, 4)))
    with pytest.raises(DataError, match=r"a1_s1_t1_skeleton.*\(20, 2, 4\)"):
        list(read_utd_mhad(tmp_path))
    write(tmp_path, path.name, np.zeros((20, 3, 4)), key="other")
    with pytest.raises(DataError, match="a1_s1_t1_skeleton.*missing"):
        list(read_utd_mhad(tmp_path))
    write(tmp_path, path.name, np.full((20, 3, 4), np.nan))
    with pytest.raises(DataError, match="a1_s1_t1_skeleton.*finite"):
        list(read_utd_mhad(tmp_path))
    for value, said in ((1e39, "finite"), (-60.0, "-60 metres"), (1 + 2j, "numbers")):
        write(tmp_path, path.name, np.full((20, 3, 4), value))
        with pytest.raises(DataError, match=f"a1_s1_t1_skeleton.*{said}"):
            list(read_utd_mhad(tmp_path))
    write(tmp_path, path.name, np.ones((20, 3, 4)))
    path.write_bytes(path.read_bytes()[:150])
    with pytest.raises(DataError, match="a1_s1_t1_skeleton"):
        list(read_utd_mhad(tmp_path))
    path.unlink()
    write(tmp_path, "a28_s1_t1_skeleton.mat", np.ones((20, 3, 4)))
    with pytest.raises(DataError, match="a28_s1_t1_skeleton"):
        list(read_utd_mhad(tmp_path))


def test_real_counts(real_data) -> None:
    clips = list(read_utd_mhad(real_data("utd_mhad")))
    assert Counter(clip.split for clip in clips) == {"train": 431, "test": 430}
    assert len({clip.name for clip in clips}) == 861
    assert {clip.action for clip in clips} == set(ACTIONS) and len(ACTIONS) == 27
    assert {clip.subject for clip in clips} == {f"s{n:02d}" for n in range(1, 9)}
    lengths = [len(clip.sequence.timestamps) for clip in clips]
    assert (min(lengths), max(lengths)) == (41, 125)
