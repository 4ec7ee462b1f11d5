"""MSR-Action3D reader, on files in its format and on the real ones."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from pose.layouts import NTU_25
from recognizer.data.clip import DataError
from recognizer.data.msr_action3d import ACTIONS, read_msr_action3d


def write(root: Path, skeleton: np.ndarray, name: str = "a08_s03_e02") -> Path:
    folder = root / "real_world_coordinates"
    folder.mkdir(exist_ok=True)
    rows = np.concatenate([skeleton, np.zeros((*skeleton.shape[:2], 1))], axis=-1).reshape(-1, 4)
    path = folder / f"{name}_skeleton3D.txt"
    path.write_text("".join(" ".join(f"{v:.6f}" for v in row) + "\n" for row in rows))
    # The real folder holds this list too; it is no clip.
    (folder / "files_used_in_cvpr12_paper.txt").write_text("a08_s03_e02\n")
    return path


def test_reads_its_own_format(tmp_path: Path) -> None:
    skeleton = np.random.default_rng(0).normal(size=(3, 20, 3))
    skeleton[1] = 0
    write(tmp_path, skeleton)
    write(tmp_path, skeleton, "a20_s10_e01")
    clip, other = read_msr_action3d(tmp_path)
    assert (clip.name, clip.action, clip.subject, clip.split) == ("a08_s03_e02", "draw_tick", "s03", "train")
    assert (other.action, other.split) == ("pick_up_and_throw", "test")
    np.testing.assert_allclose(clip.sequence.timestamps, [0, 1 / 15, 2 / 15])
    # 1-based list of the data set: 20 head, 7 hip centre, 11 right wrist, 14 left knee.
    for joint, number in {"head": 20, "spine_base": 7, "right_wrist": 11, "left_knee": 14}.items():
        np.testing.assert_allclose(
            clip.sequence.joints[0, :, NTU_25.index(joint)], skeleton[:, number - 1], atol=1e-6
        )
    # The files' own confidence (0 here) is not used; a frame of zeros was not seen.
    assert clip.sequence.confidence[0].min(axis=1).tolist() == [1, 0, 1]


def test_malformed_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="real_world_coordinates"):
        list(read_msr_action3d(tmp_path))
    path = write(tmp_path, np.ones((2, 20, 3)))
    text = path.read_text()
    cut = "".join(text.splitlines(keepends=True)[:-3])
    for broken in (
        cut,
        text[:-12],
        text.replace("1.000000", "one", 1),
        text.replace("1.000000", "nan", 1),
        "",
    ):
        path.write_text(broken)
        with pytest.raises(DataError, match="a08_s03_e02_skeleton3D.txt"):
            list(read_msr_action3d(tmp_path))
    path.unlink()
    write(tmp_path, np.ones((2, 20, 3)), "a21_s01_e01")
    with pytest.raises(DataError, match="a21_s01_e01"):
        list(read_msr_action3d(tmp_path))


def test_real_counts(real_data) -> None:
    clips = list(read_msr_action3d(real_data("msr_action3d")))
    assert len(clips) == len({clip.name for clip in clips}) == 567
    assert Counter(clip.split for clip in clips) == {"train": 292, "test": 275}
    assert {clip.action for clip in clips} == set(ACTIONS) and len(ACTIONS) == 20
    assert len({clip.subject for clip in clips}) == 10
    # The one clip in which the tracker never found anybody.
    assert [clip.name for clip in clips if not clip.sequence.confidence.any()] == ["a13_s09_e02"]
