"""Pieces of real clips, where there are any on this machine."""

from __future__ import annotations

import itertools
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

VIDEOS = Path(__file__).parents[2] / "shared" / "videos"

_HANDS = VIDEOS / "clap__malikmrllh__1.mp4"
_LEFT, _TOP, _WIDTH, _HEIGHT, _TIMES = 170, 0, 300, 170, 4  # both of the man's arms, and their enlargement

HANDS_SIZE = (_WIDTH * _TIMES, _HEIGHT * _TIMES)
"""(width, height) of ``hands``."""


def hands(start: int, stop: int) -> list[np.ndarray]:
    """Frames of a man who holds both arms out, his palms towards the camera: (H, W, 3) uint8 RGB, 30 fps.

    Enlarged, as if he stood before a webcam. From 430 to 470 both hands are in the picture.
    """
    if not _HANDS.exists():
        pytest.skip(f"no real clip {_HANDS.name} in a folder shared/videos beside the checkout")
    with av.open(str(_HANDS)) as container:
        wanted = itertools.islice(container.decode(video=0), start, stop)
        pictures = [frame.to_ndarray(format="rgb24") for frame in wanted]
    parts = (each[_TOP : _TOP + _HEIGHT, _LEFT : _LEFT + _WIDTH] for each in pictures)
    return [cv2.resize(part, HANDS_SIZE) for part in parts]
