"""How long the program takes to start: each of these in turn, several times, and the medians.

    python -m benchmarks.startup CLIP [--runs 5]

- ``--help``, and ``run`` of one second of the clip, as whole commands.
- ``demo`` until its page is usable: from the command to the moment at which the page in a Chromium that was
  open already has its start button and its menus, all scripts have come, and it answers.
- From pressing *Start* on that page to the camera's first picture and from there to the first label: at once,
  and on a page that has been open for five seconds.
- The server's memory and processor time then (Linux).

On a busy machine compare the processor seconds: they depend less on what else runs.
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Page

from benchmarks.chromium import browser, make_camera
from benchmarks.live import free_port, resident

RECORD = """
window.firsts = {};
const first = (name) => { window.firsts[name] ??= performance.now(); };
window.addEventListener("pose2action:seen", ({ detail: { label_age_ms } }) => {
  if (label_age_ms) first("label");
});
document.addEventListener("click", ({ target }) => {
  if (!target.closest(".p2a-start")) return;
  first("click");
  const video = document.querySelector("pose-live video");
  video.requestVideoFrameCallback(() => first("picture"));
}, true);
"""
USABLE = """
() => document.querySelector("pose-live .p2a-start")?.checkVisibility()
  && document.querySelector("#live-weights input")?.value
"""
_PATIENCE = 120_000
_HERTZ = os.sysconf("SC_CLK_TCK")


def processor_seconds(process: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _HERTZ


def whole_command(*arguments: str) -> dict[str, float]:
    """Wall and processor seconds of a command."""
    before, began = os.times(), time.monotonic()
    subprocess.run([sys.executable, "-m", "app", *arguments], check=True, capture_output=True)
    wall, after = time.monotonic() - began, os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return {"seconds": wall, "processor": spent}


def opened(chromium: Browser, port: int, server: subprocess.Popen) -> Page:
    """The page, as soon as it can be used."""
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.add_init_script(RECORD)
    _wait_for(port, server)
    page.goto(f"http://127.0.0.1:{port}/", wait_until="commit")
    page.wait_for_function(USABLE, timeout=_PATIENCE)
    return page


def _wait_for(port: int, server: subprocess.Popen) -> None:
    """Returns when the server's socket is there, which is long before it answers."""
    while server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            time.sleep(0.02)
    raise SystemExit(f"the server ended with code {server.returncode}")


def first_label(page: Page) -> tuple[float, float]:
    """Presses *Start*; seconds to the first picture, and from there to the first label."""
    page.click(".p2a-start")
    page.wait_for_function("() => window.firsts.label", timeout=_PATIENCE)
    click, picture, label = page.evaluate("[firsts.click, firsts.picture, firsts.label]")
    return (picture - click) / 1000, (label - picture) / 1000


def demo(chromium: Browser, wait: float) -> dict[str, float]:
    """One start of the server, with a page that presses *Start* after ``wait`` seconds."""
    port = free_port()
    began = time.monotonic()
    server = subprocess.Popen(
        [sys.executable, "-m", "app", "demo", "--port", str(port)], stdout=subprocess.DEVNULL
    )
    try:
        page = opened(chromium, port, server)
        usable, spent = time.monotonic() - began, processor_seconds(server.pid)
        page.wait_for_timeout(1000 * wait)
        picture, label = first_label(page)
        page.wait_for_timeout(3000)
        memory = resident(server.pid)
        page.close()
    finally:
        server.terminate()
        server.wait(timeout=20)
    return {"usable": usable, "processor": spent, "picture": picture, "label": label, "memory": memory}


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clip", type=Path, help="video of a person: what the camera shows, and `run` reads")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--start", type=float, default=0.0, help="second of the clip to start at")
    arguments = parser.parse_args()
    rows: dict[str, list[dict[str, float]]] = {"--help": [], "run": [], "at once": [], "later": []}
    with tempfile.TemporaryDirectory() as folder:
        camera = make_camera(arguments.clip, Path(folder) / "camera.mjpeg", start=arguments.start)
        second = Path(folder) / "second.mp4"
        subprocess.run(
            ["ffmpeg", "-v", "error", "-nostdin", "-y", "-ss", str(arguments.start)]
            + ["-i", str(arguments.clip), "-t", "1", "-an", "-c:v", "libx264", str(second)],
            check=True,
        )
        with browser(camera) as chromium:
            for _ in range(arguments.runs):
                rows["--help"].append(whole_command("--help"))
                rows["run"].append(whole_command("run", str(second)))
                rows["at once"].append(demo(chromium, wait=0))
                rows["later"].append(demo(chromium, wait=5))
    load = os.getloadavg()[0]
    print(f"medians of {arguments.runs}, load of the machine {load:.1f}")
    for name in ("--help", "run"):
        found = _medians(rows[name])
        print(f"{name:8} {found['seconds']:6.2f} s, {found['processor']:.2f} s of a processor")
    found = _medians(rows["at once"] + rows["later"])
    print(
        f"demo     {found['usable']:6.2f} s to a usable page, of which its server {found['processor']:.2f} s "
        f"of a processor; {found['memory']:.0f} MB"
    )
    for name in ("at once", "later"):
        found = _medians(rows[name])
        print(
            f"{name:8} first picture {found['picture']:.2f} s after Start, "
            f"first label {found['label']:.2f} s after that"
        )


def _medians(rows: list[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(row[name] for row in rows) for name in rows[0]}


if __name__ == "__main__":
    main()
