"""Files of landmarks, one alone or folders of them, through ``pose2action run``."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from benchmarks.stress.inputs import numbers
from benchmarks.stress.inputs.contents import npz, odd_json
from benchmarks.stress.inputs.datasets import recording
from benchmarks.stress.inputs.landmarks import folder_of_landmarks, landmark_file
from benchmarks.stress.trials.commands import run_command, tree
from benchmarks.stress.trials.trial import Trial
from benchmarks.stress.verdict import PROCESSED, Verdict, failed, refused

FOLDERS = 0.06
"""Share of the inputs that are folders: the processes that read them take seconds to start."""
_WEIGHTS = ("kinetics-18-lsta-daily", "kinetics-18-stf-daily", "ntu-25-lsta-daily-3d")
_SETTINGS = {"weights": "kinetics-18-lsta-daily", "threshold": None, "own": None}


class Landmarks(Trial):
    """One file, or one folder, an input."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        sound = folder / "sound.npz"
        sound.write_bytes(npz(recording(np.random.default_rng(0), 1, frames=60)))
        for weights in _WEIGHTS:
            run_command("run", sound, "--weights", weights)  # what is imported and made once

    def run(self, rng: np.random.Generator, folder: Path) -> Verdict:
        return _many(rng, folder) if rng.random() < FOLDERS else _one(rng, folder)


def _one(rng: np.random.Generator, folder: Path) -> Verdict:
    path, marker, out = folder / "odd.npz", folder / "marker", folder / "out"
    path.write_bytes(landmark_file(rng, marker))
    out.mkdir()
    wanted = {"--json": out / "a.json", "--csv": out / "a.csv"}
    if rng.random() < 0.3:
        wanted["--skeleton"] = out / "a.npz"
    if rng.random() < 0.2:
        wanted["--attention"] = out / "attention.npz"
    words = [word for option in wanted.items() for word in option]
    if rng.random() < 0.1:
        words.append("--follow")
    verdict, _ = run_command("run", path, "--weights", _WEIGHTS[rng.integers(len(_WEIGHTS))], *words)
    if marker.exists():
        return failed("a program in a file was run")
    there = set(out.iterdir())
    if verdict.outcome == "refused" and there:
        return failed(f"refused, and {sorted(path.name for path in there)} are left: {verdict.detail}")
    if verdict.outcome != "processed":
        return verdict
    if there != set(wanted.values()):
        return failed(f"written were {sorted(path.name for path in there)}")
    fault = wrong_json(out / "a.json") or _wrong_arrays([each for each in there if each.suffix == ".npz"])
    return PROCESSED if fault is None else failed(fault)


def _many(rng: np.random.Generator, folder: Path) -> Verdict:
    """A folder: every sound file has its results whatever lies beside it, and no other has half of them."""
    marker, out = folder / "marker", folder / "out"
    sound = folder_of_landmarks(folder / "in", rng, marker)
    settings = rng.random() < 0.15
    if settings:
        out.mkdir()
        (out / "pose2action.json").write_bytes(odd_json(_SETTINGS, rng))
    shards = ("1/1", "1/2", "2/2", "3/2", "0/1", "1/0", numbers.written(rng), f"1/{numbers.whole(rng)}")
    words = ["--shard", shards[rng.integers(len(shards))]] if rng.random() < 0.15 else []
    verdict, done = run_command("run", folder / "in", "--out", out, "--also", "csv,skeleton", *words)
    if marker.exists():
        return failed("a program in a file was run")
    left = [name for name in tree(out) if name.endswith(".part")] if out.exists() else []
    if left:
        return failed(f"half-written files are left: {left}")
    for path in out.rglob("*.npz.json") if out.exists() else ():
        if fault := wrong_json(path):
            return failed(f"{path.name}: {fault}")
    if settings or words:
        return verdict
    if missing := [name for name in sound if not (out / f"{name}.json").exists()]:
        return failed(f"{missing} are sound and have no results: {done.output[-1000:]}")
    told = [line for line in done.stderr.splitlines() if line.startswith("pose2action: ")]
    return refused(told[-1]) if told and done.exit_code else verdict


def wrong_json(path: Path) -> str | None:
    """What is wrong with the results in a file."""

    def no_number(name: str) -> float:
        raise ValueError(f"{name} in it")

    try:
        told = json.loads(path.read_text(), parse_constant=no_number)
        for person in told["persons"]:
            for segment in person["segments"]:
                if not 0 <= segment["start"] <= segment["end"] or not 0 <= segment["score"] <= 1:
                    return f"a segment that cannot be: {segment}"
    except (OSError, ValueError, KeyError, TypeError) as error:
        return f"results that cannot be read: {type(error).__name__}: {error}"
    return None


def _wrong_arrays(paths: list[Path]) -> str | None:
    for path in paths:
        with np.load(path) as arrays:
            for name in arrays.files:
                # Joints of the body that were not seen in the whole window are NaN there.
                if name != "body" and arrays[name].dtype.kind == "f" and not np.isfinite(arrays[name]).all():
                    return f"{path.name} has {name} that are no numbers"
    return None
