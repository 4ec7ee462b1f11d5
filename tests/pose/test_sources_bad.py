"""Bad files: each gets one clear sentence that names it, and what was readable is still read."""

import shutil
import subprocess
from pathlib import Path

import av
import numpy as np
import pytest

from pose.sources import SourceError, VideoFile

SECONDS, FPS = 4, 10


def noise_clip(path: Path, codec="libx264", **options) -> Path:
    """Every frame different and hard to compress, so that bytes in the file are spread evenly over time."""
    generator = np.random.default_rng(0)
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream(codec, rate=FPS, options={"g": "10"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(SECONDS * FPS):
            image = generator.integers(0, 255, (48, 64, 3), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
        container.mux(stream.encode())
    return path


def keep(path: Path, share: float, start: float = 0.0) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[int(len(content) * start) : int(len(content) * share)])
    return path


def sound_only(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=8000)
        for _ in range(10):
            samples = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
            samples.sample_rate = 8000
            container.mux(stream.encode(samples))
        container.mux(stream.encode())
    return path


def overwrite_media(path: Path) -> Path:
    """Keeps the index of an mp4 and destroys every picture in it."""
    content = bytearray(path.read_bytes())
    at = content.index(b"mdat")
    size = int.from_bytes(content[at - 4 : at], "big")
    content[at + 4 : at - 4 + size] = b"\xff" * (size - 8)
    path.write_bytes(content)
    return path


def sentence(path) -> str:
    with pytest.raises(SourceError) as error:
        VideoFile(path)
    message = str(error.value)
    assert Path(path).name in message
    assert message.endswith(".")
    assert message.count(". ") == 0
    assert "\n" not in message
    return message


@pytest.fixture(autouse=True)
def quiet(capfd):
    """FFmpeg must not write its own complaints beside ours."""
    yield
    assert capfd.readouterr() == ("", "")


class TestUnreadable:
    def test_missing(self, tmp_path) -> None:
        assert "There is no file" in sentence(tmp_path / "nowhere.mp4")

    def test_folder(self, tmp_path) -> None:
        assert "is not a file" in sentence(tmp_path)

    def test_empty(self, tmp_path) -> None:
        path = tmp_path / "empty.mp4"
        path.touch()
        assert "is empty" in sentence(path)

    @pytest.mark.parametrize("name", ["notes.mp4", "notes.avi", "notes.txt"])
    def test_text(self, tmp_path, name) -> None:
        path = tmp_path / name
        path.write_text("This is a plain text and no video.\n" * 500)
        assert "cannot be read as a video" in (said := sentence(path)) or "is a text file" in said

    def test_random_bytes(self, tmp_path) -> None:
        path = tmp_path / "noise.mp4"
        path.write_bytes(np.random.default_rng(0).bytes(100_000))
        sentence(path)

    @pytest.mark.parametrize("name", ["song.m4a", "song.mp4"])
    def test_sound_only(self, tmp_path, name) -> None:
        assert "has no video track" in sentence(sound_only(tmp_path / name))

    @pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg to make the file")
    def test_sound_with_a_cover_picture(self, tmp_path) -> None:
        path = tmp_path / "album.m4a"
        make = "ffmpeg -v error -f lavfi -i sine=d=1 -f lavfi -i color=s=64x48:d=0.04 -map 0 -map 1"
        options = "-c:a aac -c:v mjpeg -pix_fmt yuvj420p -disposition:v attached_pic"
        subprocess.run([*make.split(), *options.split(), str(path)], check=True, stdin=subprocess.DEVNULL)
        assert "has no video track" in sentence(path)

    @pytest.mark.parametrize(
        "text",
        ["#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nreal.ts\n#EXT-X-ENDLIST\n", "ffconcat version 1.0\n"],
    )
    def test_playlists_do_not_lead_to_other_files(self, tmp_path, text) -> None:
        noise_clip(tmp_path / "real.ts")
        path = tmp_path / "list.m3u8"
        path.write_text(text + "file real.ts\n" * text.startswith("ffconcat"))
        sentence(path)

    def test_index_lost(self, tmp_path) -> None:
        """An mp4 that was cut off while recording has no index: nothing in it can be found."""
        assert "cannot be read as a video" in sentence(keep(noise_clip(tmp_path / "cut.mp4"), 0.8))

    def test_no_picture_decodes(self, tmp_path) -> None:
        assert "No picture" in sentence(overwrite_media(noise_clip(tmp_path / "dead.mp4")))


class TestPartlyReadable:
    @pytest.mark.parametrize(
        ("name", "codec", "options"),
        [
            ("cut.mp4", "libx264", {"movflags": "faststart"}),
            ("cut.mov", "libx264", {"movflags": "faststart"}),
            ("cut.webm", "libvpx", {}),
            ("cut.mkv", "libx264", {}),
        ],
    )
    def test_the_start_is_read_and_the_loss_reported(self, tmp_path, name, codec, options) -> None:
        path = keep(noise_clip(tmp_path / name, codec, **options), 0.6)
        with VideoFile(path) as video:
            assert video.problem is None
            times = [frame.timestamp for frame in video]
            assert 1.5 < times[-1] < 3
            assert times == pytest.approx(np.arange(len(times)) / FPS, abs=0.002)
            read = times[-1] + 1 / FPS
            assert video.problem == (
                f"'{name}' ends early or is damaged: only the first {read:.1f} s could be read."
            )

    def test_damage_in_the_middle_costs_some_pictures_only(self, tmp_path) -> None:
        path = noise_clip(tmp_path / "scratched.mp4", movflags="faststart")
        content = bytearray(path.read_bytes())
        middle = len(content) // 2
        content[middle : middle + 3000] = b"\xff" * 3000
        path.write_bytes(content)
        video = VideoFile(path)
        times = [frame.timestamp for frame in video]
        assert (np.diff(times) >= 0).all()
        assert times[-1] == pytest.approx(SECONDS - 1 / FPS)
        assert SECONDS * FPS * 0.7 < len(times) <= SECONDS * FPS
        assert video.problem is None or "'scratched.mp4' is damaged: parts of it" in video.problem

    def test_a_second_reading_judges_anew(self, tmp_path) -> None:
        video = VideoFile(keep(noise_clip(tmp_path / "cut.mp4", movflags="faststart"), 0.6))
        for _ in video:
            break
        assert video.problem is None
        list(video)
        assert video.problem is not None

    def test_a_file_that_vanishes_after_opening(self, tmp_path) -> None:
        path = noise_clip(tmp_path / "gone.mp4")
        video = VideoFile(path)
        path.unlink()
        with pytest.raises(SourceError, match=r"gone\.mp4"):
            next(iter(video))
