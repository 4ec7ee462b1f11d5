"""Data files through the readers of preparation and training, and prepared sets through their loader."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.stress.inputs import numbers
from benchmarks.stress.inputs.contents import lying_npy, odd_json
from benchmarks.stress.inputs.damage import damaged
from benchmarks.stress.inputs.datasets import RAW, READ, ntu_text, put
from benchmarks.stress.trials.trial import Trial
from benchmarks.stress.verdict import PROCESSED, Verdict, failed, of_error, refused
from pose.errors import UserError
from recognizer.data.corpus import READERS
from recognizer.data.groups import Task, info_of, load_group, make_group
from recognizer.data.prepare import prepare
from recognizer.data.prepared import CLIPS, INFO, JOINTS, PreparedClips
from recognizer.data.sources import SOURCES

MOST = 1e5
"""No coordinate of a body, in metres, pixels or pictures, exceeds this."""
SUREST = 1.1
WHOLE_WAY = 0.01
"""Share of the raw data sets that go through ``prepare`` as a whole; its processes take seconds to start."""
_UNFORESEEN = re.compile(r"\((?!OSError)\w+(Error|Exception|Interrupt): ")


class Data(Trial):
    """One data set an input: mostly a sound file and an odd one."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        raw = folder / "raw"
        for number in range(6):
            sound = ntu_text(np.random.default_rng(number))
            put(raw / f"S001C001P00{number + 1}R001A00{number + 1}.skeleton", sound.encode())
        self._prepared = folder / "prepared"
        prepare("ntu60", raw, self._prepared, 1)

    def run(self, rng: np.random.Generator, folder: Path) -> Verdict:
        try:
            kind = rng.random()
            if kind < 0.25:
                return self._loaded(rng, folder / "prepared")
            if kind < 0.45:
                return read(rng, folder)
            return raw_set(rng, folder, list(RAW)[rng.integers(len(RAW))])
        except UserError as error:
            return of_error(error)

    def _loaded(self, rng: np.random.Generator, folder: Path) -> Verdict:
        """A prepared set with something odd in one of its three files."""
        shutil.copytree(self._prepared, folder)
        _spoil(rng, folder)
        clips = PreparedClips(folder)
        for index in range(len(clips)):
            joints, confidence = clips.arrays(index)
            if fault := _wrong(joints, confidence):
                return failed(f"clip {index}: {fault}")
            clips.sequence(index), clips.name(index)
        for task, classes in clips.info.tasks.items():
            labels = clips.labels(task)
            if len(labels) and not 0 <= labels.min() <= labels.max() < len(classes):
                return failed(f"labels from {labels.min()} to {labels.max()} of {len(classes)} classes")
        return PROCESSED


def _spoil(rng: np.random.Generator, folder: Path) -> None:
    kind = rng.integers(6)
    path = folder / (INFO, CLIPS, JOINTS)[rng.integers(3)]
    if kind == 0:
        path.write_bytes(damaged(path.read_bytes(), rng))
    elif kind == 1:
        (folder / INFO).write_bytes(odd_json(json.loads((folder / INFO).read_text()), rng))
    elif kind == 2:
        (folder / (CLIPS, JOINTS)[rng.integers(2)]).write_bytes(lying_npy(rng))
    elif kind == 3:
        path.unlink()
        if rng.random() < 0.5:
            path.mkdir()
    elif kind == 4:
        clips = np.load(folder / CLIPS)
        name = clips.dtype.names[rng.integers(1, len(clips.dtype.names))]
        limits = np.iinfo(clips.dtype[name])
        clips[name][rng.integers(len(clips))] = min(max(numbers.whole(rng), limits.min), limits.max)
        np.save(folder / CLIPS, clips)
    else:
        joints = np.load(folder / JOINTS)
        with np.errstate(all="ignore"):
            joints.reshape(-1)[rng.integers(joints.size)] = numbers.odd(rng)
        np.save(folder / JOINTS, joints)


def read(rng: np.random.Generator, folder: Path) -> Verdict:
    """A data set of which training reads the clips itself."""
    name = list(READ)[rng.integers(len(READ))]
    READ[name](folder / name, rng)
    for clip in READERS[name](folder / name):
        if fault := _wrong(clip.sequence.joints, clip.sequence.confidence):
            return failed(f"{clip.name}: {fault}")
    return PROCESSED


def raw_set(rng: np.random.Generator, folder: Path, name: str) -> Verdict:
    """A raw data set: as ``prepare`` reads it in its processes, or, of a few, ``prepare`` itself."""
    raw = folder / "raw"
    RAW[name](raw, rng)
    if rng.random() < WHOLE_WAY:
        clips = prepare(name, raw, folder / "out", 1)
        rows = [clips.arrays(index) for index in range(len(clips))]
        return _judge(rows, clips.info.skipped)
    source = SOURCES[name](raw)
    work = folder / "work"
    work.mkdir(parents=True)
    task = Task(name, raw, work, "signature")
    make_group(task, 0, source.files, lambda place: None)
    group = load_group(work, 0, "signature", info_of(name, source))
    if group is None:
        return failed("the group that was written cannot be read again")
    rows = [(group.rows[..., :-1], group.rows[..., -1])]
    return _judge(rows, group.skipped)


def _judge(rows: Sequence[tuple[np.ndarray, np.ndarray]], skipped: Sequence[str]) -> Verdict:
    """What was taken must be sound, and what was left out told in sentences that somebody has written."""
    for joints, confidence in rows:
        if fault := _wrong(joints, confidence):
            return failed(fault)
    if not skipped:
        return PROCESSED
    for sentence in skipped:
        if _UNFORESEEN.search(sentence):
            return failed(f"unforeseen: {sentence}")
    return refused(skipped[0])


def _wrong(joints: np.ndarray, confidence: np.ndarray) -> str | None:
    """What no body can have."""
    if not (np.isfinite(joints).all() and np.isfinite(confidence).all()):
        return "numbers that are not finite"
    if joints.size and np.abs(joints).max() > MOST:
        return f"a coordinate of {np.abs(joints).max():g}"
    if confidence.size and not 0 <= confidence.min() <= confidence.max() <= SUREST:
        return f"confidences from {confidence.min():g} to {confidence.max():g}"
    return None
