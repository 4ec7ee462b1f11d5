"""How long it takes to teach the page an action, by a scripted user in a real browser.

    python -m benchmarks.teaching CLIP [--recordings 3] [--seconds 3]

The camera plays the clip. Measured from the first key of the action's name: it is typed, *Count me in* is
pressed for each recording as soon as the one before is there, and the clock stops when the live picture's
cards show the new action as what somebody does. Own actions are kept in a folder that goes again.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from playwright.sync_api import Page, expect

from benchmarks.chromium import browser, make_camera
from benchmarks.stress.server import DemoServer

NAME = "my move"
_PATIENCE = 120_000


def taught(page: Page, recordings: int, seconds: int) -> tuple[float, float]:
    """Seconds to the last recording and to the first recognition."""
    page.click(".p2a-start")
    expect(page.locator(".p2a-state")).to_have_text("Live", timeout=_PATIENCE)
    began = time.monotonic()
    page.locator("[data-teach=name]").press_sequentially(NAME, delay=120)
    page.fill("[data-teach=seconds]", str(seconds))
    summary = page.locator(".p2a-teach-actions > li summary")
    for number in range(1, recordings + 1):
        page.click("[data-teach=count]")
        expect(summary).to_contain_text(f"{number} recording", timeout=_PATIENCE)
    kept = time.monotonic() - began
    expect(page.locator(".p2a-action").first).to_have_text(NAME, timeout=_PATIENCE)
    return kept, time.monotonic() - began


def main(
    clip: Annotated[Path, typer.Argument(help="Video of a person who does something.")],
    recordings: Annotated[int, typer.Option(min=1)] = 3,
    seconds: Annotated[int, typer.Option(min=1, help="Of each recording.")] = 3,
) -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        camera = make_camera(clip, Path(folder) / "camera.mjpeg")
        server = DemoServer(Path(folder))
        try:
            with browser(camera) as chromium:
                page = chromium.new_page(viewport={"width": 1280, "height": 900})
                page.goto(server.address)
                kept, known = taught(page, recordings, seconds)
        finally:
            server.stop()
    print(f"{recordings} recordings of {seconds} s: kept after {kept:.1f} s, recognised after {known:.1f} s")


if __name__ == "__main__":
    typer.run(main)
