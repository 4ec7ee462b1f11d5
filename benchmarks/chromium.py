"""A real Chromium with a camera that plays a clip: for the browser tests and the live benchmark."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Playwright, sync_playwright

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP pose.test 127.0.0.1",
)
CAMERA_FLAGS = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")


def find_chromium() -> str | None:
    """Path of the browser: ``$CHROMIUM``, or the first on the path."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next((path for path in map(shutil.which, names) if path), None)


def make_camera(clip: Path, path: Path, seconds: float = 10.0, start: float = 0.0) -> Path:
    """Writes a part of a clip as 640x480, 30 fps Motion JPEG, which Chromium plays as its camera in a loop.

    Raises:
        FileNotFoundError: there is no ffmpeg.
        subprocess.CalledProcessError: ffmpeg cannot read the clip.
    """
    shape = "scale=640:480:force_original_aspect_ratio=decrease,pad=640:480:-1:-1,fps=30"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-nostdin", "-y", "-stream_loop", "-1", "-ss", str(start), "-i", str(clip)]
        + ["-t", str(seconds), "-vf", shape, "-an", "-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-q:v", "4"]
        + [str(path)],
        check=True,
    )
    return path


def launch(playwright: Playwright, camera: Path | None, allowed: bool = True) -> Browser:
    """Starts the browser.

    Args:
        playwright: the running driver.
        camera: Motion JPEG for the fake camera; None for a computer without one.
        allowed: whether the user allows the camera; otherwise every page is refused.
    """
    flags = list(FLAGS)
    if camera is not None:
        flags += [*CAMERA_FLAGS, f"--use-file-for-fake-video-capture={camera}"]
        if not allowed:
            flags.remove("--use-fake-ui-for-media-stream")
            flags.append("--deny-permission-prompts")
    # "headless=False" only means that the flags above choose the headless mode.
    return playwright.chromium.launch(executable_path=find_chromium(), headless=False, args=flags)


@contextmanager
def browser(camera: Path | None, allowed: bool = True) -> Iterator[Browser]:
    """A browser for a with-block, see :func:`launch`."""
    with sync_playwright() as playwright:
        opened = launch(playwright, camera, allowed)
        try:
            yield opened
        finally:
            opened.close()
