"""From where: random views of 3-D clips, and hand-held cameras."""

from __future__ import annotations

import numpy as np

from recognizer.data.augment.strength import FREQUENT_ELEVATION, Augmentation
from recognizer.data.views import rotation


def random_view(augmentation: Augmentation, rng: np.random.Generator) -> np.ndarray:
    """A rotation (3, 3) into a camera before people or beside them, now and then behind them."""
    kind = rng.random()
    if kind < augmentation.frontal_views:
        azimuth = rng.normal(0.0, 12.0)
    elif kind < augmentation.frontal_views + augmentation.any_azimuth:
        azimuth = rng.uniform(-180.0, 180.0)
    else:
        azimuth = rng.uniform(-augmentation.azimuth, augmentation.azimuth)
    elevation = rng.triangular(augmentation.elevation[0], FREQUENT_ELEVATION, augmentation.elevation[1])
    roll = rng.uniform(-augmentation.roll, augmentation.roll)
    return rotation(*np.radians([azimuth, elevation, roll]))


def frontal_view(augmentation: Augmentation, rng: np.random.Generator) -> np.ndarray:
    """A rotation (3, 3) into a camera that sees people from nearly the front."""
    roll = rng.uniform(-augmentation.roll, augmentation.roll)
    return rotation(*np.radians([rng.normal(0.0, 15.0), rng.uniform(-10.0, 15.0), roll]))


def tilted(joints: np.ndarray, angle: float) -> np.ndarray:
    """(T, V, 2) joints in a camera that is turned about its axis by an angle in radians."""
    c, s = np.cos(angle), np.sin(angle)
    return joints @ np.array([[c, s], [-s, c]], np.float32)


def moving_camera(
    joints: np.ndarray, seen: np.ndarray, augmentation: Augmentation, rng: np.random.Generator
) -> np.ndarray:
    """Zoom and height that change slowly over the window, and pixels that are not square. (T, V, 2)."""
    time = np.linspace(-1.0, 1.0, len(joints), dtype=np.float32)[:, None, None]
    body = joints[seen] if seen.any() else joints.reshape(-1, 2)
    centre, size = body.mean(0), np.ptp(body, axis=0).max()
    result = (joints - centre) * np.exp(rng.uniform(-1, 1) * augmentation.zoom_drift * time)
    result = result * np.array([np.exp(rng.uniform(-1, 1) * augmentation.stretch), 1.0], np.float32)
    if rng.random() < 0.4:
        result[..., 1:] += rng.normal() * augmentation.height_drift * 0.4 * size * time / 2
    return result.astype(np.float32)
