"""Random windows for training: what makes a lab recording look like somebody at a camera.

The measures and their reasons: live input has other cameras (random views), other bodies and speeds, noise,
missing legs, hand-held pictures; actions are done with either arm or both.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pose.layouts import SkeletonLayout
from pose.skeleton import SkeletonSequence
from recognizer.data.augment.bodies import with_arms_of
from recognizer.data.augment.cameras import frontal_view, moving_camera, random_view, tilted
from recognizer.data.augment.desk import NEAR, desk_view, seated_view
from recognizer.data.augment.faults import dropped, noisy, torso_length
from recognizer.data.augment.made_up import clapping_arms, waving_arms
from recognizer.data.augment.moments import random_window
from recognizer.data.augment.sides import mirrored, other_arm
from recognizer.data.augment.strength import Augmentation
from recognizer.data.corpus import Example
from recognizer.data.real_landmarks import REAL_LANDMARKS
from recognizer.data.views import project_to_kinetics18, rotate_about
from recognizer.preprocess import Preprocessing, placed, stacked
from recognizer.vocabulary import ARMS_ONLY, MIRRORED, NOT_MIRRORED
from recognizer.windows import replayed


def training_window(
    example: Example,
    layout: SkeletonLayout,
    labels: tuple[str, ...],
    seconds: float,
    frames: int,
    preprocessing: Preprocessing,
    augmentation: Augmentation,
    rng: np.random.Generator,
    bodies: Sequence[Example] = (),
) -> tuple[np.ndarray, tuple[int, ...]]:
    """One random window of a clip as network input (channels, T, V), with its targets (mirrored if it was).

    ``bodies`` are clips of ``layout`` that may lend their body to a gesture of a depth sensor (``bodies``).

    Raises:
        ValueError: origin picture, see ``preprocess.network_input``.
    """
    if preprocessing.origin == "picture":
        raise ValueError("windows are random views, which have no picture to be placed in")

    def drawn(sequence: SkeletonSequence) -> tuple[np.ndarray, np.ndarray]:
        window = random_window(sequence, seconds, frames, augmentation, rng)
        return replayed(*window) if preprocessing.replay else window

    joints, confidence = drawn(example.clip.sequence)
    names = [labels[index] for index in example.targets]
    source = example.clip.sequence.layout
    spatial = source.coordinates == 3
    if spatial and rng.random() < augmentation.other_arm:
        joints = other_arm(joints, names, source, rng)
    targets = example.targets
    if rng.random() < augmentation.mirror and not NOT_MIRRORED.intersection(names):
        joints, confidence = mirrored(joints, confidence, source)
        targets = tuple(labels.index(MIRRORED.get(name, name)) for name in names)
    upper = ARMS_ONLY.issuperset(names)  # so are actions that nobody named, whatever they are
    desk = upper and rng.random() < augmentation.desk
    lend = (
        spatial
        and bodies
        and names
        and upper
        and example.clip.dataset not in REAL_LANDMARKS
        and rng.random() < augmentation.real_body
    )
    if spatial:
        if lend:
            view = frontal_view(augmentation, rng)
        else:
            view = desk_view(rng) if desk else random_view(augmentation, rng)
        if layout.coordinates == 3:
            centre = joints[:, list(source.torso_bottom)].mean(1, keepdims=True).mean(0)
            joints = rotate_about(joints, view, centre)
        else:
            distance = rng.uniform(*(NEAR if desk else augmentation.distance))
            joints, confidence = project_to_kinetics18(joints, confidence, view, distance)
        if lend:
            body = bodies[int(rng.integers(len(bodies)))].clip.sequence
            window = drawn(body)
            if rng.random() < augmentation.mirror:
                window = mirrored(*window, layout)
            if names == ["wave"] and rng.random() < augmentation.made_up_wave:
                joints, confidence = waving_arms(window[0], seconds, layout, rng), np.ones_like(window[1])
            elif names == ["clap"] and rng.random() < augmentation.made_up_clap:
                joints, confidence = clapping_arms(window[0], seconds, layout, rng), np.ones_like(window[1])
            else:
                joints, confidence = with_arms_of(*window, joints, confidence, layout)
    elif layout.coordinates == 2:
        joints = tilted(joints, np.radians(rng.uniform(-augmentation.roll, augmentation.roll)))
    if layout.coordinates == 2:
        joints = moving_camera(joints, confidence > 0, augmentation, rng)
    if desk:
        joints, confidence = seated_view(joints, confidence, layout, rng)
    values, seen = (each[0] for each in placed(joints[None], confidence[None], layout, preprocessing))
    in_torsos = preprocessing.origin == "torso"
    values = noisy(values, 1.0 if in_torsos else torso_length(values, seen, layout), augmentation, rng)
    seen = dropped(seen, names, layout, augmentation, rng)
    # Of other origins a joint is 0 wherever it was not seen, not only where it never was.
    values *= (seen.max(0, keepdims=True) > 0 if in_torsos else seen > 0)[..., None]
    array = stacked(values, seen, layout, preprocessing)
    if rng.random() < augmentation.hide_seen and preprocessing.confidence:
        array[-1] = 1
        array[-1][:, list(preprocessing.ignored_joints)] = 0
    return array, targets
