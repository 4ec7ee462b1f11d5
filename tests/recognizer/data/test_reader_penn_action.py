"""Penn Action reader, on files in its format and on the real ones."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import scipy.io

from pose.layouts import KINETICS_18
from recognizer.data.clip import DataError
from recognizer.data.penn_action import GUESSED, read_clip, read_penn_action

index = KINETICS_18.index


def content(frames: int = 3, **changes: object) -> dict[str, object]:
    x = 100.0 + 10 * np.arange(13) + np.arange(frames)[:, None]
    base: dict[str, object] = {
        "action": "bowl", "pose": "back", "train": -1, "x": x, "y": x + 50,
        "visibility": np.ones((frames, 13), np.uint8), "bbox": np.zeros((frames, 4)),
        "dimensions": np.array([360, 480, frames]), "nframes": frames,
    }  # fmt: skip
    return base | changes


def write(root: Path, data: dict[str, object], name: str = "0007") -> Path:
    (root / "labels").mkdir(exist_ok=True)
    scipy.io.savemat(root / "labels" / f"{name}.mat", data)
    return root / "labels" / f"{name}.mat"


def test_reads_its_own_format(tmp_path: Path) -> None:
    write(tmp_path, content())
    write(tmp_path, content(train=1), "0003")
    first, clip = read_penn_action(tmp_path)
    assert (first.name, first.split) == ("0003", "train")
    assert (clip.name, clip.action, clip.view, clip.split, clip.subject) == (
        "0007",
        "bowl",
        "back",
        "test",
        "",
    )
    sequence = clip.sequence
    np.testing.assert_allclose(sequence.timestamps, [0, 1 / 30, 2 / 30])
    # Order in the file: head, then shoulders, elbows, wrists, hips, knees, ankles, left before right.
    expected = {"nose": 100, "left_shoulder": 110, "right_shoulder": 120, "left_elbow": 130}
    expected |= {"right_wrist": 160, "left_hip": 170, "right_ankle": 220, "neck": 115}
    for joint, x in expected.items():
        assert sequence.joints[0, 0, index(joint)].tolist() == [x, x + 50], joint
    face = [index(j) for j in ("right_eye", "left_eye", "right_ear", "left_ear")]
    assert not sequence.confidence[0][:, face].any()
    assert np.delete(sequence.confidence[0], face, axis=1).min() == 1


def test_hidden_and_never_annotated_joints(tmp_path: Path) -> None:
    data = content()
    x, y, visible = data["x"], data["y"], data["visibility"]
    visible[:, 3] = 0  # left elbow hidden, but placed
    x[1:, 1] = y[1:, 1] = 0.75  # left shoulder in the corner from the second frame on
    visible[1:, 1] = 0
    write(tmp_path, data)
    (clip,) = read_penn_action(tmp_path)
    confidence, joints = clip.sequence.confidence[0], clip.sequence.joints[0]
    assert confidence[:, index("left_elbow")] == pytest.approx(GUESSED)
    assert joints[0, index("left_elbow")].tolist() == [130, 180]
    shoulder, neck, right = index("left_shoulder"), index("neck"), index("right_shoulder")
    assert confidence[:, shoulder].tolist() == [1, 0, 0]
    assert not joints[1:, shoulder].any()
    # The shoulder that is left stands in for the neck.
    np.testing.assert_allclose(confidence[:, neck], [1, GUESSED, GUESSED])
    np.testing.assert_array_equal(joints[1:, neck], joints[1:, right])
    np.testing.assert_array_equal(joints[0, neck], [115, 165])


def test_no_shoulders_no_neck(tmp_path: Path) -> None:
    data = content()
    for key in ("x", "y", "visibility"):
        data[key][:, 1:3] = 0
    write(tmp_path, data)
    (clip,) = read_penn_action(tmp_path)
    assert not clip.sequence.confidence[0, :, index("neck")].any()
    assert not clip.sequence.joints[0, :, index("neck")].any()


def test_malformed_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="labels"):
        list(read_penn_action(tmp_path))
    broken = [
        content(x=np.ones((3, 12))),
        content(y=np.ones((2, 13))),
        content(x=np.full((3, 13), np.nan)),
        content(visibility=np.ones((2, 13))),
        content(frames=0),
        {key: value for key, value in content().items() if key != "action"},
        content(train=np.array([1, -1])),
        content(train=0),
        content(action="juggling"),
        content(action=3),
        content(x=np.full((3, 13), 1e6)),
        content(x=np.full((3, 13), 1e39)),
        content(x=np.full((3, 13), 1 + 2j)),
        content(visibility=np.full((3, 13), np.nan)),
    ]
    for data in broken:
        write(tmp_path, data)
        with pytest.raises(DataError, match="0007.mat"):
            list(read_penn_action(tmp_path))
    write(tmp_path, content(), "seven")
    with pytest.raises(DataError, match="seven.mat: the name is no number"):
        read_clip(tmp_path / "labels" / "seven.mat")
    (tmp_path / "labels" / "0007.mat").write_bytes(b"not matlab")
    with pytest.raises(DataError, match="0007.mat"):
        list(read_penn_action(tmp_path))


def test_real_data(real_data) -> None:
    clips = {clip.name: clip for clip in read_penn_action(real_data("penn_action"))}
    assert Counter(clip.split for clip in clips.values()) == {"train": 1258, "test": 1068}
    assert len({clip.action for clip in clips.values()}) == 15
    for clip in clips.values():
        sequence = clip.sequence
        assert np.isfinite(sequence.joints).all()
        assert not sequence.joints[sequence.confidence == 0].any()
        assert sequence.confidence.any()
        # Nothing that counts as seen lies in the corner.
        assert (sequence.joints[sequence.confidence > 0].max(axis=-1) > 1).all()


def test_real_1920_has_no_neck_and_no_hips(real_data) -> None:
    clip = next(c for c in read_penn_action(real_data("penn_action")) if c.name == "1920")
    assert clip.action == "strum_guitar"
    sequence = clip.sequence
    seen = {KINETICS_18.joints[j] for j in np.flatnonzero(sequence.confidence[0].any(axis=0))}
    assert seen == {"left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_knee"}
    unseen = sequence.confidence[0] == 0
    assert not sequence.joints[0][unseen].any()
