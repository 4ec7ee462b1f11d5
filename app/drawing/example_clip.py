"""The example clip: an animated figure, drawn by this module, that MediaPipe takes for a person.

For people without a camera or a video, and for tests that need a person whose joints are known exactly. The
figure faces the camera, waves its right hand, stands still and does jumping jacks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from app.drawing.encoding import VideoWriter

WIDTH, HEIGHT, FPS, SECONDS = 640, 480, 30, 9.0
WAVE_UNTIL, STAND_UNTIL = 3.6, 5.0

Point = np.ndarray
Colour = tuple[int, int, int]

SKIN: Colour = (222, 170, 136)
HAIR: Colour = (62, 42, 30)
SHIRT: Colour = (52, 98, 168)
TROUSERS: Colour = (62, 62, 72)
SHOES: Colour = (235, 235, 230)

# Lengths in pixels of a body about 390 pixels tall.
_NECK_TO_HIPS, _SHOULDER_HALF, _HIP_HALF = 112.0, 40.0, 21.0
_UPPER_ARM, _FOREARM, _HAND = 58.0, 52.0, 24.0
_THIGH, _SHIN = 84.0, 84.0
_GROUND = 436.0
_SHIFT = 4


def _direction(degrees: float) -> Point:
    """Unit vector; 0 points down, 90 to the right of the picture, 180 up."""
    angle = np.radians(degrees)
    return np.array([np.sin(angle), np.cos(angle)])


def _ease(x: float) -> float:
    """0 to 1 with soft ends."""
    x = float(np.clip(x, 0, 1))
    return x * x * (3 - 2 * x)


def joints(time: float) -> dict[str, Point]:
    """Where the figure's joints are: MediaPipe's joint names -> (2,) pixels, left and right the figure's own.

    Args:
        time: seconds from the start of the clip.
    """
    sway = 1.5 * np.sin(2 * np.pi * 0.35 * time)
    # (degrees of the upper arm, degrees of the forearm) outward from hanging down; legs' spread in degrees.
    right_arm = left_arm = (9.0 + 0.6 * sway, 6.0 + 0.6 * sway)
    spread, lift = 4.0, 0.0
    if time < WAVE_UNTIL:
        raised = _ease(time / 0.5) * _ease((WAVE_UNTIL - time) / 0.5)
        swing = 28 * np.sin(2 * np.pi * 1.6 * time)
        right_arm = (9 + raised * (91 - 9) + 0.15 * swing, 6 + raised * (168 - 6) + raised * swing)
    elif time >= STAND_UNTIL:
        phase = 2 * np.pi * 1.0 * (time - STAND_UNTIL)
        opened = (1 - np.cos(phase)) / 2
        right_arm = left_arm = (9 + 141 * opened, 6 + 162 * opened)
        spread, lift = 4 + 18 * opened, 9 * abs(np.sin(phase))
    reach = (_THIGH + _SHIN) * np.cos(np.radians(spread))
    hips = np.array([WIDTH / 2 + sway, _GROUND - 12 - reach - lift])
    neck = hips - [0.3 * sway, _NECK_TO_HIPS]
    nose = neck + [0.2 * sway, -46.0]
    found = {"nose": nose}
    for side, sign, (upper, fore) in (("right", -1, right_arm), ("left", 1, left_arm)):
        out = np.array([sign, 1.0])
        shoulder = neck + out * [_SHOULDER_HALF, 9.0]
        elbow = shoulder + out * _direction(upper) * _UPPER_ARM
        wrist = elbow + out * _direction(fore) * _FOREARM
        hip = hips + out * [_HIP_HALF, 0]
        knee = hip + out * _direction(spread) * _THIGH
        ankle = knee + out * _direction(spread) * _SHIN
        found |= {
            f"{side}_shoulder": shoulder, f"{side}_elbow": elbow, f"{side}_wrist": wrist,
            f"{side}_index": wrist + out * _direction(fore) * _HAND,
            f"{side}_hip": hip, f"{side}_knee": knee, f"{side}_ankle": ankle,
            f"{side}_eye": nose + out * [9.0, -11.0], f"{side}_ear": nose + out * [23.0, -4.0],
        }  # fmt: skip
    return found


def render(time: float) -> np.ndarray:
    """(480, 640, 3) uint8 RGB, the clip at one instant."""
    body = joints(time)
    picture = _room().copy()
    feet = (body["left_ankle"] + body["right_ankle"]) / 2
    for grow, colour in ((1.0, (164, 130, 98)), (0.85, (157, 123, 92)), (0.7, (150, 116, 86))):
        _ellipse(picture, np.array([feet[0], _GROUND + 6]), (70 * grow, 10 * grow), colour)
    for side, sign in (("right", -1), ("left", 1)):
        _leg(picture, body, side, sign)
    _torso(picture, body)
    _head(picture, body)
    for side in ("right", "left"):
        _arm(picture, body, side)
    return cv2.GaussianBlur(picture, (0, 0), 0.8)


def frames() -> Iterator[np.ndarray]:
    """The whole clip, picture by picture."""
    for number in range(round(SECONDS * FPS)):
        yield render(number / FPS)


def write_example(path: str | Path) -> Path:
    """Writes the clip as H.264 in MP4; the file appears whole or not at all.

    Raises:
        OSError: the folder cannot be written to.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with VideoWriter(path, (WIDTH, HEIGHT), FPS) as video:
        for number, picture in enumerate(frames()):
            video.write(picture, number / FPS)
    return path


