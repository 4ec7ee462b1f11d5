"""Live figures in a real browser: the demo's server, and Chromium with a camera that plays a clip.

    python -m benchmarks.live CLIP [--seconds 120] [--weights NAME] [--tabs 1] [--attention]

All is measured in the page. Pictures are those of the camera that the browser has put on the screen, poses
the answers to frames, labels the answers that bring a newer window. The skeleton's age is the time from the
camera's picture to the skeleton that was seen in it: when an answer is first drawn, and over all paintings,
of which there is one for each picture and each answer (the skeleton is moved on for that time). Memory is
the server's resident set (Linux).
"""

from __future__ import annotations

import argparse
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from playwright.sync_api import Page

from benchmarks.chromium import browser, make_camera

RECORD = """
window.seen = [];
window.drawn = [];
window.shown = [];
window.addEventListener("pose2action:seen", ({ detail: { captured, label_age_ms, pose_ms, total_ms } }) =>
  window.seen.push([performance.now(), label_age_ms && captured - label_age_ms, pose_ms, total_ms]));
window.addEventListener("pose2action:drawn", ({ detail: { age, fresh } }) => window.drawn.push([age, fresh]));
document.addEventListener("click", ({ target }) => {
  if (!target.closest(".p2a-start")) return; // there may be no video before
  const video = document.querySelector("pose-live video");
  const next = (now, { presentedFrames }) => {
    window.shown.push([now, presentedFrames]);
    video.requestVideoFrameCallback(next);
  };
  video.requestVideoFrameCallback(next);
});
"""


@dataclass(frozen=True)
class Figures:
    """What one tab showed: seconds; pictures, poses and label updates a second; the longest time without a
    pose, in seconds; other times in milliseconds."""

    seconds: float
    pictures: float
    poses: float
    labels: float
    gap: float
    age: float
    age_95: float
    any_age: float
    any_age_95: float
    pose: float
    frame: float


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_server(port: int, weights: str | None) -> tuple[subprocess.Popen, float]:
    """The demo in a process of its own, and the seconds until its page answered."""
    command = [sys.executable, "-m", "app", "demo", "--port", str(port)]
    began = time.monotonic()
    server = subprocess.Popen(command + (["--weights", weights] if weights else []))
    while server.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1).read()
            return server, time.monotonic() - began
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.1)
    raise SystemExit(f"the server ended with code {server.returncode}")


def resident(process: int) -> float:
    """Resident memory of a process in MB."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1000
    raise ValueError(f"no memory figure for process {process}")


def middle_and_95(values: list[float]) -> tuple[float, float]:
    """The median and what 95 % of the values do not exceed."""
    ordered = sorted(values)
    return statistics.median(ordered), ordered[int(0.95 * (len(ordered) - 1))]


def figures(page: Page) -> Figures:
    """What a page showed since its record was emptied."""
    seen, drawn, shown = page.evaluate("[seen.splice(0), drawn.splice(0), shown.splice(0)]")
    fresh_ages = [age for age, fresh in drawn if fresh]
    if len(seen) < 2 or len(shown) < 2 or not fresh_ages:
        raise SystemExit(
            f"The page showed {len(shown)} pictures, and nobody in most of them: {len(seen)} answers came, "
            f"and {len(fresh_ages)} skeletons were drawn."
        )
    times = [shown[0][0], *(row[0] for row in seen), shown[-1][0]]  # a stall at either end counts, too
    seconds = (times[-1] - times[0]) / 1000
    ends = [row[1] for row in seen]  # of the newest window, in ms
    age, age_95 = middle_and_95(fresh_ages)
    any_age, any_age_95 = middle_and_95([age for age, _ in drawn])
    return Figures(
        seconds=seconds,
        pictures=1000 * (shown[-1][1] - shown[0][1]) / (shown[-1][0] - shown[0][0]),
        poses=(len(seen) - 1) / seconds,
        gap=max(after - before for before, after in pairwise(times)) / 1000,
        labels=sum(after > before + 1 for before, after in pairwise(ends)) / seconds,
        age=age,
        age_95=age_95,
        any_age=any_age,
        any_age_95=any_age_95,
        pose=statistics.median(row[2] for row in seen),
        frame=statistics.median(row[3] for row in seen),
    )


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clip", type=Path, help="video that the camera shows")
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--start", type=float, default=0.0, help="second of the clip to start at")
    parser.add_argument("--weights", help="weights to start with")
    parser.add_argument("--tabs", type=int, default=1, help="tabs at once")
    parser.add_argument("--attention", action="store_true", help="show what the network looks at")
    arguments = parser.parse_args()
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        camera = make_camera(arguments.clip, Path(folder) / "camera.mjpeg", start=arguments.start)
        server, ready = start_server(port, arguments.weights)
        try:
            with browser(camera) as chromium:
                pages = [chromium.new_page() for _ in range(arguments.tabs)]
                began = time.monotonic()
                for page in pages:
                    page.add_init_script(RECORD)
                    page.goto(f"http://127.0.0.1:{port}/")
                    if arguments.attention:
                        page.get_by_role("checkbox", name="What the network looks at").first.check()
                    page.click(".p2a-start")
                usable = ready + time.monotonic() - began
                for page in pages:
                    page.wait_for_selector("pose-live[data-state=on] .p2a-person", timeout=60_000)
                    page.wait_for_timeout(3000)  # past the first window
                    page.evaluate("[seen.splice(0), drawn.splice(0), shown.splice(0)]")
                memory = [resident(server.pid)]
                for _ in range(2):
                    pages[0].wait_for_timeout(arguments.seconds * 500)
                    memory.append(resident(server.pid))
                results = [figures(page) for page in pages]
        finally:
            server.terminate()
            server.wait(timeout=20)
    print(f"page answers after {ready:.1f} s, usable after {usable:.1f} s")
    for found in results:
        print(
            f"{found.seconds:.0f} s: {found.pictures:.1f} pictures/s, {found.poses:.1f} poses/s, "
            f"{found.labels:.1f} labels/s; at most {found.gap:.1f} s without a pose; "
            f"age of the skeleton when first drawn: median {found.age:.0f} ms, "
            f"95 % {found.age_95:.0f} ms; of all paintings: {found.any_age:.0f} and "
            f"{found.any_age_95:.0f} ms; pose {found.pose:.0f} ms, whole frame {found.frame:.0f} ms"
        )
    print("server memory at start, middle, end: " + ", ".join(f"{each:.0f} MB" for each in memory))


if __name__ == "__main__":
    main()
