"""A picture of what a threshold costs: delay against false labels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np

from app.drawing.picture import person_colour

SIZE = (1000, 640)
"""Width and height in pixels."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 90, 30, 70, 80
_INK, _GREY, _PALE = (40, 40, 40), (120, 120, 120), (228, 228, 228)
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_TICKS = 6  # at most about as many


@dataclass(frozen=True)
class Point:
    """A threshold, the false labels a minute and the median delay in seconds with it."""

    threshold: float
    false_labels: float
    delay: float


@dataclass(frozen=True)
class Curve:
    """Points of some weights in the order of their thresholds; ``threshold`` is the one in use."""

    name: str
    points: tuple[Point, ...]
    threshold: float


def delay_plot(
    curves: Sequence[Curve], title: str, note: str, most_false: float, longest_delay: float
) -> np.ndarray:
    """One line a curve; the threshold in use (or the nearest) has a full dot, and where to aim for is shaded.

    Args:
        curves: points without a finite figure are left out.
        title, note: over the plot.
        most_false: false labels a minute to aim for.
        longest_delay: seconds to aim for.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    width, height = SIZE
    picture = np.full((height, width, 3), 255, np.uint8)
    shown = [[p for p in curve.points if math.isfinite(p.false_labels + p.delay)] for curve in curves]
    points = [point for each in shown for point in each]
    across = _ticks(max([most_false * 1.5, *(point.false_labels for point in points)]))
    upward = _ticks(max([longest_delay * 1.5, *(point.delay for point in points)]))

    def place(x: float, y: float) -> tuple[int, int]:
        return (
            round(_LEFT + x / across[-1] * (width - _LEFT - _RIGHT)),
            round(height - _BOTTOM - y / upward[-1] * (height - _TOP - _BOTTOM)),
        )

    text = partial(_text, picture)
    cv2.rectangle(picture, place(0, longest_delay), place(most_false, 0), (226, 243, 230), cv2.FILLED)
    for x in across:
        cv2.line(picture, place(x, 0), place(x, upward[-1]), _PALE, 1)
        text(f"{x:g}", (place(x, 0)[0], height - _BOTTOM + 24), 0.5, _GREY, centred=True)
    for y in upward:
        cv2.line(picture, place(0, y), place(across[-1], y), _PALE, 1)
        text(f"{y:g}", (_LEFT - 28, place(0, y)[1] + 5), 0.5, _GREY, centred=True)
    cv2.line(picture, place(0, 0), place(across[-1], 0), _INK, 1)
    cv2.line(picture, place(0, 0), place(0, upward[-1]), _INK, 1)
    text("aim", (place(0, longest_delay)[0] + 6, place(0, longest_delay)[1] + 18), 0.45, (39, 134, 80))
    text(title, (_LEFT, 28), 0.65, _INK)
    text(note, (_LEFT, 50), 0.45, _GREY)
    middle = (_LEFT + width - _RIGHT) // 2
    text(
        "false labels a minute, on idle and unknown footage", (middle, height - 22), 0.55, _INK, centred=True
    )
    _upright(picture, "median delay in seconds", (_TOP + height - _BOTTOM) // 2)

    for number, (curve, own) in enumerate(zip(curves, shown, strict=True)):
        colour = person_colour(number)
        places = [place(point.false_labels, point.delay) for point in own]
        cv2.polylines(picture, [np.array(places, np.int32).reshape(-1, 1, 2)], False, colour, 2, cv2.LINE_AA)
        marked: list[tuple[int, int]] = []
        in_use = min(own, key=lambda point: abs(point.threshold - curve.threshold), default=None)
        for point, at in zip(own, places, strict=True):
            used = point is in_use
            cv2.circle(picture, at, 7 if used else 4, colour if used else (255, 255, 255), -1, cv2.LINE_AA)
            cv2.circle(picture, at, 7 if used else 4, colour, 2, cv2.LINE_AA)
            if all(abs(at[0] - x) > 40 or abs(at[1] - y) > 16 for x, y in marked):
                text(f"{point.threshold:g}", (at[0] + 10, at[1] - 8), 0.42, colour)
                marked.append(at)
        y = _TOP + 24 + 24 * number
        longest = max(len(each.name) for each in curves)
        x = width - _RIGHT - 70 - 9 * longest
        cv2.line(picture, (x, y - 5), (x + 26, y - 5), colour, 2, cv2.LINE_AA)
        text(curve.name, (x + 34, y), 0.5, _INK)
    return picture


def png(picture: np.ndarray) -> bytes:
    """(H, W, 3) uint8 RGB as a PNG file's content."""
    return cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1].tobytes()


def _ticks(largest: float) -> list[float]:
    """Round numbers from 0 to at least ``largest``."""
    rough = largest / _TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    return [round(step * i, 6) for i in range(math.ceil(largest / step - 1e-9) + 1)]


def _text(
    picture: np.ndarray,
    words: str,
    at: tuple[int, int],
    scale: float,
    colour: tuple[int, int, int],
    centred: bool = False,
) -> None:
    words = words.encode("ascii", "replace").decode()  # all that OpenCV's letters know
    (wide, _), _ = cv2.getTextSize(words, _FONT, scale, 1)
    x = at[0] - wide // 2 if centred else at[0]
    cv2.putText(picture, words, (x, at[1]), _FONT, scale, colour, 1, cv2.LINE_AA)


def _upright(picture: np.ndarray, words: str, middle: int) -> None:
    """Words that read upwards along the left edge."""
    (wide, high), below = cv2.getTextSize(words, _FONT, 0.55, 1)
    label = np.full((high + below + 4, wide + 4, 3), 255, np.uint8)
    _text(label, words, (2, high + 2), 0.55, _INK)
    label = np.rot90(label)
    top = middle - len(label) // 2
    picture[top : top + len(label), 12 : 12 + label.shape[1]] = label
