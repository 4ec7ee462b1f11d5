import os
from contextlib import closing
from types import SimpleNamespace

import av
import numpy as np
import pytest

from app.core.attention import AttentionLog
from app.core.subjects import PEOPLE
from app.video.process import process_video
from app.video.run import Cancelled
from pose.layouts import MEDIAPIPE_33, SHREC_22
from pose.skeleton import PersonPose
from pose.sources import SourceError
from recognizer.predictor import Recognizer
from tests.doubles import open_hand


def frames_of(path):
    with av.open(str(path)) as container:
        return [(f.time, f.to_ndarray(format="rgb24")) for f in container.decode(video=0)]


@pytest.fixture
def analyse(fakes):
    def run(path, recognizer=None, poses=lambda t: [fakes.pose(80, 60, 10, (160, 120))], **options):
        run.estimator = fakes.Estimator(poses)
        return process_video(path, recognizer or fakes.Recognizer(), estimator=run.estimator, **options)

    return run


def test_a_clip_with_two_actions(analyse, make_video, fakes):
    recognizer = fakes.Recognizer(lambda end: "wave" if end < 5 else "clap", window_seconds=2.0)
    clip = make_video(9.0, 15)
    result = analyse(clip, recognizer)
    assert (result.source, result.weights, result.layout) == (str(clip), "fake", "kinetics-18")
    assert result.duration == pytest.approx(9.0, abs=0.02) and result.fps == pytest.approx(15)
    (person,) = result.persons
    assert [s.label for s in person.segments] == ["wave", "clap"]
    # The fake answers by a window's end, and a window speaks for its middle.
    assert person.segments[0].end == pytest.approx(4.0, abs=0.4)
    assert person.segments[0].start == 0 and person.segments[1].end == pytest.approx(8.93, abs=0.02)
    assert len(person.summary) == 5 and not person.unsure
    assert person.windows[0].time == pytest.approx(2.0)
    assert np.diff([w.time for w in person.windows])[:-1] == pytest.approx(0.25)
    assert person.windows[-1].time == pytest.approx(134 / 15, abs=1e-3)
    assert all(len(w.top) == 5 for w in person.windows)


def test_the_summary_is_the_mean_over_the_windows(analyse, make_video, fakes):
    recognizer = fakes.Recognizer(lambda end: "wave" if end < 3.1 else "clap", window_seconds=2.0)
    (person,) = analyse(make_video(4.0, 10), recognizer).persons
    scores = {each.label: each.score for each in person.summary}
    share = np.mean([w.top[0].label == "wave" for w in person.windows])
    assert 0 < share < 1
    assert scores["wave"] == pytest.approx(0.9 * share + 0.02 * (1 - share))


def test_unsure_people_have_no_segments(analyse, make_video):
    result = analyse(make_video(4.0, 10), threshold=0.95)
    assert result.persons[0].unsure and result.persons[0].segments == ()


@pytest.mark.parametrize("count", [1, 2, 10])
def test_a_clip_shorter_than_a_window_still_has_a_result(analyse, make_video, count):
    result = analyse(make_video(count / 30, 30))
    (person,) = result.persons
    assert len(person.windows) == 1
    assert person.windows[0].time == pytest.approx((count - 1) / 30, abs=1e-3)
    assert person.summary[0].label == "wave"
    assert [s.label for s in person.segments] == ["wave"]


def test_the_annotated_video_has_all_frames_at_their_times(analyse, make_video, tmp_path):
    times = [0.0, 0.04, 0.2, 0.21, 0.5, 1.1, 1.15, 2.4]
    clip = make_video(times=times)
    analyse(clip, video_out=tmp_path / "out.mp4")
    frames = frames_of(tmp_path / "out.mp4")
    assert [time for time, _ in frames] == pytest.approx(times, abs=2e-3)
    with av.open(str(tmp_path / "out.mp4")) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264" and stream.codec_context.pix_fmt == "yuv420p"
    assert not list(tmp_path.glob(".*"))


