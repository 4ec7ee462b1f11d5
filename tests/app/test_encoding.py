import av
import numpy as np
import pytest

from app.encoding import VideoWriter, even_size


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
