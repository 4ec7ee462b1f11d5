"""What is refused before it is decoded: files that are none, and pictures that would not fit."""

import os
import socket
import struct
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import av.logging
import numpy as np
import pytest

from pose import containers
from pose.containers import MOST_PIXELS, refused_size
from pose.sources import SourceError, VideoFile


def gif(width: int, height: int) -> bytes:
    """A whole GIF of one picture, a few bytes long whatever its size."""
    screen = b"GIF89a" + struct.pack("<HH", width, height) + b"\x80\0\0" + b"\0\0\0\xff\xff\xff"
    return screen + b"," + struct.pack("<HHHH", 0, 0, width, height) + b"\0\x02\x02\x44\x01\0;"


def encoded(path: Path, sizes, codec="libx264", pix_fmt="yuv420p", aspect=None, **options) -> Path:
    """One black picture of each size, all in one stream that declares the first one's."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=10, options=options)
        (stream.width, stream.height), stream.pix_fmt = sizes[0], pix_fmt
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        for number, (width, height) in enumerate(sizes):
            encoder = stream
            if (width, height) != sizes[0]:
                encoder = av.CodecContext.create(codec, "w")
                encoder.width, encoder.height, encoder.pix_fmt = width, height, pix_fmt
                encoder.time_base = Fraction(1, 10)
            picture = np.zeros((height, width, 3), np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            for packet in encoder.encode(frame):
                packet.stream = stream
                container.mux(packet)
        container.mux(stream.encode())
    return path


def sentence(path: Path) -> str:
    with pytest.raises(SourceError) as error:
        VideoFile(path)
    said = str(error.value)
    assert said.endswith(".") and said.count(". ") == 0 and "\n" not in said
    return said


def memory_to_refuse(path: Path) -> int:
    """Bytes by which a process of its own grows at most while the file is refused."""
    code = (
        "import sys, resource\n"
        "from pose.sources import SourceError, VideoFile\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = peak()\n"
        "try: VideoFile(sys.argv[1])\n"
        "except SourceError: print(peak() - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    return int(done.stdout) * (1 if sys.platform == "darwin" else 1024)


@pytest.fixture(autouse=True)
def quiet(capfd):
    """FFmpeg must not write its own complaints beside ours."""
    yield
    assert capfd.readouterr() == ("", "")


class TestSize:
    def test_a_small_file_with_a_huge_picture(self, tmp_path) -> None:
        path = tmp_path / "bomb.gif"
        path.write_bytes(gif(16000, 16000))
        for _ in range(2):  # the second time FFmpeg's log repeats itself
            assert "16000 x 16000 pixels, more than the limit of 8192 x 4320" in sentence(path)
        assert av.logging.get_level() is None

    @pytest.mark.skipif(sys.platform == "win32", reason="needs getrusage")
    def test_it_takes_no_memory(self, tmp_path) -> None:
        path = tmp_path / "bomb.gif"
        path.write_bytes(gif(16000, 16000))
        assert memory_to_refuse(path) < 100e6  # a frame has 1 GB

    @pytest.mark.skipif(sys.platform == "win32", reason="needs getrusage")
    def test_an_index_that_claims_millions_of_pictures(self, tmp_path) -> None:
        path = encoded(tmp_path / "a.mp4", [(64, 48)] * 3)
        content = bytearray(path.read_bytes())
        sizes, times, chunks = (content.index(name) for name in (b"stsz", b"stts", b"stsc"))
        struct.pack_into(">II", content, sizes + 8, 1, 40_000_000)
        struct.pack_into(">I", content, times + 12, 40_000_000)
        struct.pack_into(">I", content, chunks + 16, 40_000_000)
        path.write_bytes(content)
        assert memory_to_refuse(path) < 700e6  # FFmpeg's index of them has 2.8 GB

    def test_a_size_that_the_container_tells(self, tmp_path) -> None:
        path = encoded(tmp_path / "a.mp4", [(8192, 4336)], preset="ultrafast")
        assert "8192 x 4336 pixels" in sentence(path)

    def test_the_limit_itself_is_read(self, tmp_path) -> None:
        path = encoded(tmp_path / "a.mp4", [(8192, 4320)], preset="ultrafast")
        (frame,) = VideoFile(path)
        assert frame.image.shape == (4320, 8192, 3)
        assert frame.image.size == 3 * MOST_PIXELS

    def test_square_pixels_count(self, tmp_path) -> None:
        path = encoded(tmp_path / "a.mp4", [(8192, 2400)], aspect=Fraction(2, 1), preset="ultrafast")
        assert "16384 x 2400 pixels" in sentence(path)

    def test_frames_that_grow_in_the_middle_are_left_out(self, tmp_path, monkeypatch) -> None:
        monkeypatch.setattr(containers, "_CODEC_PIXELS", 400 * 300)
        path = encoded(tmp_path / "a.mkv", [(320, 240), (640, 480), (160, 120)], "mjpeg", "yuvj420p")
        video = VideoFile(path)
        assert [frame.image.shape for frame in video] == [(240, 320, 3)] * 2
        assert "parts of it could not be decoded" in video.problem

    def test_what_other_decoders_say_meanwhile_is_not_printed(self) -> None:
        code = "import logging, pose.containers; logging.getLogger('libav.png').error('inflate failed')"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert (done.stdout, done.stderr) == ("", "")

    def test_only_refusals_for_size_are_told_as_such(self, tmp_path) -> None:
        path = tmp_path / "a.gif"
        path.write_bytes(gif(16, 16))
        assert refused_size(path) is None
        path.write_bytes(b"GIF89a" + bytes(100))
        assert "pixels" not in sentence(path)

    @pytest.mark.parametrize("size", [(1, 1), (1, 3), (2, 30000), (30000, 2)])
    def test_tiny_and_oblong_pictures(self, tmp_path, size) -> None:
        (frame,) = VideoFile(encoded(tmp_path / "a.mov", [size], "png", "rgb24"))
        assert frame.image.shape == (size[1], size[0], 3)


class TestFiles:
    def test_a_pipe_is_not_opened(self, tmp_path) -> None:
        os.mkfifo(tmp_path / "pipe.mp4")
        assert "is not a file" in sentence(tmp_path / "pipe.mp4")
        (tmp_path / "link.mp4").symlink_to(tmp_path / "pipe.mp4")
        assert "is not a file" in sentence(tmp_path / "link.mp4")

    def test_a_socket(self, tmp_path) -> None:
        with socket.socket(socket.AF_UNIX) as opened:
            opened.bind(str(tmp_path / "s"))
            assert "is not a file" in sentence(tmp_path / "s")

    @pytest.mark.skipif(not Path("/dev/zero").exists(), reason="has no /dev/zero")
    def test_a_device(self) -> None:
        assert "is not a file" in sentence(Path("/dev/zero"))

    def test_links_in_a_circle(self, tmp_path) -> None:
        (tmp_path / "a").symlink_to(tmp_path / "b")
        (tmp_path / "b").symlink_to(tmp_path / "a")
        assert "cannot be the name of a video" in sentence(tmp_path / "a")

    @pytest.mark.parametrize("name", ["x" * 300, "a\0b"])
    def test_impossible_names(self, tmp_path, name) -> None:
        assert "cannot be the name of a video" in sentence(tmp_path / name)

    def test_a_file_as_a_folder(self, tmp_path) -> None:
        (tmp_path / "a").touch()
        assert "There is no file" in sentence(tmp_path / "a" / "b.mp4")

    def test_names_in_no_encoding(self, tmp_path) -> None:
        path = tmp_path / "a.mkv"
        with av.open(str(path), "w") as container:
            container.metadata["title"] = "TITLE"
            stream = container.add_stream("ffv1", rate=10)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            container.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
            container.mux(stream.encode())
        content = path.read_bytes()
        assert b"TITLE" in content
        path.write_bytes(content.replace(b"TITLE", b"T\xff\xfe\xe4E"))
        assert len(list(VideoFile(path))) == 1


@pytest.mark.parametrize(
    "error", [MemoryError(), OverflowError(), struct.error(), ValueError("bad"), OSError(5, "IO")]
)
def test_any_error_of_ffmpeg_becomes_a_sentence(tmp_path, monkeypatch, error) -> None:
    def fail(*_):
        raise error

    path = encoded(tmp_path / "a.mp4", [(64, 48)])
    monkeypatch.setattr("pose.sources.shown_size", fail)
    said = sentence(path)
    assert "'a.mp4'" in said and ("memory" in said) == isinstance(error, MemoryError)