def test_skeletons_are_drawn(analyse, make_video, tmp_path, fakes):
    clip = make_video(1.0, 10)
    analyse(clip, video_out=tmp_path / "with.mp4")
    analyse(clip, poses=lambda t: [], video_out=tmp_path / "without.mp4")
    drawn, plain = frames_of(tmp_path / "with.mp4")[5][1], frames_of(tmp_path / "without.mp4")[5][1]
    assert (np.abs(drawn.astype(int) - plain).max(axis=2) > 60).sum() > 100


@pytest.mark.parametrize(
    ("size", "expected"), [((1920, 1080), (1280, 720)), ((1080, 1920), (720, 1280)), ((322, 240), (322, 240))]
)
def test_large_pictures_are_scaled_down(analyse, make_video, tmp_path, size, expected):
    analyse(make_video(0.2, 10, size), video_out=tmp_path / "out.mp4")
    assert frames_of(tmp_path / "out.mp4")[0][1].shape[1::-1] == expected


@pytest.mark.parametrize(("fps", "analysed"), [(10, 20), (20, 40), (29.97, 41), (60, 41)])
def test_twenty_frames_a_second_are_analysed_and_all_drawn(analyse, make_video, tmp_path, fps, analysed):
    analyse(make_video(2.0, fps), video_out=tmp_path / "out.mp4")
    assert len(analyse.estimator.times) == pytest.approx(analysed, abs=1)
    assert np.diff(analyse.estimator.times).max() < 0.11
    assert len(frames_of(tmp_path / "out.mp4")) == round(2 * fps)


def test_where_landmarks_are_written_thirty_frames_a_second_are_all_analysed(analyse, make_video, tmp_path):
    analyse(make_video(2.0, 29.97), skeleton_out=tmp_path / "out.npz")
    assert len(analyse.estimator.times) == 60


def test_in_the_frames_between_people_are_on_their_way(analyse, make_video, tmp_path, fakes, monkeypatch):
    places = []
    monkeypatch.setattr(
        "app.video.finishing.annotate",
        lambda image, marks: places.append([float(mark.pose.image[0, 0]) for mark in marks]) or image,
    )
    still = float(fakes.pose(0, 60, 10, (160, 120)).image[0, 0])
    walking = lambda t: [fakes.pose(40 + 30 * t, 60, 10, (160, 120))]  # noqa: E731
    analyse(make_video(2.0, 30), poses=walking, video_out=tmp_path / "out.mp4")
    assert len(places) == 60 and len(analyse.estimator.times) < 45
    np.testing.assert_allclose(np.array(places)[:, 0], still + 40 + np.arange(60), atol=0.1)


def test_nobody(analyse, make_video, tmp_path):
    result = analyse(
        make_video(1.0), poses=lambda t: [], video_out=tmp_path / "o.mp4", skeleton_out=tmp_path / "o.npz"
    )
    assert result.persons == () and result.message == PEOPLE.missing_in_video
    assert len(frames_of(tmp_path / "o.mp4")) == 30
    assert len(np.load(tmp_path / "o.npz")["persons"]) == 0


def test_two_people(analyse, make_video, fakes):
    def poses(t):
        return [
            fakes.pose(40, 60, 10, (160, 120)),
            *([fakes.pose(120, 60, 10, (160, 120))] if t >= 1 else []),
        ]

    result = analyse(make_video(5.0, 15), poses=poses)
    assert len(result.persons) == 2
    starts = [person.segments[0].start for person in result.persons]
    assert starts == [0, pytest.approx(1.0, abs=0.25)]


def test_a_passer_by_is_left_out(analyse, make_video, fakes):
    def poses(t):
        return [
            fakes.pose(40, 60, 10, (160, 120)),
            *([fakes.pose(120, 60, 10, (160, 120))] if 1 <= t < 1.3 else []),
        ]

    assert len(analyse(make_video(6.0, 15), poses=poses).persons) == 1


def test_an_absence_is_a_gap_between_segments(analyse, make_video, fakes):
    poses = lambda t: [] if 3 <= t < 6 else [fakes.pose(80, 60, 10, (160, 120))]  # noqa: E731
    result = analyse(make_video(9.0, 10), poses=poses)
    spans = [(s.start, s.end) for person in result.persons for s in person.segments]
    assert spans == [pytest.approx((0, 2.9)), pytest.approx((6.0, 8.9))]


