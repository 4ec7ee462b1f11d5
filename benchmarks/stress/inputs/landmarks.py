"""Files of landmarks as ``pose2action run --skeleton`` writes them, with something odd in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.stress.inputs import numbers
from benchmarks.stress.inputs.contents import npz, odd_npz
from benchmarks.stress.inputs.datasets import put, recording
from benchmarks.stress.inputs.programs import Program

Arrays = dict[str, np.ndarray]


def landmarks(rng: np.random.Generator) -> Arrays:
    """A sound file's arrays: nobody, one or more people, or hands, for a moment or some seconds."""
    frames = int(rng.choice([1, 2, 20, 60, 90], p=[0.05, 0.05, 0.2, 0.5, 0.2]))
    arrays = recording(rng, int(rng.choice([0, 1, 2, 9], p=[0.05, 0.5, 0.4, 0.05])), frames, _count(rng))
    for name, array in arrays.items():
        if name.startswith("detected"):
            array[rng.random(frames) < rng.choice([0.0, 0.1, 0.8])] = False
    return arrays


def _count(rng: np.random.Generator) -> int:
    return 33 if rng.random() < 0.9 else 21


def landmark_file(rng: np.random.Generator, marker: Path) -> bytes:
    """A file, sound or odd.

    Args:
        rng: decides.
        marker: a file that a program in it would make.
    """
    arrays, kind = landmarks(rng), rng.random()
    if kind < 0.15:
        return npz(arrays)
    if kind < 0.4:
        return npz(_odd_clock(arrays, rng))
    if kind < 0.55:
        return npz(_odd_people(arrays, rng))
    if kind < 0.6:
        arrays[list(arrays)[rng.integers(len(arrays))]] = np.array([Program(marker)], object)
        return npz(arrays)
    return odd_npz(arrays, rng)


def _odd_clock(arrays: Arrays, rng: np.random.Generator) -> Arrays:
    """Times that jump, stand, run backwards, tick too fast, or belong to another century."""
    time, kind = arrays["time"].copy(), rng.integers(7)
    middle = len(time) // 2
    if kind == 0:
        time[middle:] += abs(numbers.odd(rng))
    elif kind == 1:
        time += float(10.0 ** rng.integers(-3, 18))
    elif kind == 2:
        time *= float(10.0 ** rng.integers(-12, 12))
    elif kind == 3:
        time = time[::-1].copy()
    elif kind == 4:
        time[middle:] = time[middle]
    elif kind == 5:
        time[rng.integers(len(time))] = numbers.odd(rng)
    else:
        time = np.sort(rng.uniform(0, float(rng.choice([0.01, 1.0, 1e4])), len(time)))
    return {**arrays, "time": time.astype((np.float64, np.float32)[rng.integers(2)])}


def _odd_people(arrays: Arrays, rng: np.random.Generator) -> Arrays:
    """Persons who are not there, twice there, without number, or before a camera of no size."""
    kind = rng.integers(3)
    if kind == 0:
        people = ([0, 0], [7], [-1], list(range(5000)), [2**62], [[0]], [], [0.0], [True])
        return {**arrays, "persons": np.array(people[rng.integers(len(people))])}
    if kind == 1:
        sizes = ([0, 0], [1, 1], [-640, 480], [640], [10**9, 10**9], [640.0, 480.0], [20_000, 1], [0, 480])
        return {**arrays, "size": np.array(sizes[rng.integers(len(sizes))])}
    return {
        name: array * 0 if name.startswith(("landmarks", "world")) else array
        for name, array in arrays.items()
    }


def folder_of_landmarks(root: Path, rng: np.random.Generator, marker: Path) -> frozenset[str]:
    """Sound files in folders, whose names it gives; one or two odd ones, and something else."""
    sound = frozenset({"a.npz", "deep/b.npz"})
    for name in sound:
        put(root / name, npz(recording(rng, 1, frames=40)))
    odd = (
        "odd.npz",
        "deep/odd.npz",
        "-o.npz",
        "a b\n.npz",
        "\u202e.npz",
        "n" * 240 + ".npz",
        "[*].NPZ",
        "%s.npz",
    )
    for _ in range(int(rng.integers(1, 3))):
        put(root / odd[rng.integers(len(odd))], landmark_file(rng, marker))
    others = ("x.mp4", ".hidden.npz", "readme.txt", "a.npz.json")
    put(root / others[rng.integers(len(others))], rng.bytes(300))
    kind = rng.integers(8)
    if kind == 0:
        (root / "link.npz").symlink_to("/dev/zero")
    elif kind == 1:
        (root / "loop").symlink_to(root)
    elif kind == 2:
        (root / "folder.npz").mkdir()
    elif kind == 3:
        (root / "nowhere.mp4").symlink_to("nowhere")
    return sound
