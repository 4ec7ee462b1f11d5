"""A plot of delay against false labels: where its points lie, and that odd ones break nothing."""

from __future__ import annotations

import numpy as np
import pytest

from app.drawing.curves import SIZE, Curve, Point, _ticks, delay_plot
from app.drawing.picture import person_colour


def drawn(*points: tuple[float, float, float], threshold: float = 0.5, name: str = "a") -> np.ndarray:
    curve = Curve(name, tuple(Point(*point) for point in points), threshold)
    return delay_plot([curve], "title", "note", most_false=1.0, longest_delay=1.2)


def blue(picture: np.ndarray) -> np.ndarray:
    """(n, 2) x and y of the pixels in the first curve's colour, the legend's left out."""
    near = np.abs(picture.astype(int) - person_colour(0)).sum(2) < 30
    y, x = np.nonzero(near)
    return np.stack([x, y], 1)[(x < 850) | (y > 120)]


def test_a_point_lies_where_the_axes_say():
    """The axes end at 1.5 a minute and 2 s; the plot spans 90 to 970 and 560 to 70 pixels."""
    x, y = blue(drawn((0.5, 1.0, 1.0))).mean(0)
    assert abs(x - (90 + 880 / 1.5)) < 2 and abs(y - (560 - 490 / 2)) < 2


def test_the_threshold_in_use_has_the_full_dot():
    sizes = []
    for threshold in (0.5, 0.3):
        picture = drawn((0.5, 0.5, 1.0), (0.3, 1.5, 1.0), threshold=threshold)
        sizes.append(len(blue(picture[:, :600])))
    assert sizes[0] > sizes[1] + 50


@pytest.mark.parametrize(
    "points",
    [
        [],
        [(0.5, float("nan"), 1.0)],
        [(0.5, 1.0, float("inf"))],
        [(0.5, 0.0, 0.0)],
        [(0.5, 1e6, 1e-6), (0.9, 0.0, 500.0)],
    ],
)
def test_odd_figures_are_no_error(points):
    assert drawn(*points, name="weights of many letters \N{SNOWMAN}").shape == (SIZE[1], SIZE[0], 3)


@pytest.mark.parametrize(
    ("largest", "ticks"),
    [(1.5, [0, 0.5, 1, 1.5]), (1.8, [0, 0.5, 1, 1.5, 2]), (6, [0, 1, 2, 3, 4, 5, 6]), (7, [0, 2, 4, 6, 8])],
)
def test_ticks_are_round_numbers(largest: float, ticks: list[float]):
    assert _ticks(largest) == ticks