def test_skeletons_come_back_as_they_were(analyse, make_video, tmp_path, fakes):
    poses = lambda t: [fakes.pose(40 + 10 * t, 60, 10, (160, 120))] if t > 0.45 else []  # noqa: E731
    analyse(make_video(2.0, 10), poses=poses, skeleton_out=tmp_path / "s.npz")
    read = np.load(tmp_path / "s.npz")
    (person,) = read["persons"]
    assert read["time"] == pytest.approx(np.arange(20) / 10, abs=1e-3)
    detected = read[f"detected_{person}"]
    assert detected.tolist() == [False] * 5 + [True] * 15
    expected = fakes.pose(40 + 10 * read["time"][12], 60, 10, (160, 120))
    landmarks = read[f"landmarks_{person}"][12]
    np.testing.assert_allclose(landmarks[:, :2] * [160, 120], expected.image, atol=1e-3)
    assert (landmarks[:, 3] == 1).all()
    np.testing.assert_allclose(read[f"world_{person}"][12, :, :3], expected.world, atol=1e-6)
    assert not read[f"landmarks_{person}"][~detected].any()


def test_attention_of_the_windows_that_count_is_logged_where_it_is_asked_for(analyse, make_video, fakes):
    recognizer = fakes.Recognizer()
    clip = make_video(4.0, 10)
    analyse(clip, recognizer)
    assert not any(recognizer.asked_for_attention)
    with closing(AttentionLog()) as log:
        (person,) = analyse(clip, recognizer, attention=log).persons
        assert log.spans() == {person.id: (person.windows[0].time, person.windows[-1].time)}
        for window in person.windows:
            looked = log.at(person.id, window.time)
            assert looked.end == pytest.approx(window.time)
            assert looked.maps.joints[-1].argmax() == recognizer.looks_at


def test_progress_grows_to_one(analyse, make_video, monkeypatch):
    monkeypatch.setattr("app.video.run.PROGRESS_EVERY", 0.0)
    told = []
    analyse(make_video(2.0), progress=lambda fraction, sentence: told.append((fraction, sentence)))
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions) and fractions[0] < 0.1 and fractions[-1] == 1.0
    assert len(told) > 20 and "of 2.0 s" in told[5][1]


def test_cancelling_leaves_no_files(analyse, make_video, tmp_path):
    clip = make_video(4.0)
    asked = iter(range(10**6))
    with pytest.raises(Cancelled):
        analyse(
            clip,
            video_out=tmp_path / "o.mp4",
            skeleton_out=tmp_path / "o.npz",
            cancelled=lambda: next(asked) > 40,
        )
    assert os.listdir(tmp_path) == [clip.name]


def test_finishing_early_keeps_what_there_is(analyse, make_video, tmp_path):
    asked = iter(range(10**6))
    result = analyse(make_video(4.0), video_out=tmp_path / "o.mp4", finish=lambda: next(asked) >= 60)
    assert result.duration == pytest.approx(2.0, abs=0.01) and len(result.persons) == 1
    assert len(frames_of(tmp_path / "o.mp4")) == 60


@pytest.mark.parametrize("broken", ["estimator", "recogniser", "writer"])
def test_errors_of_any_part_come_out_and_leave_no_files(
    analyse, make_video, tmp_path, fakes, broken, monkeypatch
):
    clip = make_video(4.0)
    recognizer, poses = fakes.Recognizer(), lambda t: [fakes.pose(80, 60, 10, (160, 120))]

    def fail(*_):
        raise RuntimeError("broken on purpose")

    if broken == "estimator":
        poses = lambda t: fail() if t > 2 else []  # noqa: E731
    elif broken == "recogniser":
        recognizer.error = RuntimeError("broken on purpose")
    else:
        monkeypatch.setattr("app.drawing.encoding.VideoWriter.write", fail)
    with pytest.raises(RuntimeError, match="broken on purpose"):
        analyse(clip, recognizer, poses, video_out=tmp_path / "o.mp4")
    assert os.listdir(tmp_path) == [clip.name]


