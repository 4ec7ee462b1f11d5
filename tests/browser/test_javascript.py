"""The page's modules by themselves: their functions that only reckon, in the real browser."""

from __future__ import annotations

import math
from collections.abc import Iterator
from math import pi
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from app.web.messages import CameraFrame
from app.web.server import STATIC, STATIC_ROUTE
from recognizer.choice import parse_choice
from tests.browser.conftest import Server


@pytest.fixture(scope="module")
def page(chromium: Browser, server: Server) -> Iterator[Page]:
    """Any document of the server's: modules that only reckon need no page around them."""
    opened = chromium.new_page()
    opened.goto(f"{server.address.rstrip('/')}{STATIC_ROUTE}/icon.svg")
    yield opened
    opened.close()


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
    ("taken", "sent"),
    [
        ((640, 480), [480, 360]),
        ((3840, 2160), [640, 360]),
        ((720, 1280), [360, 640]),
        ((320, 240), [320, 240]),
        ((2000, 400), [640, 128]),
    ],
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


@pytest.mark.parametrize(
    ("time", "part"),
    [(2.0, (1, 3)), (3.0, (1, 3)), (6.5, (6, 6.7)), (4.5, (3.25, 5.75)), (0.2, (0, 2.5)), (9.9, (7.5, 10))],
)
def test_a_moment_of_the_timeline_is_a_bar_or_what_is_around_it(page: Page, time: float, part: tuple):
    row = {"base": [1, 6], "x": [2, 0.7]}
    assert call(page, "timeline.js", "partAt", time, 10, row) == pytest.approx(part)


def test_a_short_video_is_one_part_as_a_whole(page: Page):
    assert call(page, "timeline.js", "partAt", 1.0, 1.8, None) == [0, 1.8]


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
    assert call(page, "meters.js", "median", [9, 1, 5]) == 5
    assert call(page, "meters.js", "median", [10, 9, 1, 5]) == 9


def test_a_frame_is_packed_as_the_program_reads_it(page: Page):
    packed = page.evaluate(
        """async (address) => {
          const { packFrame } = await import(address);
          return [...packFrame(1234.5, new Uint8Array([255, 216, 7]).buffer)];
        }""",
        f"{STATIC_ROUTE}/connection.js",
    )
    assert CameraFrame.parse(bytes(packed)) == CameraFrame(1234.5, b"\xff\xd8\x07")


def test_a_picture_lies_in_the_middle_of_its_box(page: Page):
    assert call(page, "mirror.js", "fitted", 640, 480, 1000, 480) == pytest.approx([180, 0, 640, 480])
    assert call(page, "mirror.js", "fitted", 9, 16, 900, 900) == pytest.approx([196.875, 0, 506.25, 900])


def test_a_skeleton_fades_when_it_is_late_and_is_gone_in_the_end(page: Page):
    strengths = [call(page, "mirror.js", "strengthOf", late) for late in (0, 400, 900, 1499, 1500, 1e9)]
    assert strengths[:2] == [1, 1] and strengths[-2:] == [0, 0]
    assert 1 > strengths[2] > strengths[3] > 0.2


def test_a_frame_goes_out_when_the_program_is_about_to_be_free(page: Page):
    """When a first, a second and a third frame may go, of a program that takes 60 ms for each."""
    first, second, later, third, again = page.evaluate(
        """async (address) => {
          const { Connection } = await import(address);
          const { WebSocket } = window;
          window.WebSocket = class {
            static OPEN = 1;
            readyState = 1;
            bufferedAmount = 0;
            send() {}
          };
          const connection = new Connection(() => ({}));
          const answer = { type: "seen", captured: -1, total_ms: 60 };
          for (let i = 0; i < 60; i += 1) connection.socket.onmessage({ data: JSON.stringify(answer) });
          const first = connection.freeIn(0);
          connection.frame(0, new ArrayBuffer(1));
          const { at } = connection.inFlight[0];
          const [second, later] = [connection.freeIn(at), connection.freeIn(at + 50)];
          connection.frame(33, new ArrayBuffer(1));
          const third = connection.freeIn(at + 1000) === Infinity;
          connection.socket.onmessage({ data: JSON.stringify({ ...answer, captured: 33 }) });
          const again = connection.freeIn(at + 50);
          window.WebSocket = WebSocket;
          return [first, second, later, third, again];
        }""",
        f"{STATIC_ROUTE}/connection.js",
    )
    assert first == again == 0, "nothing is under way"
    assert second == pytest.approx(60 - 20, abs=0.1) and later == 0
    assert third, "two are under way: only an answer makes room"


def test_pictures_are_dated_by_the_one_that_came_fastest(page: Page):
    """A camera whose clock is 5000 ms behind, and whose pictures come 3 to 20 ms after they are taken."""
    delays = [20, 7, 3, 12, 9]
    captured = page.evaluate(
        """async ([address, delays]) => {
          const { CaptureClock } = await import(address);
          const clock = new CaptureClock();
          return delays.map((delay, i) => clock.captured(1000 + 33 * i, 6000 + 33 * i + delay));
        }""",
        [f"{STATIC_ROUTE}/clock.js", delays],
    )
    assert captured == [6020, 6040, 6069, 6102, 6135]