def _fixed(point: Sequence[float]) -> tuple[int, int]:
    x, y = point
    return round(float(x) * (1 << _SHIFT)), round(float(y) * (1 << _SHIFT))


def _ellipse(picture: np.ndarray, centre: Point, radii: tuple[float, float], colour: Colour) -> None:
    axes = _fixed(radii)
    cv2.ellipse(picture, _fixed(centre), axes, 0, 0, 360, colour, -1, cv2.LINE_AA, _SHIFT)


def _polygon(picture: np.ndarray, points: list[Point], colour: Colour) -> None:
    corners = np.array([_fixed(p) for p in points], np.int32)
    cv2.fillPoly(picture, [corners], colour, cv2.LINE_AA, _SHIFT)


def _shade(colour: Colour, factor: float) -> Colour:
    r, g, b = (min(255, int(c * factor)) for c in colour)
    return r, g, b


def _limb(
    picture: np.ndarray, a: Point, b: Point, ra: float, rb: float, colour: Colour, steps: int = 5
) -> None:
    """A tapered round limb, lit from the upper left: dark rim, lighter towards the light."""
    axis = (b - a) / max(float(np.hypot(*(b - a))), 1e-6)
    across = np.array([-axis[1], axis[0]])
    for step in range(steps):
        x = step / (steps - 1)
        scale, brightness = 1 - 0.72 * x, 0.72 + 0.42 * x
        light = np.array([-0.22, -0.12]) * x
        tint = _shade(colour, brightness)
        pa, pb = a + light * ra, b + light * rb
        wa, wb = ra * scale, rb * scale
        _polygon(picture, [pa + across * wa, pb + across * wb, pb - across * wb, pa - across * wa], tint)
        for centre, radius in ((pa, wa), (pb, wb)):
            cv2.circle(picture, _fixed(centre), round(radius * (1 << _SHIFT)), tint, -1, cv2.LINE_AA, _SHIFT)


def _leg(picture: np.ndarray, body: dict[str, Point], side: str, sign: int) -> None:
    hip, knee, ankle = (body[f"{side}_{name}"] for name in ("hip", "knee", "ankle"))
    toe = ankle + [sign * 7.0, 15.0]
    _limb(picture, ankle + [sign * 1.0, 5], toe, 8.5, 10, SHOES)
    _limb(picture, knee, ankle, 15.5, 10.5, TROUSERS)
    _limb(picture, hip + [0, 4], knee, 22.5, 15.5, TROUSERS)


def _arm(picture: np.ndarray, body: dict[str, Point], side: str) -> None:
    shoulder, elbow, wrist, index = (body[f"{side}_{n}"] for n in ("shoulder", "elbow", "wrist", "index"))
    along = (index - wrist) / np.linalg.norm(index - wrist)
    across = np.array([-along[1], along[0]])
    _limb(picture, wrist, wrist + along * 9, 7.0, 9.0, SKIN)
    for k in (-1.5, -0.5, 0.5, 1.5):
        _limb(
            picture,
            wrist + along * 11 + across * k * 4,
            wrist + along * 23 + across * k * 4.8,
            2.6,
            2.2,
            SKIN,
            2,
        )
    inner = 1.0 if side == "right" else -1.0
    thumb = across * inner * (1 if across[0] * inner > 0 else -1)
    _limb(picture, wrist + along * 4 + thumb * 6, wrist + along * 13 + thumb * 12, 3.2, 2.6, SKIN, 2)
    _limb(picture, elbow, wrist, 10.5, 7.0, SKIN)
    _limb(picture, shoulder + [0, 3], elbow, 15, 11.5, SKIN)
    sleeve = shoulder + (elbow - shoulder) * 0.5
    _limb(picture, shoulder + [0, 2], sleeve, 17, 15, SHIRT)


