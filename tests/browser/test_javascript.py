"""The page's modules by themselves: their functions that only reckon, in the real browser."""

from __future__ import annotations

import struct
from collections.abc import Callable
from math import pi
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from app.web.messages import CameraFrame
from app.web.server import STATIC, STATIC_ROUTE
from recognizer.choice import parse_choice
from tests.browser.conftest import Server


@pytest.fixture
def page(visit: Callable[..., Page], chromium: Browser, server: Server) -> Page:
    return visit(chromium, server.address)


def call(page: Page, module: str, function: str, *arguments: Any) -> Any:
    """What an exported function gives."""
    return page.evaluate(
        "async ([address, name, given]) => (await import(address))[name](...given)",
        [f"{STATIC_ROUTE}/{module}", function, list(arguments)],
    )


@pytest.mark.parametrize("path", sorted(STATIC.glob("*.js")), ids=lambda path: path.name)
def test_a_checker_looks_at_every_module(path: Path):
    assert path.read_text(encoding="utf-8").startswith("// @ts-check\n")


def test_the_scale_ends_where_it_says(page: Page):
    assert call(page, "scale.js", "colour", 0) == call(page, "scale.js", "colour", -3) == "rgb(68,1,84)"
    assert call(page, "scale.js", "colour", 1) == call(page, "scale.js", "colour", 7) == "rgb(253,231,37)"
    assert call(page, "scale.js", "colour", 0.5) == "rgb(34,144,140)"


def test_a_place_in_space_is_turned(page: Page):
    def turned(across: float, up: float) -> list[float]:
        return call(page, "space.js", "turned", [1, 2, 3], {"across": across, "up": up})

    assert turned(0, 0) == pytest.approx([1, 2, 3])
    assert turned(pi / 2, 0) == pytest.approx([3, 2, -1])
    assert turned(0, pi / 2) == pytest.approx([1, -3, 2])


@pytest.mark.parametrize(
    ("taken", "sent"), [((640, 480), [640, 480]), ((1920, 1080), [640, 360]), ((720, 1280), [360, 640])]
)
def test_large_pictures_are_sent_smaller(page: Page, taken: tuple[int, int], sent: list[int]):
    assert call(page, "camera.js", "sentSize", *taken) == sent


@pytest.mark.parametrize(
    ("names", "shares", "said"),
    [(["a"], [], "a"), (["a", "b"], [], "a+b"), (["a", "b"], [50, 50, 9], "a+b"), (["a"], [7, 50], "a"),
     (["a", "b"], [60, 20], "a*60+b*20"), (["a", "b"], [60, None], None), (["a", "b"], [60, 0], None),
     (["a", "b"], [60], None), (["a", "b"], ["60", 40], None)],
)  # fmt: skip
def test_a_fusion_is_said_as_python_reads_it(page: Page, names: list[str], shares: list, said: str | None):
    assert call(page, "choice.js", "fused", names, shares) == said
    if said is not None:
        together = sum(shares[: len(names)]) if shares else len(names)
        expected = [share / together for share in shares[: len(names)] or [1] * len(names)]
        choice = parse_choice(said)
        assert choice.names == tuple(names) and choice.shares == pytest.approx(expected)


def test_labels_and_scores_can_be_read(page: Page):
    assert call(page, "people.js", "readable", "pick_up_with_one_hand") == "pick up with one hand"
    assert call(page, "people.js", "percent", 0.876) == "88 %"


@pytest.mark.parametrize(
    ("ages", "left_and_width"),
    [((30, 0), (0, 100)), ((15, 12), (50, 10)), ((40, 15), (0, 50)), ((50, 40), (0, 0))],
)
def test_a_piece_lies_on_the_strip_of_thirty_seconds(page: Page, ages: tuple, left_and_width: tuple):
    assert call(page, "people.js", "onStrip", *ages) == pytest.approx(left_and_width)


def test_the_median_is_one_of_the_values(page: Page):
    assert call(page, "live.js", "median", [9, 1, 5]) == 5
    assert call(page, "live.js", "median", [10, 9, 1, 5]) == 9


def test_a_frame_is_packed_as_the_program_reads_it(page: Page):
    packed = page.evaluate(
        """async (address) => {
          const { packFrame } = await import(address);
          return [...packFrame(1234.5, new Uint8Array([255, 216, 7]).buffer)];
        }""",
        f"{STATIC_ROUTE}/wire.js",
    )
    assert CameraFrame.parse(bytes(packed)) == CameraFrame(1234.5, b"\xff\xd8\x07")


def test_a_view_is_unpacked(page: Page):
    header = '{"captured":5,"message":"Nobody – yet"}'.encode()
    view = struct.pack("<I", len(header)) + header + b"\xff\xd8\x07"
    told = page.evaluate(
        """async ([address, bytes]) => {
          const { state, jpeg } = (await import(address)).unpackView(new Uint8Array(bytes).buffer);
          return [state, jpeg.type, [...new Uint8Array(await jpeg.arrayBuffer())]];
        }""",
        [f"{STATIC_ROUTE}/wire.js", list(view)],
    )
    assert told == [{"captured": 5, "message": "Nobody – yet"}, "image/jpeg", [255, 216, 7]]
