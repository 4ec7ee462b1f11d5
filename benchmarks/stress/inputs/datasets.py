"""Small raw data sets as they are distributed, of a sound file and an odd one each."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.stress.inputs import numbers
from benchmarks.stress.inputs.contents import (
    matlab,
    npz,
    odd_json,
    odd_matlab,
    odd_npz,
    odd_text,
)
from recognizer.data.kinder_gator import HEADER

FRAMES = 8
Write = Callable[[Path, np.random.Generator], None]


def put(path: Path, content: bytes) -> None:
    """Writes a file, and makes its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _table(rng: np.random.Generator, rows: int, columns: int) -> str:
    return "\n".join(" ".join(f"{x:.4f}" for x in row) for row in rng.normal(0, 0.3, (rows, columns))) + "\n"


def ntu_text(rng: np.random.Generator) -> str:
    """A clip of NTU RGB+D with one person."""
    lines = [str(FRAMES)]
    body = rng.normal(0, 0.4, (25, 3)) + [0, 0, 3]
    for _ in range(FRAMES):
        lines += ["1", "72057594037931101 0 1 1 0 0 0 0.02 -0.3 2", "25"]
        body += rng.normal(0, 0.05, (25, 3))
        lines += [f"{x:.6f} {y:.6f} {z:.6f} 256.7 197.2 1035.3 506.1 0.2 0 0.9 0 2" for x, y, z in body]
    return "\n".join(lines) + "\n"


def ntu(root: Path, rng: np.random.Generator) -> None:
    """NTU RGB+D's text."""
    put(root / "S001C001P001R001A001.skeleton", ntu_text(rng).encode())
    odd = odd_text(ntu_text(rng), rng)
    if rng.random() < 0.1:
        odd = f"{numbers.whole(rng)}\n{numbers.whole(rng)}\n".encode() + b"0\n" * 50
    names = (
        "S001C002P001R001A002",
        "S002C001P999R001A060",
        "S001C001P001R001A061",
        "x",
        "S001C001P001R001A000",
    )
    put(root / f"{names[rng.choice(5, p=[0.8, 0.05, 0.05, 0.05, 0.05])]}.skeleton", odd)


def kinetics(root: Path, rng: np.random.Generator) -> None:
    """Kinetics-Skeleton's JSON and its lists."""

    def clip() -> dict:
        def person() -> dict:
            return {
                "pose": rng.uniform(0, 1, 36).round(3).tolist(),
                "score": rng.uniform(0.1, 1, 18).round(3).tolist(),
            }

        data = [{"frame_index": n, "skeleton": [person() for _ in range(n % 3)]} for n in range(1, FRAMES)]
        return {"data": data, "label": "abseiling", "label_index": 0}

    entry = {"has_skeleton": True, "label": "abseiling", "label_index": 0}
    lists = {"train": {"sound": entry}, "val": {"odd": {**entry, "label": "x", "label_index": 1}}}
    put(root / "kinetics_train" / "sound.json", json.dumps(clip()).encode())
    in_list = rng.random() < 0.2
    odd = json.dumps(clip()).encode() if in_list else odd_json(clip(), rng)
    put(root / "kinetics_val" / "odd.json", odd)
    for part, content in lists.items():
        written = odd_json(content, rng) if in_list and part == "val" else json.dumps(content).encode()
        put(root / f"kinetics_{part}_label.json", written)


def shrec17(root: Path, rng: np.random.Generator) -> None:
    """SHREC'17's text and its lists."""
    where = "gesture_{0}/finger_1/subject_1/essai_1/skeletons_world.txt"
    in_list = rng.random() < 0.2
    put(root / where.format(1), _table(rng, FRAMES, 66).encode())
    text = _table(rng, FRAMES, 66)
    put(root / where.format(2), text.encode() if in_list else odd_text(text, rng))
    put(root / "train_gestures.txt", b"1 1 1 1 1 1 8\n")
    line = "2 1 1 1 2 3 8\n"
    put(root / "test_gestures.txt", odd_text(line, rng) if in_list else line.encode())


