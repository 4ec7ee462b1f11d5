"""Skeletons and action labels on pictures, for any picture size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from app.drawing.limbs import OUTLINE, Colour, limbs_of
from pose.layouts import SkeletonLayout
from pose.similarity import size_of
from pose.skeleton import PersonPose

PERSON_COLOURS: tuple[Colour, ...] = ((41, 128, 185), (192, 57, 43), (39, 134, 80), (142, 68, 173))
"""Background of the label tag, by person id; white text is readable on each."""

VISIBLE = 0.3
"""Landmarks less visible than this are guesses and not drawn."""

_SHIFT = 3  # fractional bits of the coordinates given to OpenCV: limbs move smoothly


@dataclass(frozen=True)
class PersonMark:
    """One person, or one hand, to draw.

    Attributes:
        id: the track's number; chooses the tag's colour.
        pose: landmarks in the picture's pixels (of ``pose.frame_size``).
        text: what the tag says; empty for no tag.
    """

    id: int
    pose: PersonPose
    text: str


def person_colour(person: int) -> Colour:
    """RGB of a person's tag and timeline."""
    return PERSON_COLOURS[person % len(PERSON_COLOURS)]


def readable(label: str) -> str:
    """A class name as people read it: "arm_curl" -> "arm curl"."""
    return label.replace("_", " ")


def label_text(label: str | None, score: float) -> str:
    """What a tag says about a label; None is "no action I know"."""
    return "no action I know" if label is None else f"{readable(label)} {round(score * 100)}%"


def annotate(image: np.ndarray, marks: Sequence[PersonMark]) -> np.ndarray:
    """A copy of the picture with skeletons and label tags.

    Args:
        image: (H, W, 3) uint8 RGB; not written to.
        marks: people.
    """
    picture = np.array(image, order="C")
    height, width = picture.shape[:2]
    tags: list[tuple[int, int, int, int]] = []
    for mark in marks:
        points = mark.pose.image * (
            np.array([width, height], np.float32) / np.maximum(mark.pose.frame_size, 1)
        )
        seen = (mark.pose.visibility >= VISIBLE) & np.isfinite(points).all(axis=1)
        # Far outside the picture nothing shows, and OpenCV's fixed-point coordinates would overflow.
        points = np.clip(np.nan_to_num(points), -4 * max(width, height), 4 * max(width, height))
        _draw_skeleton(picture, points, seen, mark.pose.layout)
        if mark.text:
            tags.append(_draw_tag(picture, mark.text, person_colour(mark.id), points[seen], tags))
    return picture


def _draw_skeleton(
    picture: np.ndarray, points: np.ndarray, seen: np.ndarray, landmarks: SkeletonLayout
) -> None:
    drawn = limbs_of(landmarks)
    widest = max(1, min(picture.shape[:2]) // 60)
    thickness = int(np.clip(round(size_of(points, landmarks) / drawn.slimness), 1, widest))
    fixed = np.round(points * (1 << _SHIFT)).astype(int).tolist()
    limbs = [(fixed[a], fixed[b], colour) for a, b, colour in drawn.lines if seen[a] and seen[b]]
    for a, b, _ in limbs:
        cv2.line(picture, a, b, OUTLINE, thickness + max(2, thickness // 2), cv2.LINE_AA, _SHIFT)
    for a, b, colour in limbs:
        cv2.line(picture, a, b, colour, thickness, cv2.LINE_AA, _SHIFT)
    for joint in np.flatnonzero(seen):
        dot, colour = joint in drawn.dots, drawn.joints[joint]
        radius = max(1.0, thickness * (0.5 if dot else 0.9))
        rings = ((radius, colour),) if dot else ((radius + 1, OUTLINE), (radius, colour))
        for r, ring in rings:
            cv2.circle(picture, fixed[joint], round(r * (1 << _SHIFT)), ring, -1, cv2.LINE_AA, _SHIFT)


def _draw_tag(
    picture: np.ndarray,
    text: str,
    colour: Colour,
    points: np.ndarray,
    taken: Sequence[tuple[int, int, int, int]],
) -> tuple[int, int, int, int]:
    """Writes a tag over somebody's head, inside the picture and clear of other tags; gives its box."""
    height, width = picture.shape[:2]
    font = cv2.FONT_HERSHEY_DUPLEX
    scale = max(min(height, width) / 700, 0.3)
    (text_width, text_height), _ = cv2.getTextSize(text, font, scale, 1)
    limit = min(0.9 * width / max(text_width, 1), 0.5 * height / max(text_height, 1))
    scale *= min(1.0, limit)
    stroke = max(1, round(scale * 1.3))
    (text_width, text_height), baseline = cv2.getTextSize(text, font, scale, stroke)
    pad = max(2, round(text_height * 0.45))
    w, h = text_width + 2 * pad, text_height + baseline // 2 + 2 * pad
    if len(points):
        centre, top = float(points[:, 0].min() + points[:, 0].max()) / 2, float(points[:, 1].min())
    else:
        centre, top = width / 2, 0.0
    x = int(np.clip(centre - w / 2, 0, max(0, width - w)))
    y = int(np.clip(top - 2.5 * pad - h, 0, max(0, height - h)))
    for tx, ty, tw, th in taken:
        if x < tx + tw and tx < x + w and y < ty + th and ty < y + h:
            y = ty + th + 1 if ty + th + 1 + h <= height else max(0, ty - h - 1)
    _rounded_box(picture, x, y, w, h, min(pad, h // 2), colour)
    cv2.putText(
        picture, text, (x + pad, y + pad + text_height), font, scale, (255, 255, 255), stroke, cv2.LINE_AA
    )
    return x, y, w, h


def _rounded_box(picture: np.ndarray, x: int, y: int, w: int, h: int, radius: int, colour: Colour) -> None:
    cv2.rectangle(picture, (x + radius, y), (x + w - 1 - radius, y + h - 1), colour, -1)
    cv2.rectangle(picture, (x, y + radius), (x + w - 1, y + h - 1 - radius), colour, -1)
    for cx in (x + radius, x + w - 1 - radius):
        for cy in (y + radius, y + h - 1 - radius):
            cv2.circle(picture, (cx, cy), radius, colour, -1, cv2.LINE_AA)
