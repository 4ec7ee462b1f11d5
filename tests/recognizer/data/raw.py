"""Raw data sets in exactly the format in which they are distributed, written by the tests."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from recognizer.data.prepare import prepare

KINDER_GATOR_JOINTS = (
    "HipCenter Spine ShoulderCenter Head ShoulderLeft ElbowLeft WristLeft HandLeft ShoulderRight ElbowRight "
    "WristRight HandRight HipLeft KneeLeft AnkleLeft FootLeft HipRight KneeRight AnkleRight FootRight"
).split()
KINDER_GATOR_HEADER = ",".join(
    ["Timestamp", *(joint + axis for joint in KINDER_GATOR_JOINTS for axis in "XYZ"), "User-ID", "Action", ""]
)

FIRST_ID = 72057594037931101  # ids of this size differ only in digits that a float64 does not have


def ntu_text(bodies: np.ndarray, tracked: np.ndarray | None = None) -> str:
    """The text of a ``.skeleton`` file.

    Args:
        bodies: (bodies, T, 25, 3) metres.
        tracked: (bodies, T) bool, all by default.
    """
    tracked = np.ones(bodies.shape[:2], bool) if tracked is None else tracked
    lines = [str(bodies.shape[1])]
    for frame in range(bodies.shape[1]):
        present = np.flatnonzero(tracked[:, frame])
        lines.append(str(len(present)))
        for body in present:
            lines.append(f"{FIRST_ID + body} 0 1 1 0 0 0 0.02 -0.3 2")
            lines.append("25")
            for x, y, z in bodies[body, frame]:
                rest = "256.7 197.2 1035.3 506.1 0.21 0.02 0.97 0.02 2"
                lines.append(f"{x:.7g} {y:.7g} {z:.7g} {rest}")
    return "\r\n".join(lines) + "\r\n"


def ntu_bodies(rng: np.random.Generator, bodies: int = 1, frames: int = 6) -> np.ndarray:
    """(bodies, T, 25, 3) of people who move."""
    still = rng.normal(0, 0.5, (bodies, 1, 25, 3)) + [0, 0, 3]
    return (still + rng.normal(0, 0.1, (bodies, frames, 25, 3))).astype(np.float32)


def kinetics_clip(people: list[list[np.ndarray]], label: str = "abseiling", index: int = 0) -> str:
    """JSON of a clip from, for each frame, its people's (18, 3) x, y and score."""
    data = [
        {
            "frame_index": number,
            "skeleton": [
                {"pose": person[:, :2].ravel().tolist(), "score": person[:, 2].tolist()} for person in frame
            ],
        }
        for number, frame in enumerate(people, 1)
    ]
    return json.dumps({"data": data, "label": label, "label_index": index})


def write_ntu(root: Path, count: int, seed: int = 0, actions: int = 60) -> list[Path]:
    """A small NTU data set: files of one or two people in every setup, camera and action."""
    rng = np.random.default_rng(seed)
    root.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(count):
        ids = (number % 17 + 1, number % 3 + 1, number % 40 + 1, number // 1000 + 1, number % actions + 1)
        path = root / "S{:03d}C{:03d}P{:03d}R{:03d}A{:03d}.skeleton".format(*ids)
        path.write_text(ntu_text(ntu_bodies(rng, 1 + number % 2, 4 + number % 5)))
        paths.append(path)
    return paths


def prepared_ntu(folder: Path, count: int) -> Path:
    """A prepared data set of as many clips of four actions."""
    write_ntu(folder / "raw", count, actions=4)
    prepare("ntu60", folder / "raw", folder / "out", 1)
    return folder / "out"


def write_shrec(root: Path, frames: int) -> None:
    """Two clips of SHREC'17, one in each list, of hands that move at random."""
    rng = np.random.default_rng(0)
    for part, gesture, finger, subject in (("train", 1, 1, 4), ("test", 14, 2, 28)):
        clip = root / f"gesture_{gesture}" / f"finger_{finger}" / f"subject_{subject}" / "essai_2"
        clip.mkdir(parents=True)
        np.savetxt(clip / "skeletons_world.txt", rng.normal(0, 0.1, (frames, 66)))
        label28 = 2 * (gesture - 1) + finger
        (root / f"{part}_gestures.txt").write_text(
            f"{gesture} {finger} {subject} 2 {gesture} {label28} {frames}\n"
        )


def write_kinder_gator(root: Path, name: str, joints: np.ndarray, milliseconds: tuple[float, ...]) -> Path:
    """A clip of Kinder-Gator, (T, 20, 3) metres, whose name tells the person and the motion."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    _, person, motion = path.stem.split("-", 2)
    person, motion = person[1:].partition("_")[0], motion.rpartition("-")[0]
    rows = [
        f"{time:.4f}," + ",".join(f"{value:.7g}" for value in row.ravel()) + f",{person},{motion},"
        for time, row in zip(milliseconds, joints, strict=True)
    ]
    path.write_text("\n".join([KINDER_GATOR_HEADER, *rows]) + "\n")
    return path


def write_sbu(root: Path, first: np.ndarray, second: np.ndarray, place: str = "s03s04/03/001") -> Path:
    """A clip of SBU of two people, (T, 15, 3) metres each; the numbers of the frames begin with 350."""
    x, y, z = np.moveaxis(np.concatenate([first, second], 1) * 1000, -1, 0)
    parts = np.stack([(1280 - x) / 2560, (960 - y) / 1920, z / 1280], axis=-1)
    rows = [f"{350 + frame}," + ",".join(f"{v:.5g}" for v in row.ravel()) for frame, row in enumerate(parts)]
    path = root / place / "skeleton_pos.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(rows) + "\n")
    return path


def prepared_bytes(folder: Path) -> dict[str, bytes]:
    """All that a prepared data set consists of."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