def utd_mhad(root: Path, rng: np.random.Generator) -> None:
    """UTD-MHAD's MATLAB files."""

    def clip() -> dict:
        return {"d_skel": rng.normal(0, 0.5, (20, 3, FRAMES)) + 2}

    put(root / "Skeleton" / "a1_s1_t1_skeleton.mat", matlab(clip()))
    names = ("a2_s1_t1", "a2_s2_t1", "a28_s1_t1", "a0_s0_t0", "a2_s" + "9" * 60 + "_t1")
    name = names[rng.choice(5, p=[0.6, 0.25, 0.05, 0.05, 0.05])]
    put(root / "Skeleton" / f"{name}_skeleton.mat", odd_matlab(clip(), rng))


def nw_ucla(root: Path, rng: np.random.Generator) -> None:
    """NW-UCLA's JSON."""

    def clip() -> dict:
        return {"skeletons": rng.normal(0, 0.5, (FRAMES, 20, 3)).round(3).tolist()}

    put(root / "all_sqe" / "a01_s01_e00_v01.json", json.dumps(clip()).encode())
    name = str(rng.choice(["a02_s01_e00_v01", "a02_s01_e00_v03", "a99_s01_e00_v01", "a07_s01_e00_v09"]))
    put(root / "all_sqe" / f"{name}.json", odd_json(clip(), rng))


def penn_action(root: Path, rng: np.random.Generator) -> None:
    """Penn Action's MATLAB files."""

    def clip() -> dict:
        x = rng.uniform(2, 300, (FRAMES, 13))
        seen = np.ones((FRAMES, 13), np.uint8)
        return {"x": x, "y": x + 50, "visibility": seen, "action": "bowl", "pose": "back", "train": 1}

    put(root / "labels" / "0001.mat", matlab(clip()))
    odd = odd_matlab(clip(), rng)
    if rng.random() < 0.2:
        actions = ("nothing", "", "bowl" * 100, 3, "\0", np.array(["bowl", "squat"]))
        odd = matlab({**clip(), "action": actions[rng.integers(len(actions))]})
    put(root / "labels" / str(rng.choice(["0002.mat", "x.mat", "99999999999999999999.mat"])), odd)


def kinder_gator(root: Path, rng: np.random.Generator) -> None:
    """Kinder-Gator's text, whose header is its own."""

    def clip(person: str, motion: str) -> str:
        rows = _table(rng, FRAMES, 60).splitlines()
        lines = [f"{33 * number} {row} {person} {motion} " for number, row in enumerate(rows)]
        return "\n".join([" ".join(HEADER), *lines]) + "\n"

    put(root / "Adults" / "POSE-p565_05-Bow-1.csv", clip("565", "Bow").replace(" ", ",").encode())
    odd = odd_text(clip("169", "Punch"), rng).replace(b" ", b",")
    names = ("p169_57-Punch-1", "p169_57-Bow-1", "p169_57-Fly-1", "x", "p" + "9" * 60 + "_57-Punch-1")
    put(root / "Children" / f"POSE-{names[rng.choice(5, p=[0.8, 0.05, 0.05, 0.05, 0.05])]}.csv", odd)


def sbu(root: Path, rng: np.random.Generator) -> None:
    """SBU Kinect Interaction's text."""

    def clip() -> str:
        rows = _table(rng, FRAMES, 90).splitlines()
        return "\n".join(f"{350 + number} {row}" for number, row in enumerate(rows)) + "\n"

    put(root / "s01s02" / "03" / "001" / "skeleton_pos.txt", clip().replace(" ", ",").encode())
    place = ("s01s02/03/002", "s01s02/09/001", "s1s2/01/001", "s99s99/08/999", "s01s02/x/y")
    odd = odd_text(clip(), rng).replace(b" ", b",")
    put(root / place[rng.choice(5, p=[0.8, 0.05, 0.05, 0.05, 0.05])] / "skeleton_pos.txt", odd)


