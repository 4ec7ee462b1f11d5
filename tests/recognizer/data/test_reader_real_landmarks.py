"""Reader of real camera landmarks, on files in its format and on the real ones."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from pose.layouts import KINETICS_18, MEDIAPIPE_33, NTU_25, SHREC_22
from recognizer.data.clip import DataError
from recognizer.data.real_landmarks import read_real_landmarks

HEADER = (
    "index,class,start_s,end_s,fps,width,height,body,camera,person_key,source,licence,split,frames,"
    "detect_rate,notes\n"
)
ROWS = (
    "0,arm_curl,0,10.3,30.0,1920,1080,upper,side,anna,repo:a.mp4,none,train,2,1.0,\n"
    '1,other,0,10.3,30.0,640,480,full,front,ben,repo:b.mp4,none,val,3,0.67,"both arms, far away"\n'
)


def arrays() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    detected = np.array([True, True, True, False, True])
    landmarks = rng.uniform(0.1, 0.9, (5, 33, 4)).astype(np.float32) * detected[:, None, None]
    world = rng.normal(size=(5, 33, 4)).astype(np.float32) * detected[:, None, None]
    world[..., 3] = landmarks[..., 3]
    return {
        "landmarks": landmarks, "world": world, "detected": detected,
        "time": np.array([3.0, 3.04, 0.0, 0.1, 0.25], np.float32), "lengths": np.array([2, 3], np.int32),
    }  # fmt: skip


def write(root: Path, data: dict[str, np.ndarray], rows: str = ROWS, header: str = HEADER) -> None:
    np.savez(root / "real_landmarks.npz", **data)
    (root / "real_landmarks.csv").write_text(header + rows)


def test_reads_pixels(tmp_path: Path) -> None:
    data = arrays()
    write(tmp_path, data)
    first, second = read_real_landmarks(tmp_path)
    assert (first.name, first.action, first.subject) == ("000_anna", "arm_curl", "anna")
    assert (first.view, first.body, first.split) == ("side", "upper", "train")
    assert (second.name, second.action, second.split, second.body) == ("001_ben", "other", "val", "full")
    assert second.sequence.layout is KINETICS_18
    np.testing.assert_allclose(first.sequence.timestamps, [0, 0.04], atol=1e-6)  # from the clip's own start
    np.testing.assert_allclose(second.sequence.timestamps, [0, 0.1, 0.25], atol=1e-6)
    wrist = second.sequence.joints[0, :, KINETICS_18.index("left_wrist")]
    np.testing.assert_allclose(wrist, data["landmarks"][2:, 15, :2] * [640, 480], rtol=1e-5)
    sure = second.sequence.confidence[0]
    np.testing.assert_allclose(sure[:, KINETICS_18.index("left_wrist")], data["landmarks"][2:, 15, 3])
    assert not sure[1].any() and not second.sequence.joints[0, 1].any()  # not detected


def test_reads_metres_in_the_kinect_frame(tmp_path: Path) -> None:
    data = arrays()
    write(tmp_path, data)
    _, clip = read_real_landmarks(tmp_path, NTU_25)
    assert clip.sequence.layout is NTU_25
    knee = clip.sequence.joints[0, :, NTU_25.index("right_knee")]
    source = data["world"][2:, MEDIAPIPE_33.index("right_knee"), :3]
    np.testing.assert_allclose(knee, source * [-1, -1, 1], rtol=1e-5)
    assert not clip.sequence.confidence[0, 1].any()


def test_clips_without_world_landmarks_are_for_two_dimensions(tmp_path: Path) -> None:
    header = HEADER.replace("\n", ",world\n")
    first, second = ROWS.splitlines()
    write(tmp_path, arrays(), f"{first},no\n{second},pseudo\n", header)
    assert [clip.name for clip in read_real_landmarks(tmp_path, dataset="real_landmarks_2")] == [
        "000_anna",
        "001_ben",
    ]
    (clip,) = read_real_landmarks(tmp_path, NTU_25, "real_landmarks_2")
    assert (clip.name, clip.dataset) == ("001_ben", "real_landmarks_2")
    knee = clip.sequence.joints[0, :, NTU_25.index("right_knee")]
    source = arrays()["world"][2:, MEDIAPIPE_33.index("right_knee"), :3]
    np.testing.assert_allclose(knee, source * [-1, -1, 0.4], rtol=1e-5, err_msg="of pseudo ones less deep")
    write(tmp_path, arrays(), f"{first},perhaps\n{second},yes\n", header)
    with pytest.raises(DataError, match="clip 0 says neither yes, pseudo nor no"):
        list(read_real_landmarks(tmp_path))


def test_another_layout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="shrec-22"):
        next(read_real_landmarks(tmp_path, SHREC_22))


def test_malformed_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="real_landmarks.csv.*missing"):
        list(read_real_landmarks(tmp_path))
    tables = (
        (ROWS.splitlines()[0] + "\n", HEADER),  # one clip too few
        (ROWS.replace(",val,3,", ",val,4,"), HEADER),
        (ROWS.replace(",val,", ",test,"), HEADER),
        (ROWS.replace("640", "wide"), HEADER),
        (ROWS.replace("640", "0"), HEADER),
        (ROWS.replace("640", "²"), HEADER),
        (ROWS.replace("640", "9" * 400), HEADER),
        (ROWS.replace("upper", "lower"), HEADER),
        (ROWS + "x" * 200_000, HEADER),
        (ROWS, HEADER.replace("person_key", "person")),
        ("", HEADER),
    )
    for rows, header in tables:
        write(tmp_path, arrays(), rows, header)
        with pytest.raises(DataError, match="real_landmarks.csv"):
            list(read_real_landmarks(tmp_path))
    nan = arrays()["landmarks"]
    nan[0] = np.nan
    changes = (
        {"landmarks": np.zeros((5, 32, 4))},
        {"time": np.zeros(4)},
        {"landmarks": nan},
        {"time": np.array([1.0, 0.5, 0, 1, 2])},
        {"time": np.array([0, 1e9, 0, 1, 2])},
        {"landmarks": np.full((5, 33, 4), 1e39)},
        {"landmarks": np.full((5, 33, 4), 1e4)},
        {"landmarks": np.full((5, 33, 4), 7.0)},
        {"landmarks": np.full((5, 33, 4), "x")},
        {"lengths": np.array([7, -2])},
        {"lengths": np.array([2.0, 3.0])},
        {"lengths": np.array(5)},
        {"landmarks": np.array(1.0)},
    )
    for change in changes:
        write(tmp_path, arrays() | change)
        with pytest.raises(DataError, match="real_landmarks.npz"):
            list(read_real_landmarks(tmp_path))
    (tmp_path / "real_landmarks.npz").write_bytes(b"PK\x03\x04 broken")
    with pytest.raises(DataError, match="real_landmarks.npz"):
        list(read_real_landmarks(tmp_path))


@pytest.mark.parametrize("layout", [KINETICS_18, NTU_25])
def test_real_data(layout, real_data) -> None:
    clips = list(read_real_landmarks(real_data("real_landmarks"), layout))
    assert Counter(clip.split for clip in clips) == {"train": 129, "val": 60}
    people = {split: {c.subject for c in clips if c.split == split} for split in ("train", "val")}
    assert not people["train"] & people["val"] and len(people["train"] | people["val"]) == 106
    assert len({clip.action for clip in clips}) == 28 and len({clip.name for clip in clips}) == 189
    assert sum(len(clip.sequence.timestamps) for clip in clips) == 32488
    standing = [
        clip for clip in clips if clip.action in ("squat", "walk", "idle_standing") and clip.body == "full"
    ]
    for clip in clips:
        assert np.isfinite(clip.sequence.joints).all() and clip.sequence.confidence.any()
    up = 1 if layout is NTU_25 else -1
    shoulder, ankle = layout.index("left_shoulder"), layout.index("left_ankle")
    for clip in standing:
        seen = clip.sequence.confidence[0].max(axis=1) > 0
        y = up * clip.sequence.joints[0, seen, :, 1]
        assert np.median(y[:, shoulder] - y[:, ankle]) > 0, clip.name