def _torso(picture: np.ndarray, body: dict[str, Point]) -> None:
    ls, rs, lh, rh = (body[n] for n in ("left_shoulder", "right_shoulder", "left_hip", "right_hip"))
    neck = (ls + rs) / 2 - [0, 9]
    for step in range(7):
        x = step / 6
        k = 1 - 0.6 * x
        tint = _shade(SHIRT, 0.74 + 0.34 * x)
        light = np.array([-7.0, -2.0]) * x
        middle = (ls + rs + lh + rh) / 4
        outline = [
            neck + [-15, 0], rs + [-8, -6], rs + [-6, 22], rh + [-7, -38], rh + [-12, 8], rh + [0, 14],
            lh + [0, 14], lh + [12, 8], lh + [7, -38], ls + [6, 22], ls + [8, -6], neck + [15, 0],
        ]  # fmt: skip
        _polygon(picture, [middle + (p - middle) * [k, 1 - 0.12 * x] + light for p in outline], tint)
    _limb(picture, neck + [0, -16], neck + [0, 2], 12, 14, _shade(SKIN, 0.86))
    _ellipse(picture, neck + [0, 1], (16, 7), _shade(SKIN, 0.9))


def _head(picture: np.ndarray, body: dict[str, Point]) -> None:
    nose = body["nose"]
    centre = nose + [0, -8.0]
    _ellipse(picture, centre + [0, -9], (28, 31), HAIR)
    for side in (-1, 1):
        _ellipse(picture, centre + [side * 24, 4], (4.5, 8), _shade(SKIN, 0.85))
    for step in range(5):
        x = step / 4
        _ellipse(
            picture, centre + np.array([-2.5, 1]) * x, (24 - 7 * x, 31 - 8 * x), _shade(SKIN, 0.86 + 0.18 * x)
        )
    _polygon(
        picture,
        [
            centre + p
            for p in ((-25, -6), (-22, -24), (0, -34), (22, -24), (25, -6), (19, -16), (4, -21), (-14, -17))
        ],
        HAIR,
    )
    for side in (-1, 1):
        eye = nose + [side * 9.5, -11.0]
        _ellipse(picture, eye, (5.2, 2.9), (245, 242, 238))
        _ellipse(picture, eye, (2.4, 2.6), (70, 48, 36))
        _ellipse(picture, eye, (1.1, 1.2), (15, 12, 12))
        _limb(picture, eye + [side * 5, -6.0], eye + [-side * 4, -6.6], 1.2, 1.5, HAIR, 2)
    _limb(picture, nose + [-1.0, -8], nose + [0, 0], 1.2, 3.0, _shade(SKIN, 0.98))
    _ellipse(picture, nose + [0, 2.2], (4.0, 1.3), _shade(SKIN, 0.68))
    _ellipse(picture, nose + [0, 11.5], (8.0, 2.6), (178, 92, 88))
    _ellipse(picture, nose + [0, 11.0], (7.5, 0.7), (120, 52, 52))


@cache
def _room() -> np.ndarray:
    """A wall, a floor, a door and a picture, slightly out of focus. Shared: not to be written to."""
    y = np.linspace(0, 1, HEIGHT)[:, None, None]
    x = np.linspace(0, 1, WIDTH)[None, :, None]
    wall = np.array([206, 203, 194]) * (1.04 - 0.16 * y - 0.08 * x)
    picture = np.clip(wall, 0, 255).astype(np.uint8)
    floor = 388
    picture[floor:] = np.linspace([186, 152, 116], [160, 124, 90], HEIGHT - floor).astype(np.uint8)[:, None]
    picture[floor - 9 : floor] = (232, 230, 224)
    cv2.rectangle(picture, (36, 92), (132, floor), (168, 142, 112), -1)
    cv2.rectangle(picture, (50, 108), (118, 220), (154, 128, 98), -1)
    cv2.rectangle(picture, (50, 240), (118, floor - 16), (154, 128, 98), -1)
    cv2.rectangle(picture, (500, 88), (592, 168), (92, 74, 58), -1)
    cv2.rectangle(picture, (507, 95), (585, 161), (150, 182, 190), -1)
    cv2.ellipse(picture, (546, 158), (36, 26), 0, 180, 360, (96, 136, 96), -1)
    return cv2.GaussianBlur(picture, (0, 0), 2.5)