def test_a_slow_picture_is_dated_rightly_at_any_time(page: Page):
    """Of 20 s of pictures that need 2 ms each, any one may need 30: the clock still knows."""
    late = page.evaluate(
        """async (address) => {
          const { CaptureClock } = await import(address);
          return Array.from({ length: 600 }, (_, slow) => {
            const clock = new CaptureClock();
            let late = 0;
            for (let i = 0; i <= slow; i += 1) {
              late = clock.captured(33 * i, 33 * i + (i && i === slow ? 30 : 2)) - 33 * i;
            }
            return late;
          });
        }""",
        f"{STATIC_ROUTE}/clock.js",
    )
    assert set(late) == {2}


def test_a_camera_whose_clock_goes_wrong_is_followed(page: Page):
    """It loses 1 ms a second: over two spans of 5 s that is 10 ms, less the 2 ms that each picture needs."""
    late = page.evaluate(
        """async (address) => {
          const { CaptureClock } = await import(address);
          const clock = new CaptureClock();
          return Array.from({ length: 3000 }, (_, i) => {
            const taken = 33 * i;
            return clock.captured(taken * 0.999, taken + 2) - taken;
          });
        }""",
        f"{STATIC_ROUTE}/clock.js",
    )
    assert -8.1 <= min(late) and max(late) <= 2


def moved(page: Page, sightings: list[tuple[float, float]], times: list[float], size: float = 1.0) -> list:
    """x of a landmark at some times that was seen at (time, x), its y being half of it."""
    return page.evaluate(
        """async ([address, sightings, times, size]) => {
          const { Motion } = await import(address);
          const motion = new Motion();
          for (const [time, x] of sightings) motion.see(time, [x, x / 2], size);
          return times.map((time) => Array.from(motion.at(time)));
        }""",
        [f"{STATIC_ROUTE}/motion.js", sightings, times, size],
    )


def test_a_landmark_moves_on_at_its_own_speed_for_a_while(page: Page):
    sightings = [(33.0 * number, 0.002 * 33 * number) for number in range(20)]  # 2 sizes a second
    last, x = sightings[-1]
    places = moved(page, sightings, [last, last + 50, last + 120, last + 5000, last - 100])
    assert [place[0] - x for place in places] == pytest.approx([0, 0.1, 0.24, 0.24, 0], abs=0.01)
    (jumped,) = moved(page, [(0.0, 0.0), (33.0, 3.0)], [133.0])
    assert math.hypot(jumped[0] - 3.0, jumped[1] - 1.5) == pytest.approx(0.3, abs=0.001), "a jump"
    assert places[1][1] == pytest.approx(places[1][0] / 2)


def test_what_trembles_stands_still_and_a_gap_makes_the_speed_unknown(page: Page):
    trembling = [(33.0 * number, 0.01 * (-1) ** number) for number in range(20)]  # a hundredth of a torso
    (place,) = moved(page, trembling, [trembling[-1][0] + 100])
    assert abs(place[0] - trembling[-1][1]) < 0.015, "raw differences would throw it 0.06 away"
    gone = [(0.0, 0.0), (33.0, 0.1), (1033.0, 3.0)]
    assert moved(page, gone, [1133.0])[0][0] == 3.0
    assert moved(page, [(0.0, 1.0)], [100.0])[0][0] == 1.0, "the first sighting"


def pieces(page: Page, *answers: tuple[float, list[tuple[int, str | None, float | None]]]) -> list:
    """What is drawn of the past after answers: each has a time, and persons, their label and since when."""
    told = [
        {
            "captured": time,
            "persons": [{"id": who, "label": label, "since": since} for who, label, since in persons],
        }
        for time, persons in answers
    ]
    return page.evaluate(
        """async ([address, answers]) => {
          const { Past } = await import(address);
          const past = new Past();
          for (const answer of answers) past.seen(answer);
          return past.pieces;
        }""",
        [f"{STATIC_ROUTE}/past.js", told],
    )


def test_the_past_is_told_by_what_is_shown_and_since_when(page: Page):
    past = pieces(
        page,
        (0, [(0, None, None)]),
        (1000, [(0, "wave", 1000)]),
        (2000, [(0, "wave", 1000), (1, "clap", 1900)]),
        (3000, [(0, None, 2500), (1, "clap", 1900)]),
        (9000, [(0, None, 8900)]),
    )
    assert past == [
        [0, 8, 7, "wave"], [1, 7.1, 6, "clap"], [0, 6.5, 6, None], [0, pytest.approx(0.1), 0, None],
    ]  # fmt: skip


def test_what_is_older_than_thirty_seconds_goes_and_a_clock_that_runs_back_begins_anew(page: Page):
    steady = [(1000 * second, [(0, "wave", max(0, 1000 * (second - 30)))]) for second in range(60)]
    ((who, start, end, label),) = pieces(page, (0, [(1, "clap", 0)]), *steady)
    assert (who, end, label) == (0, 0, "wave") and start >= 30
    assert pieces(page, *steady, (500, [(0, "clap", 400)])) == [[0, pytest.approx(0.1), 0, "clap"]]


def test_saved_files_have_names_that_sort_by_time(page: Page):
    name = page.evaluate(
        "async (address) => "
        "(await import(address)).fileName('picture', 'png', new Date('2026-03-04T05:06:07.8Z'))",
        f"{STATIC_ROUTE}/saving.js",
    )
    assert name == "pose2action-picture-2026-03-04-050607.png"