def test_an_older_output_survives_an_error(analyse, make_video, tmp_path, fakes):
    (tmp_path / "o.mp4").write_bytes(b"older")
    recognizer = fakes.Recognizer()
    recognizer.error = RuntimeError("broken on purpose")
    with pytest.raises(RuntimeError):
        analyse(make_video(4.0), recognizer, video_out=tmp_path / "o.mp4")
    assert (tmp_path / "o.mp4").read_bytes() == b"older"


def test_labels_are_told_when_they_change(analyse, make_video, fakes):
    recognizer = fakes.Recognizer(lambda end: "wave" if end < 5 else "clap", window_seconds=2.0)
    told = []
    analyse(make_video(9.0, 15), recognizer, on_event=told.append)
    assert [event.label for event in told] == ["wave", "clap"]
    assert 1.0 <= told[0].time <= 1.5 and 5.0 <= told[1].time <= 6.5
    assert {(event.person, event.count) for event in told} == {(0, None)}


def squatting(fakes, seconds=2.0):
    """Somebody who squats once in so many seconds, from the first second on."""

    def poses(t):
        down = 0.0 if t < 1 else 0.5 - 0.5 * np.cos(2 * np.pi * (t - 1) / seconds)
        pose = fakes.pose(80, 60, 10, (160, 120))
        above = [i for i, name in enumerate(pose.layout.joints) if not any(
            part in name for part in ("knee", "ankle", "heel", "foot"))]  # fmt: skip
        image = pose.image.copy()
        image[above, 1] += 14 * down
        return [PersonPose(image, pose.world, pose.visibility, pose.frame_size)]

    return poses


def test_repetitions_are_counted_told_and_drawn(analyse, make_video, fakes, tmp_path, monkeypatch):
    drawn, told = [], []
    monkeypatch.setattr(
        "app.video.finishing.annotate",
        lambda image, marks: drawn.append([mark.text for mark in marks]) or image,
    )
    result = analyse(
        make_video(11.5, 30), fakes.Recognizer(lambda end: "squat"), poses=squatting(fakes),
        on_event=told.append, video_out=tmp_path / "o.mp4",
    )  # fmt: skip
    (person,) = result.persons
    ((segment, row),) = person.counted
    assert (segment.label, row.count) == ("squat", 5)
    assert row.per_minute == pytest.approx(30, abs=1)
    assert [event.count for event in told] == [0, 1, 2, 3, 4, 5]
    for event, done in zip(told[1:], (3, 5, 7, 9, 11), strict=True):
        assert done - 1 < event.time < done + 0.5
    assert drawn[-1] == ["squat 90%, 5"]


def test_where_nothing_is_kept_events_come_all_the_same(analyse, make_video, fakes):
    told = []
    poses = lambda t: [] if 4 <= t < 7 else squatting(fakes)(t)  # noqa: E731
    result = analyse(
        make_video(10, 15),
        fakes.Recognizer(lambda end: "squat"),
        poses=poses,
        on_event=told.append,
        keep=False,
    )
    assert result.persons == ()
    assert [(event.label, event.count) for event in told[:2]] == [("squat", 0), ("squat", 1)]
    (gone,) = [event for event in told if event.label is None]
    assert 4.9 <= gone.time <= 5.1 and gone.count is None and gone.score == 0
    back = told[told.index(gone) + 1]
    assert back.label == "squat" and back.time >= 7.9, "not the stale label"


