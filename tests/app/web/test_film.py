"""Pictures that are kept for videos: so long and so many, and what a video of them shows."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from app.live.landmarks import KEPT
from app.web import film as module
from app.web.film import Film, keep_videos
from app.web.messages import CameraFrame
from recognizer.own.recordings import Recording
from tests.disks import small_disk
from tests.recognizer.own.motions import poses

FPS = 30.0


def picture(colour: tuple[int, int, int], size: tuple[int, int] = (64, 48)) -> bytes:
    """A JPEG: a colour, with a white mark at the left."""
    image = np.full((size[1], size[0], 3), colour[::-1], np.uint8)
    image[:, : size[0] // 4] = 255
    return cv2.imencode(".jpg", image)[1].tobytes()


def grey(second: float) -> int:
    """Tells the time: 20 more each second."""
    return 20 + 20 * int(second)


def frames(seconds: float, start: float = 1.0, size: tuple[int, int] = (64, 48)) -> list[CameraFrame]:
    """Pictures whose grey tells their second."""
    times = [start + number / FPS for number in range(round(seconds * FPS))]
    return [CameraFrame(1000 * time, picture((grey(time),) * 3, size)) for time in times]


def shown(path: Path) -> list[tuple[float, np.ndarray]]:
    """Seconds and (H, W, 3) RGB of a video's pictures."""
    with av.open(str(path)) as video:
        return [(frame.time, frame.to_ndarray(format="rgb24")) for frame in video.decode(video=0)]


def recording(start: float = 1.0, seconds: float = 2.0) -> Recording:
    return Recording.of(poses("raise", seconds, start=start))


def held(film: Film) -> list[float]:
    """Seconds of the pictures that are there."""
    return [frame.captured / 1000 for frame in film.between(-1e12, 1e12)]


def test_pictures_are_kept_as_long_as_landmarks():
    film = Film()
    for second in range(100):
        film.add(CameraFrame(1000.0 * second, b"x"))
    assert held(film) == list(range(99 - int(KEPT), 100))


def test_pictures_have_so_many_bytes_at_most(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "MOST_BYTES", 1000)
    film = Film()
    for number in range(50):
        film.add(CameraFrame(float(number), bytes(300 if number % 2 else 100)))
    assert held(film) == [number / 1000 for number in (46, 47, 48, 49)], "800 bytes; one more would be 1100"
    film.clear()
    assert held(film) == []
    film.add(CameraFrame(0.0, bytes(1000)))
    assert held(film) == [0.0], "nothing of before counts"


def test_a_clock_that_hardly_moves_heaps_up_nothing():
    film = Film()
    for _ in range(module.MOST_FRAMES + 10):
        film.add(CameraFrame(5.0, b"x"))
    assert len(held(film)) == module.MOST_FRAMES


def test_a_clock_that_runs_backwards_begins_anew():
    film = Film()
    for time in (5000.0, 6000.0, 2000.0, 3000.0):
        film.add(CameraFrame(time, b"x"))
    assert held(film) == [2.0, 3.0]


def test_only_the_asked_time_is_given():
    film = Film()
    for second in range(10):
        film.add(CameraFrame(1000.0 * second, b"x"))
    assert [frame.captured for frame in film.between(2000.0, 4500.0)] == [2000.0, 3000.0, 4000.0]


def test_a_video_shows_its_recordings_time_and_is_not_mirrored(tmp_path: Path):
    path = tmp_path / "a.mp4"
    assert keep_videos([path], [recording(start=3.0)], frames(8.0)) == ""
    pictures = shown(path)
    assert [time for time, _ in pictures] == pytest.approx(np.arange(60) / FPS, abs=1e-3)
    for time, image in pictures:
        assert image.shape == (48, 64, 3)
        assert image[:, 24:].mean() == pytest.approx(grey(3.0 + time + 1e-6), abs=4)
        assert image[:, :12].mean() > 240
    assert list(tmp_path.iterdir()) == [path]


def test_parts_of_a_row_have_their_own_pictures(tmp_path: Path):
    row = Recording.of(poses("raise", 9.0, start=2.0))
    parts = [row.part(1.0, 3.0), row.part(5.0, 7.5)]
    paths = [tmp_path / name for name in ("a.mp4", "b.mp4")]
    assert keep_videos(paths, parts, frames(12.0)) == ""
    assert [round(shown(path)[0][1][:, 24:].mean(), -1) for path in paths] == [grey(3.0), grey(7.0)]
    assert [len(shown(path)) for path in paths] == [61, 76], "as many as have landmarks"


def test_pictures_with_odd_sides_and_of_other_sizes_are_fitted(tmp_path: Path):
    turned = [*frames(1.0, size=(65, 47)), *frames(1.0, start=2.0, size=(47, 65))]
    assert keep_videos([tmp_path / "a.mp4"], [recording()], turned) == ""
    assert {image.shape for _, image in shown(tmp_path / "a.mp4")} == {(48, 64, 3)}


def test_without_pictures_there_is_a_sentence_and_no_file(tmp_path: Path):
    said = keep_videos([tmp_path / "a.mp4"], [recording()], frames(3.0, start=50.0))
    assert said == "Its video was not kept: there are no pictures of it. Record again with the box ticked."
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path):
    rng = np.random.default_rng(0)
    noise = [cv2.imencode(".jpg", rng.integers(0, 255, (240, 320, 3)))[1].tobytes() for _ in range(60)]
    shot = [CameraFrame(1000 + 1000 * number / FPS, each) for number, each in enumerate(noise)]
    with small_disk(tmp_path / "disk") as disk:
        said = keep_videos([disk / "a.mp4"], [recording()], shot)
        assert said == "Its video was not kept: No space left on device. Make room before you record again."
        assert not list(disk.iterdir())


def test_one_that_fails_takes_no_other_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    writer, asked = module.VideoWriter, []

    def failing(path: Path, *given: object):
        asked.append(path)
        if len(asked) == 2:
            raise RuntimeError("a fault of the encoder")
        return writer(path, *given)

    monkeypatch.setattr(module, "VideoWriter", failing)
    paths = [tmp_path / name for name in ("a.mp4", "b.mp4", "c.mp4")]
    said = keep_videos(paths, [recording()] * 3, frames(4.0))
    assert (
        said == "Videos of 1 of them were not kept: it could not be encoded. Record again, or do without it."
    )
    assert [path.exists() for path in paths] == [True, False, True]
