"""What a page is told over its live WebSocket: JSON objects, as text, with a ``type`` each.

An answer to a frame, ``"type": "seen"``, has less than 2 kB for two people, unless it brings attention. The
page keeps the picture, so none comes back. Times are milliseconds on the page's clock, as frames have them.

    captured            the frame that this answers; all before it count as answered too
    persons             those seen within the last second:
        id              stays with the person
        label           null for "no action I know", and before the first
        score           of the label, or of the best class where it is null
        top             best five [class, score], best first; empty before the first window
        since           time of the frame since which the label is shown; null before the first
        count           how often the label's action was done in a row; null where it is not counted
        per_minute      its tempo; null before two repetitions
        points          x and y of each landmark in turn, in 1/10000 of the picture's width and height, not
                        mirrored; null where the person is not seen in this frame
        visibility      of each landmark, in percent; null as points
    message             a sentence for whoever stands there; "" where all is well
    warming             seconds until the first label of anybody; 0 where there is one
    pose_ms, total_ms   what the pose, and the whole frame, took
    recognise_ms        what the newest labels took
    label_age_ms        how much older than the frame the windows of the newest labels end; 0 without any
    attention           only while it is switched on, and with a new label: figures, see ``app.drawing.heat``

Everything else:

    ready               weights, classes, subject ("person" or "hand"), joints: for each joint of the
                        attention's figures the landmarks in whose middle it lies
    skipped             captured, perhaps message: a frame without an answer, as nothing is loaded yet, or as
                        it is no usable JPEG
    recorded            record: the last 30 seconds, see ``recorded``
    weights-failed      message; what was in use stays
    failed              message: not understood, or the program failed; the page stops
    refused             message: no place is free; the socket closes
    idle                message: nothing came for long; the socket closes, the next picture opens another
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from app.core.subjects import subject_of
from app.drawing.heat import panel, ticks_until_now
from app.live.view import LiveRecord, LiveView, PersonAction
from pose.layouts import SkeletonLayout
from pose.mapping import landmarks_of_joints
from pose.skeleton import PersonPose

UNIT = 10_000
"""Steps of the picture's width and height: finer than a pixel of a 4K camera's."""
FARTHEST = 9.9
"""Widths and heights of the picture: how far outside of it a landmark is told."""


def told(kind: str, **content: Any) -> str:
    """A message of a kind."""
    return json.dumps({"type": kind, **content}, separators=(",", ":"))


def seen(view: LiveView, captured: float) -> str:
    """The answer to a frame.

    Args:
        view: what the frame showed.
        captured: the frame's time on the page's clock.
    """
    content: dict[str, Any] = {
        "captured": captured,
        "persons": [_person(each) for each in view.persons],
        "message": view.message,
        "warming": round(view.warming, 1),
        "pose_ms": round(view.pose_ms, 1),
        "total_ms": round(view.total_ms, 1),
        "recognise_ms": round(view.recognise_ms, 1),
        "label_age_ms": round(view.label_age_ms, 1),
    }
    if view.attention:
        # Part of the answer to a frame, not a message of its own: so it can neither queue up nor come late.
        content["attention"] = [
            panel(each, mirror=True, ticks=ticks_until_now(each.end - each.start)) for each in view.attention
        ]
    return told("seen", **content)


def ready(weights: str, classes: tuple[str, ...], layout: SkeletonLayout) -> str:
    """What the page needs to know of weights that are loaded."""
    return told(
        "ready",
        weights=weights,
        classes=classes,
        subject=subject_of(layout).name,
        joints=landmarks_of_joints(layout),
    )


def recorded(record: LiveRecord) -> str:
    """The last 30 seconds, for a file: times in seconds, 0 being now.

    seconds         how long ago the oldest frame was
    labels          [person, from, to, label], by person and time
    persons         of each: id; landmarks, their names; times (T); picture (T x landmarks x 2) in widths and
                    heights of the picture, not mirrored; world (T x landmarks x 3), metres from the middle
                    of the hips; visibility (T x landmarks)
    """
    oldest = min((own[0].timestamp for own in record.landmarks.values()), default=record.end)
    persons = []
    for person, own in record.landmarks.items():
        poses = [each.pose for each in own]
        persons.append(
            {
                "id": person,
                "landmarks": poses[0].layout.joints,
                "times": _rounded([each.timestamp - record.end for each in own], 3),
                "picture": _rounded([_in_pictures(pose) for pose in poses], 4),
                "world": _rounded([pose.world for pose in poses], 3),
                "visibility": _rounded([pose.visibility for pose in poses], 2),
            }
        )
    labels = [
        [each.person, *_rounded([each.start - record.end, each.end - record.end], 2), each.label]
        for each in record.labels
    ]
    content = {"seconds": round(record.end - oldest, 3), "labels": labels, "persons": persons}
    return told("recorded", record=content)


def _person(person: PersonAction) -> dict[str, Any]:
    points = visibility = None
    if person.pose is not None:
        points = np.round(_in_pictures(person.pose) * UNIT).astype(int).ravel().tolist()
        visibility = np.round(person.pose.visibility * 100).astype(int).tolist()
    row = person.repetitions
    return {
        "id": person.id,
        "label": person.label,
        "score": round(person.score, 4),
        "top": [[each.label, round(each.score, 4)] for each in person.top5],
        "since": None if person.since is None else round(person.since * 1000),
        "count": None if row is None else row.count,
        "per_minute": None if row is None or row.per_minute is None else round(row.per_minute, 1),
        "points": points,
        "visibility": visibility,
    }


def _in_pictures(pose: PersonPose) -> np.ndarray:
    """(L, 2) landmarks in widths and heights of the picture."""
    places = pose.image / np.maximum(pose.frame_size, 1)
    return np.clip(np.nan_to_num(places), -FARTHEST, FARTHEST)


def _rounded(values: Any, digits: int) -> list:
    """Values for JSON with so many digits."""
    return np.asarray(values, np.float64).round(digits).tolist()
