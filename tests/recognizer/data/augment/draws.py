"""Windows as training draws them, of clips that the tests make up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pose.layouts import KINETICS_18, NTU_25
from pose.skeleton import SkeletonSequence
from recognizer.data.augment.strength import Augmentation
from recognizer.data.augment.window import training_window
from recognizer.data.clip import Clip
from recognizer.data.corpus import Example
from recognizer.preprocess import Preprocessing

N = NTU_25.index
K = KINETICS_18.index
LABELS = ("arm_curl", "clap", "draw_tick", "idle", "swipe_left", "swipe_right", "walk", "wave")
NONE = Augmentation(
    speed=0, mirror=0, frontal_views=0, azimuth=0, any_azimuth=0, elevation=(4.0, 4.0001), roll=0,
    distance=(3, 3), other_arm=0, stretch=0, zoom_drift=0, height_drift=0, noise=0, slow_noise=0, drop_legs=0,
    close_up=0, desk=0, hide_seen=0, drop_arm=0, drop_joint=0, short=0, onset=0,
)  # fmt: skip


def example(sequence: SkeletonSequence, *labels: str) -> Example:
    clip = Clip("clip", "utd_mhad", "action", "s1", "train", sequence)
    return Example(clip, tuple(LABELS.index(label) for label in labels), "train")


def window(
    of: Example,
    layout=KINETICS_18,
    seed: int = 0,
    augmentation: Augmentation = Augmentation(),
    bodies: Sequence[Example] = (),
    **preprocessing,
) -> tuple[np.ndarray, tuple[int, ...]]:
    rng = np.random.default_rng(seed)
    return training_window(
        of, layout, LABELS, 3.0, 32, Preprocessing(**preprocessing), augmentation, rng, bodies
    )
