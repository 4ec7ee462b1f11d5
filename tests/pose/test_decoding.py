"""The clock that judges the times of a file's frames: moments written by hand."""

from types import SimpleNamespace

import av
import numpy as np
import pytest

from pose import decoding
from pose.decoding import LONGEST_PAUSE, FrameClock, VideoDecoder, display_matrix, shown_size

FPS = 10
NAN, INF = float("nan"), float("inf")


def seconds(moments, fps=FPS) -> np.ndarray:
    clock = FrameClock(fps)
    return np.array([clock.seconds(moment) for moment in moments])


class TestFrameClock:
    def test_sane_times_stay_as_they_are(self) -> None:
        moments = [0.0, 0.033, 0.066, 0.5, 0.51, 2.0, 62.0, 62.1, 182.1]
        assert seconds(moments) == pytest.approx(moments)
        assert seconds([m + 5 for m in moments]) == pytest.approx(moments)

    @pytest.mark.parametrize("pause", [60.0, LONGEST_PAUSE])
    def test_real_pauses_stay(self, pause) -> None:
        assert seconds([0, 0.1, 0.1 + pause, 0.2 + pause]) == pytest.approx(
            [0, 0.1, 0.1 + pause, 0.2 + pause]
        )

    @pytest.mark.parametrize("jump", [LONGEST_PAUSE + 1, 1e5, 1e12, 9e18, 1e308, -0.7, -1e5, -9e18, -1e308])
    def test_after_a_jump_the_clock_runs_on(self, jump) -> None:
        moments = [0, 0.1, 0.2, *(jump + 0.3 + np.arange(3) / FPS)]
        expected = np.arange(6) / FPS
        if abs(jump) > 1e15:  # so far out, floats have no tenths: at least the times grow, and not by much
            assert (np.diff(seconds(moments)) > 0).all() and seconds(moments)[-1] < 1
        else:
            assert seconds(moments) == pytest.approx(expected, abs=1e-3)

    @pytest.mark.parametrize("bad", [None, NAN, INF, -INF, 1e5, -1e5])
    def test_one_bad_time_changes_nothing_else(self, bad) -> None:
        assert seconds([0, 0.1, bad, 0.3, 0.4]) == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])

    @pytest.mark.parametrize("bad", [None, NAN, INF])
    def test_no_time_at_all_means_the_declared_rate(self, bad) -> None:
        assert seconds([bad] * 50) == pytest.approx(np.arange(50) / FPS)
        assert seconds([bad, bad, 7.0, 7.1]) == pytest.approx([0, 0.1, 0.2, 0.3])

    def test_jitter_backwards_costs_no_time(self) -> None:
        times = seconds([0, 0.1, 0.1, 0.05, 0.1, 0.2, 0.3])
        assert times == pytest.approx([0, 0.1, 0.1, 0.1, 0.1, 0.2, 0.3], abs=1e-3)
        assert (np.diff(times) > 0).all()

    def test_equal_times_follow_the_declared_rate_after_a_second(self) -> None:
        times = seconds([0.0] * 600)
        assert (np.diff(times) > 0).all()
        assert np.diff(times)[10:] == pytest.approx(1 / FPS)
        assert times[10] < 0.2

    def test_frames_in_pairs_are_no_standstill(self) -> None:
        moments = np.repeat(np.arange(100) / FPS, 2)
        assert seconds(moments, 2 * FPS) == pytest.approx(moments, abs=1e-3)

    @pytest.mark.parametrize("seed", range(20))
    def test_whatever_comes_times_grow_by_no_more_than_the_longest_pause(self, seed) -> None:
        generator = np.random.default_rng(seed)
        wild = [None, NAN, INF, -INF, 0.0, 1e5, -1e5, 9e18, 1e308, -1e308, 599.0]
        moments = [
            wild[generator.integers(len(wild))] if generator.random() < 0.5 else generator.normal() * 1000
            for _ in range(300)
        ]
        times = seconds(moments, fps=float(generator.choice([1e-9, 0.5, 30, 1e9])))
        steps = np.diff(times)
        assert times[0] == 0 and np.isfinite(times).all()
        assert steps.min() > 0.9e-4 and steps.max() <= LONGEST_PAUSE + 1e-6


def test_clocks_without_ticks_tell_no_moment() -> None:
    decoder = VideoDecoder(SimpleNamespace(format=SimpleNamespace(name="apng")), None)
    assert decoder.moment(SimpleNamespace(pts=3, dts=3, time_base=None)) is None
    assert decoder.moment(SimpleNamespace(pts=None, dts=3, time_base=1)) is None
    assert decoder.moment(SimpleNamespace(pts=10**400, dts=3, time_base=1)) is None
    assert decoder.moment(SimpleNamespace(pts=3, dts=1, time_base=2)) == 6.0


def test_any_error_of_the_decoder_skips_a_packet() -> None:
    frame = av.VideoFrame(16, 16)

    def packet(result):
        def decode():
            if isinstance(result, Exception):
                raise result
            return result

        return SimpleNamespace(
            size=1, is_corrupt=False, dts=0, pts=0, duration=1, time_base=None, decode=decode
        )

    errors = [MemoryError(), ValueError(), OverflowError(), UnicodeDecodeError("utf-8", b"", 0, 1, "bad")]
    packets = [packet(each) for each in [*errors, [frame], av.FFmpegError(1, "one")]]
    stream = SimpleNamespace()
    for each in packets:
        each.stream = stream
    container = SimpleNamespace(start_time=0, demux=lambda: iter(packets))
    decoder = VideoDecoder(container, stream)
    assert list(decoder.frames()) == [frame]
    assert decoder.skipped == 5


@pytest.mark.parametrize(("good", "read"), [((0, 30), 2), ((0, 35), 1), ((31,), 0)])
def test_long_stretches_without_a_picture_end_the_reading(monkeypatch, good, read) -> None:
    monkeypatch.setattr(decoding, "_PATIENCE", 30)
    stream = SimpleNamespace(decode=lambda packet: [])

    def packet(number):
        content = [number] if number in good else []
        return SimpleNamespace(
            size=1, is_corrupt=False, dts=0, pts=0, duration=1, time_base=None, stream=stream,
            decode=lambda: content,
        )  # fmt: skip

    container = SimpleNamespace(start_time=0, demux=lambda: map(packet, range(50)))
    decoder = VideoDecoder(container, stream)
    assert len(list(decoder.frames())) == read
    assert decoder.broken == (read < 2)


@pytest.mark.parametrize("content", [b"", b"\x01" * 35, b"\x01" * 40])
def test_a_rotation_of_a_wrong_size_turns_nothing(content) -> None:
    frame = SimpleNamespace(side_data={av.sidedata.sidedata.Type.DISPLAYMATRIX: content})
    assert np.array_equal(display_matrix(frame), np.eye(2))


def test_side_data_that_pyav_does_not_know() -> None:
    class Unknown:
        def get(self, kind):
            raise ValueError("99 is not a valid Type")

    assert np.array_equal(display_matrix(SimpleNamespace(side_data=Unknown())), np.eye(2))


def test_an_impossible_shape_of_pixels_counts_as_square() -> None:
    class Stream:
        @property
        def sample_aspect_ratio(self):
            raise ZeroDivisionError

    assert shown_size(SimpleNamespace(width=40, height=30), Stream()) == (40, 30)
