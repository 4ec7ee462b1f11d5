"""Recordings: what was shown is read again, and what is none is told in a sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pose.layouts import KINETICS_18, MEDIAPIPE_HAND_21, SHREC_22
from pose.skeleton import PersonPose
from recognizer.own.collection import Collections
from recognizer.own.recordings import Recording, RecordingError, read_recording, write_recording
from tests.recognizer.own.motions import poses, recording


def test_time_without_anybody_is_cut_off_at_the_ends_and_kept_in_between():
    whole = poses("raise", 2.0)
    holes = [(t, None if i < 5 or 20 <= i < 23 or i > 55 else pose) for i, (t, pose) in enumerate(whole)]
    cut = Recording.of(holes)
    assert len(cut.times) == 51 and cut.times[0] == 0
    assert list(np.flatnonzero(~cut.detected)) == [15, 16, 17]
    assert cut.began == pytest.approx(5 / 30) and cut.part(1.0, 1.5).began == pytest.approx(35 / 30)


@pytest.mark.parametrize(
    ("made", "told"),
    [
        ([(i / 30, None) for i in range(60)], "nobody in this recording"),
        (poses("raise", 0.2), "at least 0.4 s"),
        (poses("raise", 21.0), "20 s at most"),
        ([(t, p if i % 4 == 0 else None) for i, (t, p) in enumerate(poses("raise"))], "In most of this"),
    ],
)
def test_what_is_no_recording_is_told_in_a_sentence(made: list, told: str):
    with pytest.raises(RecordingError, match=told):
        Recording.of(made)


def _with(path: Path, **changes: np.ndarray) -> Path:
    arrays = dict(np.load(path)) | changes
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return path


DAMAGE = {
    "NaN": lambda a: {"world_0": np.where(np.arange(4) == 1, np.nan, a["world_0"]).astype(np.float32)},
    "far": lambda a: {"world_0": a["world_0"] * np.float32(1e9)},
    "pickle": lambda a: {"time": np.array([{}], object)},
    "backwards": lambda a: {"time": a["time"][::-1].copy()},
    "no size": lambda a: {"size": np.array([0, 480])},
    "wide": lambda a: {"size": np.array([10**9, 480])},
    "other landmarks": lambda a: {"landmarks_0": a["landmarks_0"][:, :5]},
    "half": lambda a: {"detected_0": a["detected_0"][:7]},
    "long": lambda a: {"time": a["time"] * 50},
    "starts late": lambda a: {"time": a["time"] + 3},
    "unsure": lambda a: {"landmarks_0": a["landmarks_0"] + np.float32(3)},
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_recording_is_refused_and_the_others_stay(home: Collections, kind: str):
    made = home.make("gym")
    bad, good = made.add("raise", recording()), made.add("raise", recording(seed=1))
    path = made.folder / "raise" / f"{bad}.npz"
    _with(path, **DAMAGE[kind](dict(np.load(path))))
    with pytest.raises(RecordingError):
        read_recording(path)
    assert [name for _, name, _ in made.sound()] == [good]


def test_a_file_that_is_cut_short_is_refused(home: Collections):
    made = home.make("gym")
    path = made.folder / "raise" / f"{made.add('raise', recording())}.npz"
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(RecordingError, match="no recording of an action"):
        read_recording(path)


def test_a_hand_is_kept_as_well(tmp_path: Path):
    rng = np.random.default_rng(0)
    hand = []
    for frame in range(30):
        image, world = rng.uniform(0, 400, (21, 2)), rng.normal(0, 0.05, (21, 3))
        hand.append((frame / 30, PersonPose(image, world, np.ones(21), (640, 480), MEDIAPIPE_HAND_21)))
    write_recording(tmp_path / "hand.npz", Recording.of(hand))
    again = read_recording(tmp_path / "hand.npz")
    assert again.sequence(SHREC_22).joints.shape == (1, 30, 22, 3)
    with pytest.raises(RecordingError, match="shows a hand"):
        again.sequence(KINETICS_18)
