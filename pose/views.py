"""What a landmarker is shown of a picture: a part of it, or all but somebody."""

from __future__ import annotations

import cv2
import numpy as np

from pose.landmarkers import Box
from pose.similarity import body_size, similarity
from pose.skeleton import PersonPose

_TOUCHING = 0.2
"""Similarity of two people's poses from which their landmarkers see pictures without the other one."""
_GREY = 128  # what people are painted over with


def around(poses: list[PersonPose], margin: float = 1.0) -> Box:
    """The part of the picture around people, with a margin in body sizes."""
    width, height = poses[0].frame_size
    points = np.concatenate([pose.image for pose in poses])
    room = margin * max(body_size(pose) for pose in poses)
    left, top = np.clip(points.min(0) - room, 0, (width - 1, height - 1)).astype(int)
    right, bottom = np.clip(points.max(0) + room, (left + 1, top + 1), (width, height)).astype(int)
    return Box(int(left), int(top), int(right), int(bottom))


def tiles(image: np.ndarray) -> list[Box]:
    """Both ends of an oblong picture, as squares: the detector sees squares, so far people get larger."""
    height, width = image.shape[:2]
    side = min(width, height)
    if max(width, height) < 1.2 * side:
        return []
    return [Box(0, 0, side, side), Box(width - side, height - side, width, height)]


def separated(image: np.ndarray, poses: list[PersonPose]) -> list[np.ndarray]:
    """The picture for each person's landmarker. Of two who touch, each gets one without the other: a
    landmarker sees all that is near its person and would go over to whoever is clearer."""
    if len(poses) < 2:
        return [image] * len(poses)
    first, second = poses
    if similarity(first, second) < _TOUCHING:
        return [image, image]
    return [without(image, [second], [first]), without(image, [first], [second])]


def without(image: np.ndarray, hidden: list[PersonPose], shown: list[PersonPose]) -> np.ndarray:
    """The picture with some people painted out, but not where the others are."""
    if not hidden:
        return image
    painted = image.copy()
    for pose in hidden:
        box = around([pose], margin=0.2)
        cover = _silhouette(pose, 0.1, box)
        for other in shown:
            cover &= ~_silhouette(other, 0.15, box)
        box.cut(painted)[cover] = _GREY
    return painted


def _silhouette(pose: PersonPose, margin: float, box: Box) -> np.ndarray:
    """(rows, columns) bool over ``box``: the convex hull of a pose, widened by ``margin`` body sizes."""
    mask = np.zeros((box.bottom - box.top, box.right - box.left), np.uint8)
    limit = 4 * max(pose.frame_size)  # OpenCV wants coordinates that are not too far out
    points = np.clip(pose.image, -limit, limit) - (box.left, box.top)
    hull = cv2.convexHull(points.astype(np.int32))
    cv2.fillConvexPoly(mask, hull, (1,))
    cv2.polylines(mask, [hull], True, (1,), thickness=max(1, round(2 * margin * body_size(pose))))
    return mask.astype(bool)


def only(image: np.ndarray, pose: PersonPose, others: list[PersonPose]) -> np.ndarray:
    """The picture in which a landmarker can find nobody but this person."""
    box = around([pose], margin=2.5)
    picture = np.full_like(image, _GREY)
    box.cut(picture)[:] = box.cut(without(image, others, [pose]))
    return picture
