"""The data sets that can be prepared: their classes, protocols, files, and how a file becomes a sample."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType

import numpy as np

from pose.layouts import KINETICS_18, NTU_25, SHREC_22, SkeletonLayout
from recognizer.data import (
    kinder_gator,
    kinetics,
    ntu,
    nw_ucla,
    penn_action,
    recordings,
    sbu,
    shrec17,
    utd_mhad,
)
from recognizer.data.clip import Clip, DataError, list_files
from recognizer.data.ntu_actions import ACTIONS as NTU_ACTIONS
from recognizer.data.prepared import NEITHER, TEST, TRAIN, Origin, Sample


@dataclass(frozen=True)
class Source:
    """A data set as it is distributed.

    Attributes:
        layout: of its skeletons once prepared.
        fps: frames a second.
        origin: see ``prepared.PreparedInfo``.
        tasks: names of the classes, by task.
        protocols: names of the divisions into training and test.
        files: one a clip.
        read: a file as a sample; raises DataError with one sentence that names it.
    """

    layout: SkeletonLayout
    fps: float
    origin: Origin
    tasks: Mapping[str, tuple[str, ...]]
    protocols: tuple[str, ...]
    files: Sequence[Path]
    read: Callable[[Path], Sample]


def _ntu(root: Path, actions: int, protocols: tuple[str, ...], train_subjects: frozenset[int]) -> Source:
    def read(path: Path) -> Sample:
        action = ntu.ids(path)[-1]
        if not 1 <= action <= actions:
            raise DataError(f"{path}: there is no action {action} among {actions}.")
        joints = ntu.main_bodies(ntu.read_bodies(path), path)
        tracked = np.abs(joints).sum((2, 3)) > 0
        confidence = np.repeat(tracked[..., None], joints.shape[2], -1)
        parts = ntu.parts(path, protocols, train_subjects)
        return Sample(path.stem, (action - 1,), parts, joints, confidence)

    files = list_files(root, "**/*.skeleton")
    return Source(NTU_25, ntu.FPS, "spine", {"action": NTU_ACTIONS[:actions]}, protocols, files, read)


def _kinetics(root: Path) -> Source:
    classes, clips = kinetics.read_labels(root)

    def read(path: Path) -> Sample:
        part = path.parent.name.removeprefix("kinetics_")
        label = clips.get(f"{part}/{path.stem}")
        if label is None:
            raise DataError(f"{path}: kinetics_{part}_label.json has no such clip with skeletons.")
        joints, confidence = kinetics.read_clip(path)
        return Sample(
            f"{part}/{path.stem}", (label,), (TRAIN if part == "train" else TEST,), joints, confidence
        )

    files = [file for part in kinetics.PARTS for file in list_files(root / f"kinetics_{part}", "*.json")]
    return Source(KINETICS_18, kinetics.FPS, "picture", {"action": classes}, ("official",), files, read)


def _shrec17(root: Path) -> Source:
    lists = shrec17.read_lists(root)

    def read(path: Path) -> Sample:
        part, of14, of28 = lists[path]
        joints = shrec17.read_clip(path)
        name = "/".join(folder.rpartition("_")[2] for folder in path.parts[-5:-1])
        confidence = np.ones(joints.shape[:2])
        parts = (TRAIN if part == "train" else TEST,)
        return Sample(name, (of14, of28), parts, joints[None], confidence[None])

    return Source(SHREC_22, shrec17.FPS, "spine", shrec17.TASKS, ("official",), list(lists), read)


def _of_clips(
    read: Callable[[Path], Clip],
    files: Callable[[Path], list[Path]],
    actions: tuple[str, ...],
    layout: SkeletonLayout,
    fps: float,
    protocol: str,
    held_out: Callable[[Clip], bool],
    root: Path,
    tests: Mapping[str, Callable[[Clip], bool]] = MappingProxyType({}),
) -> Source:
    """One of the data sets that the live vocabularies are made of.

    Kinect v1's bodies are not made upright as NTU RGB+D's: the middle of their spine is just above the hips,
    and its direction from there differs by 20 degrees from person to person.

    Args:
        protocol: the usual division; "<protocol>-val" divides its training clips, to choose settings by.
        held_out: whether a training clip tests in "<protocol>-val".
        tests: other divisions, by name: whether a clip tests.
    """

    def sample(path: Path) -> Sample:
        clip = read(path)
        train = clip.split != "test"
        parts = (
            TRAIN if train else TEST,
            NEITHER if not train else TEST if held_out(clip) else TRAIN,
            *(TEST if is_test(clip) else TRAIN for is_test in tests.values()),
        )
        joints = clip.sequence.joints
        return Sample(clip.name, (actions.index(clip.action),), parts, joints, clip.sequence.confidence)

    protocols = (protocol, f"{protocol}-val", *tests)
    return Source(layout, fps, "camera", {"action": actions}, protocols, files(root), sample)


def _sbu(root: Path) -> Source:
    def read(path: Path) -> Sample:
        pair = sbu.read_pair(path)
        tested = sum(person in sbu.TEST_PEOPLE for person in pair.people)
        parts = (
            (TRAIN, NEITHER, TEST)[tested],
            *(TEST if pair.folder in fold else TRAIN for fold in sbu.FOLDS),
        )
        sequence = sbu.pair_sequence(pair)
        label = sbu.ACTIONS.index(pair.action)
        return Sample(pair.name, (label,), parts, sequence.joints, sequence.confidence)

    protocols = ("people", *(f"fold{number}" for number in range(1, len(sbu.FOLDS) + 1)))
    files = sbu.list_clips(root)
    return Source(NTU_25, sbu.FPS, "spine", {"action": sbu.ACTIONS}, protocols, files, read)


def _recordings(root: Path) -> Source:
    names = recordings.labels(root)

    def read(path: Path) -> Sample:
        joints, confidence = recordings.read_recording(path)
        name = f"{path.parent.name}/{path.stem}"
        parts = (TEST if recordings.is_test(name) else TRAIN, TRAIN)
        label = names.index(path.parent.name)
        return Sample(name, (label,), parts, joints, confidence)

    files = list_files(root, "*/*.npz")
    return Source(NTU_25, recordings.FPS, "spine", {"action": names}, ("fifth", "all"), files, read)


SOURCES: dict[str, Callable[[Path], Source]] = {
    "ntu60": partial(
        _ntu, actions=60, protocols=("xsub", "xview"), train_subjects=ntu.TRAIN_SUBJECTS_60
    ),
    "ntu120": partial(
        _ntu, actions=120, protocols=("xsub", "xset"), train_subjects=ntu.TRAIN_SUBJECTS_120
    ),
    "kinetics": _kinetics,
    "shrec17": _shrec17,
    "utd_mhad": partial(
        _of_clips, utd_mhad.read_clip, utd_mhad.list_clips, utd_mhad.ACTIONS, NTU_25, utd_mhad.FPS, "xsub",
        lambda clip: clip.subject == "s07",
    ),
    "nw_ucla": partial(
        _of_clips, nw_ucla.read_clip, nw_ucla.list_clips, tuple(nw_ucla.ACTIONS.values()), NTU_25,
        nw_ucla.FPS, "xview", lambda clip: clip.view == "v02",
    ),
    "penn_action": partial(
        _of_clips, penn_action.read_clip, penn_action.list_clips, penn_action.ACTIONS, KINETICS_18,
        penn_action.FPS, "official",
        # Tens together: clips of neighbouring numbers are often cut from one video.
        lambda clip: int(clip.name) // 10 % 5 == 0,
    ),
    "kinder_gator": partial(
        _of_clips, kinder_gator.read_clip, kinder_gator.list_clips, kinder_gator.ACTIONS, NTU_25,
        kinder_gator.FPS, "people", lambda clip: clip.split == "val",
        tests={"adults": lambda clip: clip.view == "child"},
    ),
    "sbu": _sbu,
    "recordings": _recordings,
}  # fmt: skip
"""Opens a raw data set by name; raises DataError if the folder does not hold it."""
