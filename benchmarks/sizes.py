"""How small may a camera's picture be for pose estimation? Landmarks from smaller pictures, as JPEG, against
those from pictures of 640 pixels a side that were never compressed, and the time that each takes.

    python -m benchmarks.sizes CLIP... [--seconds 10]

The error is the median distance of landmarks that are seen in both, in percent of the body's size (the longer
of torso and shoulders), and "p95" of all distances. Errors of 640 pixels as JPEG tell what compression alone
changes, and how far a landmark jumps where nothing else does.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from pose.estimators import MediaPipePose
from pose.similarity import body_size, similarity
from pose.skeleton import PersonPose
from pose.sources import VideoFile

REFERENCE = 640
QUALITY = 75
"""The page's."""
VISIBLE = 0.5


@dataclass
class Variant:
    """A size, as JPEG or not, and what came of it.

    Attributes:
        side: pixels of the longer side.
        jpeg: whether it was compressed.
        errors: distances from the reference's landmarks in body sizes.
        found: people in all pictures.
        milliseconds: of decoding and pose estimation, a picture each.
        size: bytes that go up, a picture each.
    """

    side: int
    jpeg: bool
    errors: list[np.ndarray] = field(default_factory=list)
    found: int = 0
    milliseconds: list[float] = field(default_factory=list)
    size: list[int] = field(default_factory=list)


def shrunk(image: np.ndarray, side: int) -> np.ndarray:
    """A picture none of whose sides is longer."""
    scale = min(1.0, side / max(image.shape[:2]))
    height, width = (round(length * scale) for length in image.shape[:2])
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)


def matched(truth: list[PersonPose], found: list[PersonPose]) -> Iterator[tuple[PersonPose, PersonPose]]:
    """The found pose that is most like each of the true ones."""
    for pose in truth:
        if found:
            yield pose, max(found, key=lambda each: similarity(pose, scaled(each, pose.frame_size)))


def scaled(pose: PersonPose, size: tuple[int, int]) -> PersonPose:
    """The same pose in a picture of another size."""
    image = pose.image * (np.array(size, np.float32) / pose.frame_size)
    return PersonPose(image, pose.world, pose.visibility, size)


def distances(truth: PersonPose, found: PersonPose) -> np.ndarray:
    """Of the landmarks that are seen in both, in body sizes."""
    seen = (truth.visibility > VISIBLE) & (found.visibility > VISIBLE)
    apart = np.linalg.norm(truth.image - scaled(found, truth.frame_size).image, axis=1)
    return apart[seen] / max(body_size(truth), 1.0)


def estimate(variant: Variant, images: list[np.ndarray], times: list[float]) -> list[list[PersonPose]]:
    """The people in each picture, as the program finds them in what a page sends."""
    found = []
    with MediaPipePose() as estimator:
        for image, moment in zip(images, times, strict=True):
            sent = shrunk(image, variant.side)
            code = b""
            if variant.jpeg:
                bgr = cv2.cvtColor(sent, cv2.COLOR_RGB2BGR)
                code = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
            began = time.perf_counter()
            if variant.jpeg:
                decoded = cv2.imdecode(np.frombuffer(code, np.uint8), cv2.IMREAD_COLOR)
                sent = cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB)
            found.append(estimator.estimate(sent, moment))
            variant.milliseconds.append(1000 * (time.perf_counter() - began))
            variant.size.append(len(code) or 4 * sent.shape[0] * sent.shape[1])  # a canvas gives RGBA
    variant.found += sum(map(len, found))
    return found


def main() -> None:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clips", type=Path, nargs="+")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each clip")
    parser.add_argument("--sides", type=int, nargs="+", default=[640, 480, 384, 320, 256])
    arguments = parser.parse_args()
    reference = Variant(REFERENCE, jpeg=False)
    variants = [Variant(side, jpeg=True) for side in arguments.sides]
    for clip in arguments.clips:
        images, times = [], []
        with VideoFile(clip) as source:
            for frame in source:
                if frame.timestamp > arguments.seconds:
                    break
                images.append(shrunk(frame.image, REFERENCE))
                times.append(frame.timestamp)
        truth = estimate(reference, images, times)
        for variant in variants:
            for expected, found in zip(truth, estimate(variant, images, times), strict=True):
                variant.errors += [distances(*pair) for pair in matched(expected, found)]
    print("| longest side | sent as | median error | p95 | people found | kB | decoding and pose |")
    print("|---|---|---|---|---|---|---|")
    for variant in (reference, *variants):
        errors = np.concatenate(variant.errors) if variant.errors else np.zeros(1)
        print(
            f"| {variant.side} | {'JPEG' if variant.jpeg else 'RGBA'} | {100 * np.median(errors):.2f} % "
            f"| {100 * np.percentile(errors, 95):.1f} % | {variant.found} "
            f"| {statistics.mean(variant.size) / 1000:.0f} "
            f"| {statistics.median(variant.milliseconds):.1f} ms |"
        )


if __name__ == "__main__":
    main()
