"""People who do what a formula says, so that a test knows what is right."""

from __future__ import annotations

import numpy as np

from pose.layouts import MEDIAPIPE_33
from pose.skeleton import PersonPose
from recognizer.own.recordings import Recording

FPS = 30.0
_STANDING = {
    "nose": (0, -0.75), "left_shoulder": (0.2, -0.5), "right_shoulder": (-0.2, -0.5),
    "left_elbow": (0.25, -0.25), "right_elbow": (-0.25, -0.25), "left_wrist": (0.25, 0.0),
    "right_wrist": (-0.25, 0.0), "left_hip": (0.12, 0.0), "right_hip": (-0.12, 0.0),
    "left_knee": (0.12, 0.45), "right_knee": (-0.12, 0.45), "left_ankle": (0.12, 0.9),
    "right_ankle": (-0.12, 0.9),
}  # fmt: skip


def standing() -> np.ndarray:
    """(33, 3) metres from the hips, y down, of somebody who stands and faces the camera."""
    world = np.zeros((33, 3), np.float32)
    world[:, 1] = -0.75  # the face
    for name, (x, y) in _STANDING.items():
        world[MEDIAPIPE_33.index(name), :2] = x, y
    for side in ("left", "right"):
        for hand in ("little", "index", "thumb"):
            world[MEDIAPIPE_33.index(f"{side}_{hand}")] = world[MEDIAPIPE_33.index(f"{side}_wrist")]
        for foot in ("heel", "foot_index"):
            world[MEDIAPIPE_33.index(f"{side}_{foot}")] = world[MEDIAPIPE_33.index(f"{side}_ankle")]
    return world


def pose(world: np.ndarray, visibility: float = 0.99) -> PersonPose:
    """As a camera of 640 x 480 sees it, two metres and a half away."""
    image = world[:, :2] * 200 + np.array((320, 260), np.float32)
    return PersonPose(image, world, np.full(33, visibility, np.float32), (640, 480))


def arm(angle: float, bend: float, side: str = "right") -> np.ndarray:
    """Somebody whose one arm is lifted aside by an angle and bent by another, both in radians."""
    world, sign = standing(), (-1 if side == "right" else 1)
    shoulder = world[MEDIAPIPE_33.index(f"{side}_shoulder"), :2]
    elbow = shoulder + 0.27 * np.array((sign * np.sin(angle), np.cos(angle)))
    wrist = elbow + 0.25 * np.array((sign * np.sin(angle + bend), np.cos(angle + bend)))
    world[MEDIAPIPE_33.index(f"{side}_elbow"), :2] = elbow
    for name in ("wrist", "little", "index", "thumb"):
        world[MEDIAPIPE_33.index(f"{side}_{name}"), :2] = wrist
    return world


def _raise(phase: float) -> np.ndarray:
    return arm(np.pi * 0.9 * np.sin(np.pi * phase) ** 2, 0.2)


def _circle(phase: float) -> np.ndarray:
    return arm(0.9 + 0.5 * np.sin(4 * np.pi * phase), 1.5 + 0.9 * np.cos(4 * np.pi * phase))


def _crouch(phase: float) -> np.ndarray:
    world, depth = standing(), 0.4 * np.sin(np.pi * phase) ** 2
    for name in ("knee", "ankle", "heel", "foot_index"):
        for side in ("left", "right"):
            world[MEDIAPIPE_33.index(f"{side}_{name}"), 1] -= depth * (0.5 if name == "knee" else 1.0)
            if name == "knee":
                world[MEDIAPIPE_33.index(f"{side}_knee"), 0] *= 1 + 2 * depth
    return world


def _rest(_: float) -> np.ndarray:
    return standing()


MOTIONS = {"raise": _raise, "circle": _circle, "crouch": _crouch, "rest": _rest}


def poses(
    motion: str, seconds: float = 2.0, seed: int = 0, start: float = 0.0
) -> list[tuple[float, PersonPose | None]]:
    """A motion as a person of some size does it at some place, with a little noise."""
    rng = np.random.default_rng(seed)
    size, noise = rng.uniform(0.85, 1.15), 0.004
    shift = rng.uniform(-40, 40, 2).astype(np.float32)
    result: list[tuple[float, PersonPose | None]] = []
    for frame in range(round(seconds * FPS)):
        world = MOTIONS[motion](frame / (seconds * FPS)) * size + rng.normal(0, noise, (33, 3))
        seen = pose(world.astype(np.float32))
        moved = PersonPose(seen.image + shift, seen.world, seen.visibility, seen.frame_size)
        result.append((start + frame / FPS, moved))
    return result


def recording(motion: str = "raise", seconds: float = 2.0, seed: int = 0) -> Recording:
    """The same as a recording."""
    return Recording.of(poses(motion, seconds, seed))
