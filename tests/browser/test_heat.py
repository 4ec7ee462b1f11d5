"""What the page paints of hand-made attention, pixel by pixel."""

from __future__ import annotations

import base64
import json

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from app.core.attention import WindowAttention
from app.drawing.heat import panel, ticks_until_now
from pose.layouts import KINETICS_18, NTU_25
from recognizer.attention import ActiveVoxels, AttentionMaps
from tests.browser.conftest import Server

YELLOW, PURPLE = (253, 231, 37), (68, 1, 84)
"""Both ends of the scale."""

GRID = "Joints to 5 body parts. Strongest: nose to the part around left eye"

WRIST, ANKLE = KINETICS_18.index("right_wrist"), KINETICS_18.index("left_ankle")


def spread_body(layout, dimensions: int) -> np.ndarray:
    """Joints far from each other, so that no circle covers another's middle."""
    rows, columns = np.divmod(np.arange(len(layout)), 5)
    body = np.stack([columns * 0.6 - 1.2, rows * 0.7 - 1.5, np.zeros(len(layout))], 1)
    return body[:, :dimensions].astype(np.float32)


def show(page: Page, maps: AttentionMaps, layout=KINETICS_18, mirror: bool = False) -> Locator:
    """Puts the figures of the maps into the page; gives their canvases."""
    body = spread_body(layout, layout.coordinates)
    looked = WindowAttention(0, 0.0, 3.0, layout, body, 32, maps)
    page.evaluate(
        """(panel) => {
          document.querySelector("pose-heat")?.remove();
          const shown = document.createElement("pose-heat");
          shown.dataset.panel = panel;
          document.querySelector("pose-live").before(shown);
        }""",
        json.dumps(panel(looked, mirror, ticks_until_now(3.0))),
    )
    canvases = page.locator("pose-heat canvas")
    expect(canvases.first).to_be_visible()
    return canvases


def pixels(canvas: Locator) -> np.ndarray:
    """(H, W, 4) RGBA of a canvas, one pixel a CSS pixel."""
    data = canvas.evaluate("(canvas) => canvas.toDataURL('image/png')").partition(",")[2]
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_UNCHANGED)
    return cv2.cvtColor(picture, cv2.COLOR_BGRA2RGBA)


def at(picture: np.ndarray, layout, joint: int, right: float = 0.0, mirror: bool = False) -> tuple:
    """The colour ``right`` torso lengths beside a joint of the spread body."""
    height, width = picture.shape[:2]
    scale = min(width / 3.5, height / 5)
    x, y = spread_body(layout, 2)[joint]
    x = -x if mirror else x
    column, row = width / 2 + (x + right) * scale, height / 2 + (y + 0.1) * scale
    return tuple(picture[round(row), round(column), :3])


@pytest.fixture
def page(server: Server, chromium: Browser, visit) -> Page:
    return visit(chromium, server.address)


@pytest.mark.parametrize("mirror", [False, True])
def test_the_strongest_joint_is_the_largest_circle_in_the_top_colour(page: Page, mirror: bool):
    values = np.zeros((4, 18), np.float32)
    values[1, WRIST], values[:, ANKLE] = 1, 0.5
    body = pixels(show(page, AttentionMaps(joints=values), mirror=mirror).first)
    assert at(body, KINETICS_18, WRIST, mirror=mirror) == YELLOW
    assert at(body, KINETICS_18, WRIST, 0.15, mirror) == YELLOW
    assert at(body, KINETICS_18, 0, mirror=mirror) == PURPLE
    assert at(body, KINETICS_18, 0, 0.07, mirror) != PURPLE, "a weak joint's circle is small"
    half = at(body, KINETICS_18, ANKLE, mirror=mirror)
    assert half == at(body, KINETICS_18, ANKLE, 0.09, mirror) and half not in (YELLOW, PURPLE)
    assert half != at(body, KINETICS_18, ANKLE, 0.17, mirror)


def test_cells_over_time_and_the_same_colour_in_every_window(page: Page):
    values = np.zeros((3, 18), np.float32)
    values[2, 17] = 1  # the last joint at the end of the window
    for top, bottom in ((1, YELLOW), (0.5, None)):
        maps = AttentionMaps(joints=top * values, frames=np.array([0, 0.2, top], np.float32))
        over_time = pixels(show(page, maps).nth(1))
        weak = (over_time[..., :3] == PURPLE).all(-1) & (over_time[..., 3] == 255)
        rows, columns = (np.flatnonzero(weak.sum(axis) > 50) for axis in (1, 0))
        first_row, last_row, left, right = rows[0], rows[-1], columns[0], columns[-1]
        assert right - left > 100 and last_row - first_row > 150
        last = tuple(over_time[last_row - 4, right - 4, :3])
        assert last == bottom if bottom else last not in (YELLOW, PURPLE)
        assert tuple(over_time[last_row - 4, left + 4, :3]) == PURPLE
        # Names stand on the left, and dark text on a light page.
        assert (over_time[first_row:last_row, : left - 8, 3] > 100).any(1).mean() > 0.3


def test_relations_are_lines_and_grids(page: Page):
    relations = np.full((18, 18), 0.01, np.float32)
    relations[0, 1] = 1
    parts = np.zeros((18, 5), np.float32)
    parts[0, 0] = 1
    canvases = show(page, AttentionMaps(relations=(relations, parts)))
    expect(canvases).to_have_count(2)
    assert at(pixels(canvases.first), KINETICS_18, 0, 0.3) == YELLOW, "half way from joint 0 to joint 1"
    grid = pixels(canvases.nth(1))
    assert (grid[..., :3] == YELLOW).all(-1).sum() > 100
    expect(canvases.nth(1)).to_have_attribute("aria-label", GRID)


def test_voxels_can_be_turned_with_the_mouse_and_the_keys(page: Page):
    voxels = ActiveVoxels(
        np.array([[1, 1, 0], [0, 0, -1]], np.float32), np.array([0, 5]), np.array([1, 0.1], np.float32), 0.2
    )
    canvas = show(page, AttentionMaps(voxels=voxels), NTU_25).first
    expect(canvas).to_have_attribute("aria-label", "Active voxels (drag to turn). 2 active voxels")

    def place() -> tuple[float, float]:
        row, column = np.nonzero((pixels(canvas)[..., :3] == YELLOW).all(-1))
        assert len(row) > 20
        return float(column.mean()), float(row.mean())

    first = place()
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 180, box["y"] + 100, steps=4)
    page.mouse.up()
    second = place()
    assert abs(second[0] - first[0]) > 20
    page.mouse.move(box["x"] + 20, box["y"] + 100, steps=2)
    assert place() == second, "only while the button is held"
    canvas.press("ArrowUp")
    third = place()
    assert abs(third[1] - second[1]) > 2
    canvas = show(page, AttentionMaps(voxels=voxels), NTU_25).first
    assert place() == third, "the next window is seen from the same side"


def test_text_follows_the_theme(page: Page):
    maps = AttentionMaps(frames=np.linspace(0, 1, 8, dtype=np.float32))
    canvas = show(page, maps).first
    light = pixels(canvas)
    page.get_by_role("button", name="Switch between light and dark").click()
    page.wait_for_timeout(300)
    dark = pixels(canvas)
    text = light[..., 3] > 250
    assert light[text][:, :3].mean() + 40 < dark[dark[..., 3] > 250][:, :3].mean()
