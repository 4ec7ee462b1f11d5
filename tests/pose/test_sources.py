"""Good video files that the tests make themselves, and a camera that is played by a stand-in."""

import csv
import gc
import threading
import weakref
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from pose import sources
from pose.sources import Camera, SourceError, VideoFile, open_source

REAL_VIDEOS = Path(__file__).parents[2] / "../shared/videos"
MILLISECOND = Fraction(1, 1000)
RED, BLUE = (220, 30, 30), (30, 30, 220)


def picture(width: int = 64, height: int = 48) -> np.ndarray:
    """Blue with a red corner at the top left."""
    image = np.full((height, width, 3), BLUE, np.uint8)
    image[: height // 3, : width // 3] = RED
    return image


def red_corners(image: np.ndarray) -> set[str]:
    at = {"top left": (4, 4), "top right": (4, -5), "bottom left": (-5, 4), "bottom right": (-5, -5)}
    return {name for name, place in at.items() if int(image[place][0]) - int(image[place][2]) > 60}


def make_video(
    path: Path,
    images,
    codec="libx264",
    pix_fmt="yuv420p",
    fps=10,
    times=None,
    rotation=None,
    aspect=None,
    **codec_options,
) -> Path:
    """Encodes RGB images; ``times`` in milliseconds give each its own moment."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fps, options=codec_options)
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = pix_fmt
        if rotation is not None:
            stream.set_display_rotation(*rotation)
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        if times is not None:
            stream.codec_context.time_base = MILLISECOND
        for number, image in enumerate(images):
            frame = av.VideoFrame.from_ndarray(image, "rgb24")
            if times is not None:
                frame.pts, frame.time_base = times[number], MILLISECOND
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def timestamps(path: Path) -> list[float]:
    with VideoFile(path) as video:
        times = [frame.timestamp for frame in video]
        assert video.problem is None
    return times


class TestGoodFiles:
    @pytest.mark.parametrize(
        ("name", "codec", "pix_fmt"),
        [
            ("a.mp4", "libx264", "yuv420p"),
            ("a.mov", "libx264", "yuv420p"),
            ("a.avi", "mpeg4", "yuv420p"),
            ("h264_in.avi", "libx264", "yuv420p"),
            ("a.mkv", "ffv1", "yuv420p"),
            ("a.webm", "libvpx-vp9", "yuv420p"),
            ("444.mp4", "libx264", "yuv444p"),
            ("ten_bit.mp4", "libx264", "yuv420p10le"),
            ("rgb.mkv", "ffv1", "bgr0"),
            ("A name with spaces, ünïcode: and a colon.MP4", "libx264", "yuv420p"),
        ],
    )
    def test_containers_and_pixel_formats(self, tmp_path, name, codec, pix_fmt) -> None:
        path = make_video(tmp_path / name, [picture()] * 7, codec, pix_fmt)
        with VideoFile(path) as video:
            frames = list(video)
            assert (video.info.width, video.info.height) == (64, 48)
            assert video.info.fps == pytest.approx(10)
            assert video.info.duration == pytest.approx(0.7, abs=0.11)
            assert video.info.frames in (7, None)
            assert video.problem is None
        assert [f.timestamp for f in frames] == pytest.approx(np.arange(7) / 10, abs=0.002)
        for frame in frames:
            assert frame.image.shape == (48, 64, 3)
            assert frame.image.dtype == np.uint8
            assert frame.image.flags.c_contiguous
            assert red_corners(frame.image) == {"top left"}
            assert np.abs(frame.image[-5, -5].astype(int) - BLUE).max() < 25  # RGB, not BGR

    def test_greyscale_becomes_three_equal_channels(self, tmp_path) -> None:
        path = make_video(tmp_path / "grey.mkv", [picture()] * 2, "ffv1", "gray")
        image = next(iter(VideoFile(path))).image
        assert image.shape == (48, 64, 3)
        assert np.ptp(image, axis=2).max() <= 2

    def test_av1(self, tmp_path) -> None:
        encoder = next((c for c in ("libsvtav1", "libaom-av1") if c in av.codecs_available), None)
        if encoder is None:
            pytest.skip("this build of PyAV has no AV1 encoder to make the clip with")
        path = make_video(tmp_path / "av1.mp4", [picture(128, 96)] * 5, encoder)
        frames = list(VideoFile(path))
        assert len(frames) == 5
        assert red_corners(frames[-1].image) == {"top left"}

    def test_gif_with_delays_of_its_own(self, tmp_path) -> None:
        images = [picture() // (n + 1) for n in range(4)]
        path = make_video(tmp_path / "a.gif", images, "gif", "bgr8", times=[0, 100, 700, 800])
        assert timestamps(path) == pytest.approx([0, 0.1, 0.7, 0.8], abs=0.011)

    @pytest.mark.parametrize("name", ["vfr.mp4", "vfr.mkv"])
    def test_variable_frame_rate_keeps_real_times(self, tmp_path, name) -> None:
        times = [0, 33, 66, 500, 510, 2000, 2033]
        path = make_video(tmp_path / name, [picture()] * 7, times=times)
        assert timestamps(path) == pytest.approx(np.array(times) / 1000, abs=0.002)

    def test_time_starts_at_the_first_frame(self, tmp_path) -> None:
        path = make_video(tmp_path / "late.mkv", [picture()] * 3, times=[5000, 5100, 5200])
        assert timestamps(path) == pytest.approx([0, 0.1, 0.2], abs=0.002)

    def test_60_fps(self, tmp_path) -> None:
        path = make_video(tmp_path / "fast.mp4", [picture()] * 30, fps=60)
        assert VideoFile(path).info.fps == pytest.approx(60)
        assert timestamps(path) == pytest.approx(np.arange(30) / 60, abs=1e-3)

    def test_one_frame(self, tmp_path) -> None:
        assert timestamps(make_video(tmp_path / "one.mp4", [picture()])) == [0]

    @pytest.mark.parametrize(("width", "height"), [(54, 96), (98, 50), (3840, 2160)])
    def test_portrait_odd_strides_and_4k(self, tmp_path, width, height) -> None:
        path = make_video(tmp_path / "a.mp4", [picture(width, height)], preset="ultrafast")
        video = VideoFile(path)
        assert (video.info.width, video.info.height) == (width, height)
        (frame,) = video
        assert frame.image.shape == (height, width, 3)
        assert red_corners(frame.image) == {"top left"}

    def test_a_live_recording_declares_no_length(self, tmp_path) -> None:
        path = tmp_path / "live.webm"
        with path.open("wb") as file:
            pipe = type("Pipe", (), {"write": lambda self, data: file.write(data)})()  # cannot seek back
            with av.open(pipe, "w", format="webm", options={"live": "1"}) as container:
                stream = container.add_stream("libvpx", rate=30)
                stream.width, stream.height = 64, 48
                for _ in range(45):
                    container.mux(stream.encode(av.VideoFrame.from_ndarray(picture(), "rgb24")))
                container.mux(stream.encode())
        video = VideoFile(path)
        assert (video.info.duration, video.info.frames) == (None, None)
        assert 0 < video.info.fps <= 60
        assert timestamps(path) == pytest.approx(np.arange(45) / 30, abs=0.002)

    def test_frames_without_times_follow_the_frame_rate(self, tmp_path) -> None:
        path = make_video(tmp_path / "raw.h264", [picture()] * 20, fps=25)
        assert timestamps(path) == pytest.approx(np.arange(20) / 25)

    def test_joined_recordings_keep_one_size_and_a_clock_that_runs_on(self, tmp_path) -> None:
        first = make_video(tmp_path / "1.ts", [picture()] * 20)
        second = make_video(tmp_path / "2.ts", [picture(128, 96)] * 20)
        path = tmp_path / "both.ts"
        path.write_bytes(first.read_bytes() + second.read_bytes())
        frames = list(VideoFile(path))
        assert len(frames) == 40
        assert {f.image.shape for f in frames} == {(48, 64, 3)}
        assert all(red_corners(f.image) == {"top left"} for f in frames)
        assert [f.timestamp for f in frames] == pytest.approx(np.arange(40) / 10, abs=0.01)

    def test_sound_may_outlast_the_pictures(self, tmp_path) -> None:
        path = tmp_path / "a.mp4"
        with av.open(str(path), "w") as container:
            video, sound = container.add_stream("libx264", rate=10), container.add_stream("aac", rate=8000)
            video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
            for _ in range(10):
                container.mux(video.encode(av.VideoFrame.from_ndarray(picture(), "rgb24")))
            container.mux(video.encode())
            for _ in range(40):
                samples = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
                samples.sample_rate = 8000
                container.mux(sound.encode(samples))
            container.mux(sound.encode())
        assert len(timestamps(path)) == 10


class TestRotation:
    @pytest.mark.parametrize(
        ("rotation", "corner"),
        [  # degrees counter-clockwise, then flips: where the top left corner ends up
            ((0,), "top left"),
            ((90,), "bottom left"),
            ((180,), "bottom right"),
            ((270,), "top right"),
            ((0, True), "top right"),
            ((0, False, True), "bottom left"),
            ((90, True), "bottom right"),
            ((270, True), "top left"),
        ],
    )
    def test_frames_are_upright(self, tmp_path, rotation, corner) -> None:
        path = make_video(tmp_path / "turned.mp4", [picture()] * 3, rotation=rotation)
        video = VideoFile(path)
        size = (48, 64) if rotation[0] % 180 else (64, 48)
        assert (video.info.width, video.info.height) == size
        for frame in video:
            assert frame.image.shape == (size[1], size[0], 3)
            assert frame.image.flags.c_contiguous
            assert red_corners(frame.image) == {corner}

    @pytest.mark.parametrize(
        ("aspect", "width"), [((4, 3), 85), ((1, 2), 32), ((1, 1), 64), ((200, 1), 64)], ids=str
    )
    def test_oblong_pixels_become_square(self, tmp_path, aspect, width) -> None:
        path = make_video(tmp_path / "oblong.mp4", [picture()] * 3, aspect=Fraction(*aspect))
        video = VideoFile(path)
        assert (video.info.width, video.info.height) == (width, 48)
        images = [frame.image for frame in video]
        assert {image.shape for image in images} == {(48, width, 3)}
        assert red_corners(images[0]) == {"top left"}


class TestReading:
    def test_twice_from_the_start(self, tmp_path) -> None:
        video = VideoFile(make_video(tmp_path / "a.mp4", [picture()] * 5))
        assert [f.timestamp for f in video] == [f.timestamp for f in video]
        next(iter(video))
        assert len(list(video)) == 5

    def test_no_frame_is_kept(self, tmp_path) -> None:
        path = make_video(tmp_path / "long.mp4", [picture()] * 300)
        images = [weakref.ref(frame.image) for frame in VideoFile(path)]
        gc.collect()
        assert len(images) == 300
        assert sum(image() is not None for image in images) <= 1

    @pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc to see open files")
    def test_files_are_released_when_the_reader_stops_early(self, tmp_path) -> None:
        path = make_video(tmp_path / "a.mp4", [picture()] * 50)

        def is_open() -> bool:
            return path.resolve() in {link.resolve() for link in Path("/proc/self/fd").iterdir()}

        video = VideoFile(path)
        assert not is_open()
        for _ in video:
            assert is_open()
            break
        gc.collect()
        assert not is_open()

        frames = iter(video)
        next(frames)
        video.close()
        assert not is_open()
        assert list(frames) == []
        assert list(video) == []
        video.close()

    def test_close_from_another_thread_ends_the_reading(self, tmp_path) -> None:
        video = VideoFile(make_video(tmp_path / "a.mp4", [picture()] * 200))
        seen = 0
        for _ in video:
            seen += 1
            if seen == 3:
                closer = threading.Thread(target=video.close)
                closer.start()
                closer.join()
        assert seen == 3


@pytest.mark.skipif(not REAL_VIDEOS.exists(), reason="the real clips are not on this machine")
def test_real_clips_are_read_in_full() -> None:
    with (REAL_VIDEOS / "labels.csv").open() as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        with VideoFile(REAL_VIDEOS / row["file"]) as video:
            times = [frame.timestamp for frame in video]
            width, height = int(row["width"]), int(row["height"])
            if row["file"] == "clean_and_jerk__yysijie__1.mp4":
                width = 455  # the list counts stored pixels; these are 4:3 oblong
            assert (video.info.width, video.info.height) == (width, height)
            assert video.info.fps == pytest.approx(float(row["fps"]), rel=0.01)
            assert video.problem is None, row["file"]
        assert len(times) == int(row["frames"]), row["file"]
        assert (np.diff(times) >= 0).all()
        assert times[-1] == pytest.approx((len(times) - 1) / float(row["fps"]), rel=0.02)


class FakeCapture:
    """Stands in for cv2.VideoCapture: delivers BGR frames, now and then misses one, and fails in the end."""

    def __init__(self, frames: int = 5, opens: bool = True) -> None:
        self.frames, self.opens, self.released = frames, opens, False
        self.settings = {}
        self.reads = 0

    def set(self, key, value) -> bool:
        self.settings[key] = value
        return True

    def get(self, key) -> float:
        return 0.0  # many drivers do not know their rate

    def isOpened(self) -> bool:
        return self.opens

    def read(self):
        self.reads += 1
        if self.reads % 3 == 0:
            return False, None
        if self.frames == 0:
            return False, None
        self.frames -= 1
        return True, picture()[..., ::-1].copy()

    def release(self) -> None:
        self.released = True


class TestCamera:
    @pytest.fixture
    def plug_in(self, monkeypatch):
        def plug_in(capture: FakeCapture) -> FakeCapture:
            monkeypatch.setattr(cv2, "VideoCapture", lambda index: capture)
            monkeypatch.setattr(sources, "_CAMERA_PATIENCE", 0.05)
            return capture

        return plug_in

    def test_frames_are_rgb_with_time_since_the_first(self, plug_in) -> None:
        capture = plug_in(FakeCapture(frames=6))
        with Camera(0, width=64, height=48) as camera:
            frames = [frame for frame, _ in zip(camera, range(4), strict=False)]
            assert (camera.info.width, camera.info.height, camera.info.fps) == (64, 48, 30)
            assert (camera.info.duration, camera.info.frames, camera.problem) == (None, None, None)
        assert red_corners(frames[0].image) == {"top left"}
        assert frames[0].timestamp == 0
        assert (np.diff([f.timestamp for f in frames]) >= 0).all()
        assert capture.released
        assert capture.settings == {
            cv2.CAP_PROP_FRAME_WIDTH: 64,
            cv2.CAP_PROP_FRAME_HEIGHT: 48,
            cv2.CAP_PROP_BUFFERSIZE: 1,
        }

    def test_unplugged_while_running(self, plug_in) -> None:
        plug_in(FakeCapture(frames=4))
        seen = []
        with (
            pytest.raises(SourceError, match="^Camera 0 stopped delivering pictures; .*\\.$"),
            Camera(0) as camera,
        ):
            seen.extend(camera)
        assert len(seen) == 3  # the first was taken to see whether it works

    @pytest.mark.parametrize("capture", [FakeCapture(opens=False), FakeCapture(frames=0)])
    def test_absent_or_silent(self, plug_in, capture) -> None:
        plug_in(capture)
        with pytest.raises(SourceError, match="^Camera 3 cannot be opened; .*\\.$"):
            Camera(3)
        assert capture.released

    def test_closing_ends_the_iteration(self, plug_in) -> None:
        plug_in(FakeCapture(frames=10**9))
        camera = Camera(0)
        for number, _ in enumerate(camera):
            if number == 5:
                camera.close()
        assert number == 5

    def test_a_missing_camera_makes_no_noise(self, capfd) -> None:
        with pytest.raises(SourceError, match="Camera 99 cannot be opened"):
            open_source("99")
        assert capfd.readouterr() == ("", "")


class TestOpenSource:
    @pytest.fixture(autouse=True)
    def here(self, tmp_path, monkeypatch) -> None:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sources, "Camera", lambda index: f"camera {index}")

    def test_numbers_are_cameras(self) -> None:
        assert open_source("0") == "camera 0"
        assert open_source("0012") == "camera 12"
        assert open_source(str(2**31 - 1)) == f"camera {2**31 - 1}"

    @pytest.mark.parametrize("digits", [str(2**31), "99999999999", "9" * 200, "9" * 5000])
    def test_numbers_that_no_camera_has(self, digits) -> None:
        with pytest.raises(SourceError, match="no camera of such a high number"):
            open_source(digits)

    @pytest.mark.parametrize("name", [" 12 ", "12", " a.mp4", "a.mp4 ", "-a.mp4", "a\nb.mp4", "a\udcff.mp4"])
    def test_names_of_files_stay_as_they_are(self, name) -> None:
        make_video(Path("a.mp4"), [picture()]).rename(name)
        with open_source(name) as video:
            assert str(video.path) == name
            assert len(list(video)) == 1

    @pytest.mark.parametrize("text", ["-1", " 1", "1.5", "١", "", "a\nb.mp4", "a\udcff.mp4"])
    def test_what_is_neither(self, text) -> None:
        with pytest.raises(SourceError) as error:
            open_source(text)
        str(error.value).encode("ascii", "backslashreplace")
        assert repr(str(Path(text))) in str(error.value) and "\n" not in str(error.value)

    def test_a_folder_of_digits_hides_no_camera(self) -> None:
        Path("3").mkdir()
        assert open_source("3") == "camera 3"
