"""What a network looked at, as figures that a page can draw: numbers and names, no colours and no pixels.

Every value lies in [0, 1] on one scale, the same from frame to frame: 0 is the weakest response in the window
(or a gate that is shut), 1 the strongest (or an open one). Which figures there are depends on the maps alone;
nothing here knows which network they came from.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np

from app.core.attention import WindowAttention
from app.drawing.picture import readable
from pose.layouts import SkeletonLayout
from recognizer.attention import strongest_pairs, unit_range

MOST_LINES = 50
"""Relations drawn at once, as in SEM-Net Fig. 7b."""

MOST_VOXELS = 500
"""Voxels drawn at once, the strongest ones: more would hide each other."""

TIME_DEPTH = 3.0
"""Torso lengths that a window is deep where a third axis shows time."""

Tick = tuple[float, str]
"""Place on the time axis (0 the window's start, 1 its end) and what is written there."""


@dataclass(frozen=True)
class BodyFigure:
    """The body at the window's end.

    Attributes:
        title: what it shows.
        points: V (x, y) in torso lengths from the middle of the hips, x right and y down as the picture is
            shown; None where a joint was not seen.
        bones: pairs of joints.
        names: of the V joints.
        values: of the V joints, or None where the network tells none.
        lines: (joint, joint, value) relations, weakest first, so that the strongest are drawn on top.
        said: the figure in words.
    """

    kind: ClassVar[str] = "body"

    title: str
    points: list[list[float] | None]
    bones: tuple[tuple[int, int], ...]
    names: tuple[str, ...]
    values: list[float] | None
    lines: list[tuple[int, int, float]]
    said: str


@dataclass(frozen=True)
class TimeFigure:
    """The window along time: joints in rows, and the curve of the moments below them.

    Attributes:
        title: what it shows.
        rows: names of V joints; empty where the network tells nothing of them over time.
        cells: V rows of T' values.
        curve: T' values of the moments, or None.
        ticks: of the time axis.
        said: the figure in words.
    """

    kind: ClassVar[str] = "time"

    title: str
    rows: tuple[str, ...]
    cells: list[list[float]]
    curve: list[float] | None
    ticks: list[Tick]
    said: str


@dataclass(frozen=True)
class GridFigure:
    """How much each joint (row) attends to each body part (column)."""

    kind: ClassVar[str] = "grid"

    title: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: list[list[float]]
    said: str


@dataclass(frozen=True)
class SpaceFigure:
    """Active voxels in three dimensions, to be turned.

    Attributes:
        title: what it shows.
        voxels: (x, y, z, value): torso lengths to the right, upwards and towards the viewer.
        side: length of a voxel's side.
        bones: the body at the window's end: pairs of (x, y, z).
        said: the figure in words.
    """

    kind: ClassVar[str] = "space"

    title: str
    voxels: list[list[float]]
    side: float
    bones: list[list[list[float]]]
    said: str


Figure = BodyFigure | TimeFigure | GridFigure | SpaceFigure


def figures(looked: WindowAttention, mirror: bool, ticks: list[Tick]) -> list[Figure]:
    """All figures that a window's maps give.

    Args:
        mirror: the picture is shown mirrored, so the body has to be as well.
        ticks: of the time axis, see ``ticks_until_now`` and ``ticks_of_clip``.
    """
    maps, layout = looked.maps, looked.layout
    found: list[Figure] = []
    pairs = [grain for grain in maps.relations if grain.shape[1] == len(layout)]
    if maps.joints is not None or pairs:
        values = None if maps.joints is None else maps.joints.max(0)
        found.append(_body(looked, mirror, values, pairs[0] if pairs else None))
    if maps.regularisation is not None:
        title = "Learned for every window"
        found.append(_body(looked, mirror, None, maps.regularisation, title))
    over_time = maps.joints if maps.joints is not None and len(maps.joints) > 1 else None
    if over_time is not None or maps.frames is not None:
        found.append(_time(layout, over_time, maps.frames, ticks))
    found += [_grid(layout, grain) for grain in maps.relations if grain.shape[1] != len(layout)]
    if maps.voxels is not None:
        found.append(_space(looked, mirror))
    return found


def panel(looked: WindowAttention, mirror: bool, ticks: list[Tick]) -> dict[str, Any]:
    """The figures of one person as plain values for JSON."""
    drawn = [{"kind": figure.kind, **asdict(figure)} for figure in figures(looked, mirror, ticks)]
    return {"person": looked.person, "figures": drawn}


def ticks_until_now(seconds: float) -> list[Tick]:
    """Whole seconds of a window that ends now."""
    back = range(math.floor(seconds + 1e-6), 0, -1)
    return [*((round(1 - each / seconds, 3), f"−{each} s") for each in back), (1.0, "now")]


def ticks_of_clip(start: float, end: float) -> list[Tick]:
    """Whole seconds of a clip that lie in a window; none before the clip begins."""
    seconds = range(max(0, math.ceil(start - 1e-6)), math.floor(end + 1e-6) + 1)
    return (
        [(round((each - start) / (end - start), 3), f"{each} s") for each in seconds] if end > start else []
    )


def _body(
    looked: WindowAttention,
    mirror: bool,
    values: np.ndarray | None,
    relations: np.ndarray | None,
    title: str | None = None,
) -> BodyFigure:
    layout = looked.layout
    names = _names(layout.joints)
    lines: list[tuple[int, int, float]] = []
    if relations is not None:
        pairs, strengths = strongest_pairs(relations, MOST_LINES)
        shares = _numbers(_of_strongest(strengths))
        lines = [(int(a), int(b), share) for (a, b), share in zip(pairs, shares, strict=True) if share > 0]
    if title is None:
        shown = ["joints"] if values is not None else []
        title = " and ".join([*shown, *(["relations"] if relations is not None else [])]).capitalize()
    if values is not None:
        said = "Strongest joints: " + _strongest(names, values)
    elif lines:
        said = "Strongest relations: " + ", ".join(f"{names[a]} to {names[b]}" for a, b, _ in lines[:3])
    else:
        said = "No relations"
    return BodyFigure(
        title=title,
        points=[None if math.isnan(x) else [x, -y] for x, y, _ in _places(looked, looked.body, mirror)],
        bones=layout.bones,
        names=names,
        values=None if values is None else _numbers(values),
        lines=lines[::-1],
        said=said,
    )


def _time(
    layout: SkeletonLayout, joints: np.ndarray | None, frames: np.ndarray | None, ticks: list[Tick]
) -> TimeFigure:
    names = _names(layout.joints)
    said = []
    if joints is not None:
        said.append(f"Strongest joints over time: {_strongest(names, joints.max(0))}")
    if frames is not None:
        moment = 100 * (int(frames.argmax()) + 0.5) / len(frames)
        said.append(f"Strongest moment: {moment:.0f} % of the window")
    shown = [*(["joints"] if joints is not None else []), *(["moments"] if frames is not None else [])]
    return TimeFigure(
        title=f"{' and '.join(shown).capitalize()} over time",
        rows=() if joints is None else names,
        cells=[] if joints is None else [_numbers(row) for row in joints.T],
        curve=None if frames is None else _numbers(frames),
        ticks=ticks,
        said=". ".join(said),
    )


def _grid(layout: SkeletonLayout, relations: np.ndarray) -> GridFigure:
    count = relations.shape[1]
    parts = next((parts for _, parts in layout.parts if len(parts) == count), None)
    # A part goes by the name of the joint in its middle: the arm by its elbow, the leg by its knee.
    middles = [layout.joints[part[len(part) // 2]] for part in parts] if parts else map(str, range(count))
    columns, names = _names(middles), _names(layout.joints)
    strongest = np.unravel_index(int(relations.argmax()), relations.shape)
    return GridFigure(
        title=f"Joints to {count} body parts",
        rows=names,
        columns=columns,
        cells=[_numbers(row) for row in unit_range(relations)],
        said=f"Strongest: {names[strongest[0]]} to the part around {columns[strongest[1]]}",
    )


def _space(looked: WindowAttention, mirror: bool) -> SpaceFigure:
    voxels, layout = looked.maps.voxels, looked.layout
    order = np.sort(np.argsort(-voxels.magnitudes, kind="stable")[:MOST_VOXELS])
    places = _places(looked, voxels.positions[order], mirror)
    body = _places(looked, looked.body, mirror)
    flat = layout.coordinates == 2
    if flat:  # the third axis is free for time; the body stands at its end
        depth = (TIME_DEPTH * ((voxels.frames[order] + 0.5) / looked.frames - 0.5)).round(3).tolist()
        places = [[x, y, z] for (x, y, _), z in zip(places, depth, strict=True)]
        body = [[x, y, TIME_DEPTH / 2] for x, y, _ in body]
    values = _numbers(voxels.magnitudes[order])
    return SpaceFigure(
        title=f"Active voxels{', newest in front' if flat else ''} (drag to turn)",
        voxels=[[*place, value] for place, value in zip(places, values, strict=True)],
        side=round(voxels.side, 4),
        bones=[[body[a], body[b]] for a, b in layout.bones if not any(map(math.isnan, (*body[a], *body[b])))],
        said=f"{len(voxels.magnitudes)} active voxels",
    )


def _places(looked: WindowAttention, positions: np.ndarray, mirror: bool) -> list[list[float]]:
    """(N, C) of a layout's axes -> N (x, y, z) as the picture is shown: right, up, towards the viewer."""
    if looked.layout.coordinates == 2:
        signs, third = (1, -1), np.zeros(len(positions))
    else:
        # Kinect's axes: x grows towards the picture's left, y upwards, z away from the camera.
        signs, third = (-1, 1), -positions[:, 2]
    x = positions[:, 0] * (-signs[0] if mirror else signs[0])
    return np.stack([x, positions[:, 1] * signs[1], third], 1).astype(np.float64).round(3).tolist()


def _of_strongest(values: np.ndarray) -> np.ndarray:
    """Values relative to the largest one; negative ones become 0."""
    largest = float(values.max(initial=0.0))
    return np.clip(values, 0, None) / largest if largest > 0 else np.zeros_like(values)


def _names(joints: Iterable[str]) -> tuple[str, ...]:
    return tuple(readable(joint) for joint in joints)


def _strongest(names: Sequence[str], values: np.ndarray, count: int = 3) -> str:
    return ", ".join(names[index] for index in np.argsort(-values, kind="stable")[:count])


def _numbers(values: np.ndarray) -> list[float]:
    """Values for JSON: within [0, 1], to three digits, which no eye tells apart."""
    return np.asarray(values, np.float64).clip(0, 1).round(3).tolist()
