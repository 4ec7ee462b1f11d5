import os

import av
import numpy as np
import pytest

from app.drawing.encoding import VideoWriter, even_size
from pose.decoding import LONGEST_PAUSE
from tests.disks import small_disk


def decode(path):
    with av.open(str(path)) as container:
        return [(f.time, f.to_ndarray(format="rgb24")) for f in container.decode(video=0)]


def test_pictures_and_their_times_come_back(tmp_path):
    times = [0.0, 0.033, 0.1, 0.5, 0.51, 2.0]
    with VideoWriter(tmp_path / "a.mp4", (64, 48), 30) as video:
        for number, time in enumerate(times):
            video.write(np.full((48, 64, 3), 40 * number, np.uint8), time)
    frames = decode(tmp_path / "a.mp4")
    assert [time for time, _ in frames] == pytest.approx(times, abs=1e-3)
    assert [picture.mean() for _, picture in frames] == pytest.approx([40 * n for n in range(6)], abs=3)


def test_the_index_is_at_the_front_so_that_pages_can_play_it(tmp_path):
    with VideoWriter(tmp_path / "a.mp4", (64, 48), 30) as video:
        video.write(np.zeros((48, 64, 3), np.uint8), 0.0)
    data = (tmp_path / "a.mp4").read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_times_that_stand_still_are_moved_on(tmp_path):
    with VideoWriter(tmp_path / "a.mp4", (64, 48), 30) as video:
        for _ in range(4):
            video.write(np.zeros((48, 64, 3), np.uint8), 0.5)
    assert len(decode(tmp_path / "a.mp4")) == 4


@pytest.mark.parametrize("pictures", [0, 3])
def test_an_error_leaves_no_file(tmp_path, pictures):
    with pytest.raises(KeyboardInterrupt), VideoWriter(tmp_path / "a.mp4", (64, 48), 30) as video:
        for number in range(pictures):
            video.write(np.zeros((48, 64, 3), np.uint8), number / 30)
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder(tmp_path):
    with pytest.raises(FileNotFoundError), VideoWriter(tmp_path / "no" / "a.mp4", (64, 48), 30):
        pass


@pytest.mark.parametrize("size", [(2, 2), (16, 2), (1280, 720), (2, 1280)])
def test_unusual_sizes(tmp_path, size):
    with VideoWriter(tmp_path / "a.mp4", size, 30) as video:
        video.write(np.zeros((size[1], size[0], 3), np.uint8), 0.0)
    assert decode(tmp_path / "a.mp4")[0][1].shape == (size[1], size[0], 3)


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [
        (640, 480, (640, 480)),
        (641, 359, (640, 360)),
        (3840, 2160, (1280, 720)),
        (1080, 1920, (720, 1280)),
        (1, 1, (2, 2)),
    ],
)
def test_even_size(width, height, expected):
    assert even_size(width, height, 1280) == expected


@pytest.mark.parametrize(
    ("width", "height"), [(1, 1), (3, 1), (2, 30000), (30000, 2), (1, 35_000_000), (8192, 4320), (1279, 2)]
)
def test_every_size_that_a_video_may_have_can_be_written(tmp_path, width, height):
    size = even_size(width, height, 1280)
    with VideoWriter(tmp_path / "a.mp4", size, 30) as video:
        for number in range(3):
            video.write(np.zeros((size[1], size[0], 3), np.uint8), number / 30)
    assert [picture.shape for _, picture in decode(tmp_path / "a.mp4")] == [(size[1], size[0], 3)] * 3


def test_long_pauses(tmp_path):
    times = [0.0, LONGEST_PAUSE, 2 * LONGEST_PAUSE, 2 * LONGEST_PAUSE + 0.1]
    with VideoWriter(tmp_path / "a.mp4", (64, 48), 30) as video:
        for time in times:
            video.write(np.zeros((48, 64, 3), np.uint8), time)
    assert [time for time, _ in decode(tmp_path / "a.mp4")] == pytest.approx(times, abs=1e-3)


@pytest.mark.parametrize("name", ["a:b.mp4", "-a.mp4", " a .mp4", "a%d.mp4", "a\nb.mp4", "a\udcff.mp4"])
def test_names_stay_as_they_are(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with VideoWriter(name, (64, 48), 30) as video:
        video.write(np.zeros((48, 64, 3), np.uint8), 0.0)
    assert os.listdir() == [name]


@pytest.mark.parametrize("pictures", [1, 300])  # the disk is full at the end, or in the middle
def test_a_full_disk(tmp_path, pictures):
    generator = np.random.default_rng(0)
    with small_disk(tmp_path / "disk", "16k") as disk:
        (disk / "a.mp4").write_bytes(b"older")
        with pytest.raises(OSError, match="No space left") as error:
            with VideoWriter(disk / "a.mp4", (320, 240), 30) as video:
                for number in range(pictures):
                    video.write(generator.integers(0, 255, (240, 320, 3), np.uint8), number / 30)
        assert error.value.filename == str(disk / "a.mp4")
        assert os.listdir(disk) == ["a.mp4"] and (disk / "a.mp4").read_bytes() == b"older"


def test_what_the_encoder_raises_is_told_with_the_files_name(tmp_path):
    with pytest.raises(OSError, match="cannot be encoded") as error:
        with VideoWriter(tmp_path / "a.mp4", (64, 48), 30):
            raise av.error.ExternalError(-542398533, "Generic error in an external library")
    assert error.value.filename == str(tmp_path / "a.mp4") and os.listdir(tmp_path) == []


def test_errors_of_others_stay_what_they_are(tmp_path):
    with pytest.raises(ValueError, match="^mine$"), VideoWriter(tmp_path / "a.mp4", (64, 48), 30):
        raise ValueError("mine")