def recording(
    rng: np.random.Generator, persons: int = 2, frames: int = FRAMES, landmarks: int = 33
) -> dict[str, np.ndarray]:
    """What ``pose2action run --skeleton`` writes."""
    arrays = {
        "time": np.arange(frames) / 15,
        "persons": np.arange(persons, dtype=np.int64),
        "size": np.array([640, 480]),
    }
    for person in range(persons):
        for name in ("landmarks", "world"):
            points = rng.normal(0, 0.5, (frames, landmarks, 4)).astype(np.float32)
            points[..., 3] = rng.uniform(0.1, 1, (frames, landmarks))
            arrays[f"{name}_{person}"] = points
        arrays[f"detected_{person}"] = np.ones(frames, bool)
    return arrays


def recordings(root: Path, rng: np.random.Generator) -> None:
    """Recordings of one's own."""
    put(root / "wave" / "sound.npz", npz(recording(rng)))
    put(root / "clap" / "odd.npz", odd_npz(recording(rng, int(rng.integers(1, 4))), rng))


RAW: dict[str, Write] = {
    "ntu60": ntu,
    "kinetics": kinetics,
    "shrec17": shrec17,
    "utd_mhad": utd_mhad,
    "nw_ucla": nw_ucla,
    "penn_action": penn_action,
    "kinder_gator": kinder_gator,
    "sbu": sbu,
    "recordings": recordings,
}
"""By the name that ``pose2action prepare`` knows."""


def real_landmarks(root: Path, rng: np.random.Generator) -> None:
    """Landmarks of real cameras and their table."""
    points = rng.uniform(0.1, 0.9, (9, 33, 4)).astype(np.float32)
    arrays = {
        "landmarks": points,
        "world": points,
        "detected": np.ones(9, bool),
        "time": np.array([0, 0.1, 0.2, 0.3, 0, 0.1, 0.2, 0.3, 0.4], np.float32),
        "lengths": np.array([4, 5], np.int32),
    }
    table = (
        "index,class,width,height,body,camera,person_key,split,frames\n"
        "0,wave,640,480,full,front,anna,train,4\n1,squat,640,480,upper,side,ben,val,5\n"
    )
    in_table = rng.random() < 0.4
    put(root / "real_landmarks.npz", npz(arrays) if in_table else odd_npz(arrays, rng))
    odd = odd_text(table.replace(",", " "), rng).replace(b" ", b",")
    put(root / "real_landmarks.csv", odd if in_table else table.encode())


def msr_action3d(root: Path, rng: np.random.Generator) -> None:
    """MSR-Action3D's text."""
    path = root / "real_world_coordinates" / "a01_s01_e01_skeleton3D.txt"
    put(path, odd_text(_table(rng, 20 * FRAMES, 4), rng))


def utkinect(root: Path, rng: np.random.Generator) -> None:
    """UTKinect's text and its list of actions."""
    rows = _table(rng, 40, 60).splitlines()
    text = "\n".join(f"{2 * number} {row}" for number, row in enumerate(rows)) + "\n"
    labels = "s01_e01\nwalk: 2 30\nsitDown: 32 60\ncarry: NaN NaN\n"
    in_labels = rng.random() < 0.5
    put(root / "joints_s01_e01.txt", text.encode() if in_labels else odd_text(text, rng))
    put(root / "actionLabel.txt", odd_text(labels, rng) if in_labels else labels.encode())


def jhmdb(root: Path, rng: np.random.Generator) -> None:
    """JHMDB's arrays."""
    arrays: dict[str, np.ndarray] = {}
    for part in ("train1", "test1"):
        arrays[f"{part}_joints"] = rng.normal(0, 1, (9, 15, 2)).astype(np.float32)
        arrays[f"{part}_lengths"] = np.array([4, 5], np.int32)
        arrays[f"{part}_labels"] = np.array(["wave", "walk"])
    put(root / "jhmdb14.npz", odd_npz(arrays, rng))


READ: dict[str, Write] = {
    "real_landmarks": real_landmarks,
    "msr_action3d": msr_action3d,
    "utkinect": utkinect,
    "jhmdb": jhmdb,
    "kinder_gator": kinder_gator,
    "sbu": sbu,
}
"""By the name of the reader for training."""
