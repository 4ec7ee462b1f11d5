"""People who are coloured dots before the camera: whoever looks knows to a pixel where they are.

Run as ``python -m tests.browser.dots PORT DELAY``, a server that sees them, to be stopped, slowed and killed:
it takes for each picture the seconds that the file DELAY tells.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import uvicorn

from app.core.catalogue import Catalogue
from app.web.page import create_app
from pose.skeleton import PersonPose
from tests.doubles import SteadyRecognizer, standing

RED, BLUE = (230, 30, 30), (30, 30, 230)
WAVER = SteadyRecognizer("waver", {"wave": 0.7, "clap": 0.3})

Way = Callable[[float], float]
"""Where a dot is at a time in seconds: 0 the left of the picture, 1 its right."""


def film(path: Path, dots: Sequence[tuple[tuple[int, int, int], Way]], seconds: float, fps: int = 30) -> Path:
    """Writes Motion JPEG, 640x480, in which dots move level through the middle of the picture."""
    with path.open("wb") as file:
        for number in range(round(seconds * fps)):
            picture = np.full((480, 640, 3), 128, np.uint8)
            for height, (colour, where) in zip((180, 300), dots, strict=False):
                cv2.circle(picture, (round(640 * where(number / fps)), height), 24, colour[::-1], -1)
            file.write(cv2.imencode(".jpg", picture)[1].tobytes())
    return path


def to_and_fro(speed: float, low: float = 0.2, high: float = 0.8) -> Way:
    """From ``low`` to ``high`` and back at so many widths of the picture a second."""
    span = high - low
    return lambda t: low + span - abs(span - (speed * t) % (2 * span))


class DotEstimator:
    """Sees a person who stands where a dot is, each a fifth smaller than the one before, as people differ:
    two of one size are told apart by their motion alone, and that a busy browser does not date exactly.

    Args:
        delay: gives the seconds to take for a picture.
        colours: of the dots, in the order in which people are told.
    """

    def __init__(self, delay: Callable[[], float] = lambda: 0.0, colours: Sequence[tuple] = (RED,)) -> None:
        self.delay, self.colours = delay, colours
        self.sizes: list[tuple[int, int]] = []

    def estimate(self, image: np.ndarray, timestamp: float) -> list[PersonPose]:
        time.sleep(self.delay())
        height, width = image.shape[:2]
        self.sizes.append((width, height))
        poses = []
        few = image[::4, ::2].astype(np.int16)
        for number, colour in enumerate(self.colours):
            like = (np.abs(few - np.array(colour, np.int16)) < 80).all(-1)
            if like.any():
                middle = (2 * np.nonzero(like)[1].mean() + 0.5) / width
                poses.append(standing(width, height, middle, 0.8**number))
        return poses

    def reset(self) -> None:
        pass

    def close(self) -> None:
        pass


def main(port: int, delay: Path) -> None:
    """Serves until it is killed."""
    app = create_app(Catalogue.of({"waver": WAVER}), lambda _: DotEstimator(lambda: float(delay.read_text())))
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
