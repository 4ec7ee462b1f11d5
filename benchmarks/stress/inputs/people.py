"""Short films of the project's own figure, of which MediaPipe finds the joints."""

from __future__ import annotations

import io
from dataclasses import replace
from fractions import Fraction

import av
import cv2
import numpy as np

from app.drawing.example_clip import render
from benchmarks.stress.inputs.clips import FORMATS, Clip, clip
from benchmarks.stress.inputs.damage import damaged


def film(rng: np.random.Generator) -> bytes:
    """Half a second to two of a figure, whole or damaged, in MP4."""
    size = ((160, 120), (320, 240), (120, 160), (64, 64))[rng.integers(4)]
    made = replace(clip(rng), format=FORMATS[0], size=size)
    if rng.random() < 0.5:
        made = replace(made, times=tuple(750 * number for number in range(30)), rate=Fraction(20))
    data = _encoded(made, float(rng.uniform(0, 7)))
    return damaged(data, rng) if rng.random() < 0.6 else data


def _encoded(made: Clip, start: float) -> bytes:
    file = io.BytesIO()
    times = sorted(set(made.times))
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=Fraction(20), options={"preset": "ultrafast"})
        stream.width, stream.height = made.size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, made.ticks)
        for number, time in enumerate(times):
            picture = cv2.resize(render(start + number / 20), made.size, interpolation=cv2.INTER_AREA)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = time - times[0], Fraction(1, made.ticks)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()