def test_a_truncated_file_is_partial(analyse, make_video, tmp_path):
    with av.open(str(make_video(6.0, 30))) as source, av.open(str(tmp_path / "c.mkv"), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    data = (tmp_path / "c.mkv").read_bytes()
    (tmp_path / "cut.mkv").write_bytes(data[: len(data) // 2])
    result = analyse(tmp_path / "cut.mkv")
    assert 1 < result.duration < 5
    assert "ends early" in result.problem
    assert result.persons[0].summary[0].label == "wave"


def test_bad_sources_and_layouts(analyse, tmp_path, fakes, make_video):
    with pytest.raises(SourceError, match="no file"):
        analyse(tmp_path / "none.mp4", video_out=tmp_path / "o.mp4")
    with pytest.raises(ValueError, match="kinetics-18, ntu-25, shrec-22"):
        analyse(make_video(1.0), fakes.Recognizer(layout=MEDIAPIPE_33), video_out=tmp_path / "o.mp4")
    assert not (tmp_path / "o.mp4").exists() and not list(tmp_path.glob(".*"))


def test_hands(analyse, make_video, tmp_path, fakes):
    recognizer = fakes.Recognizer(lambda end: "grab", classes=("grab", "tap"), layout=SHREC_22)
    hand = open_hand((160, 120), (80, 100), 30)
    with closing(AttentionLog()) as log:
        result = analyse(
            make_video(3.0, 10), recognizer, lambda t: [hand], attention=log, video_out=tmp_path / "o.mp4",
            skeleton_out=tmp_path / "o.npz",
        )  # fmt: skip
        looked = log.at(0, 2.0)
    assert (result.layout, result.subject.number(0)) == ("shrec-22", "hand 1")
    assert result.as_json()["layout"] == "shrec-22"
    assert [segment.label for segment in result.persons[0].segments] == ["grab"]
    with np.load(tmp_path / "o.npz", allow_pickle=False) as read:
        assert read["world_0"].shape == read["landmarks_0"].shape == (30, 21, 4)
        np.testing.assert_allclose(read["world_0"][7, :, :3], hand.world, atol=1e-7)
        np.testing.assert_allclose(read["landmarks_0"][7, :, :2] * (160, 120), hand.image, atol=1e-3)
        assert (read["world_0"][..., 3] == 1).all() and read["detected_0"].all()
    assert looked.layout is SHREC_22 and looked.body.shape == (22, 3)
    _, picture = frames_of(tmp_path / "o.mp4")[15]
    x, y = hand.image[12]  # the middle finger's tip
    assert abs(int(picture[round(y), round(x), 1]) - 90) > 60, "the hand is drawn"


def test_hands_that_move_are_drawn_in_every_frame(analyse, make_video, tmp_path, fakes):
    def poses(t):
        return [open_hand((160, 120), (60 + 40 * t, 100), 30)]

    analyse(make_video(1.0, 30), fakes.Recognizer(layout=SHREC_22), poses, video_out=tmp_path / "o.mp4")
    pictures = frames_of(tmp_path / "o.mp4")
    assert len(pictures) == 30
    for time, picture in pictures:
        x, y = poses(time)[0].image[0]  # the wrist is bright
        assert picture[round(y) - 1 : round(y) + 2, round(x) - 2 : round(x) + 3].max() > 180, time


def test_a_video_without_hands(analyse, make_video, fakes):
    result = analyse(make_video(1.0), fakes.Recognizer(layout=SHREC_22), lambda t: [])
    assert result.persons == () and result.message == "No hand was seen in this video."


def test_the_figure_with_mediapipe_and_a_real_network(example_clip, tmp_path):
    result = process_video(example_clip, Recognizer.untrained(), video_out=tmp_path / "o.mp4")
    (person,) = result.persons
    assert len(person.windows) == pytest.approx(25, abs=1)
    assert sum(each.score for each in person.summary) == pytest.approx(1.0, abs=1e-3)
    assert len(frames_of(tmp_path / "o.mp4")) == 270


def test_own_actions_are_counted(analyse, make_video, fakes):
    recognizer = fakes.Recognizer(lambda end: "curtsy", classes=("wave", "curtsy", "a", "b", "c", "d"))
    clip = make_video(7.5, 15)
    (person,) = analyse(clip, recognizer, poses=squatting(fakes)).persons
    assert person.repetitions == (None,)
    recognizer.model = SimpleNamespace(actions=("curtsy",))
    (person,) = analyse(clip, recognizer, poses=squatting(fakes)).persons
    assert [row.count for row in person.repetitions] == [3]
