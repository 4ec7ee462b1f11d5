"""The model bundle: built, checked, repaired, never half written."""

from __future__ import annotations

import os
import zipfile
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import pytest

from pose import bundle
from pose.bundle import PoseModelError, hand_bundle, pose_bundle
from pose.mediapipe_parts import FOLDER
from pose.tflite import with_plain_weights

both = pytest.mark.parametrize("make", [pose_bundle, hand_bundle])


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "pose2action"


def test_bundle_holds_the_wheels_models(cache: Path) -> None:
    path = pose_bundle()
    assert path.parent == cache and version("mediapipe") in path.name
    with zipfile.ZipFile(path) as members:
        assert members.testzip() is None
        assert all(entry.compress_type == zipfile.ZIP_STORED for entry in members.infolist())
        detector = members.read("pose_detector.tflite")
        landmarks = members.read("pose_landmarks_detector.tflite")
    modules = FOLDER / "modules"
    assert detector == with_plain_weights((modules / "pose_detection/pose_detection.tflite").read_bytes())
    assert landmarks[4:8] == b"TFL3" and b"TFLITE_METADATA" in landmarks


def test_the_hand_bundle_holds_the_wheels_models(cache: Path) -> None:
    path = hand_bundle()
    assert path.parent == cache and version("mediapipe") in path.name and path != pose_bundle()
    modules = FOLDER / "modules"
    with zipfile.ZipFile(path) as members:
        assert all(entry.compress_type == zipfile.ZIP_STORED for entry in members.infolist())
        assert {name: members.read(name) for name in members.namelist()} == {
            "hand_detector.tflite": with_plain_weights(
                (modules / "palm_detection/palm_detection_full.tflite").read_bytes()
            ),
            "hand_landmarks_detector.tflite": with_plain_weights(
                (modules / "hand_landmark/hand_landmark_full.tflite").read_bytes()
            ),
        }


@both
def test_a_bundle_does_not_depend_on_the_hour(cache: Path, monkeypatch: pytest.MonkeyPatch, make) -> None:
    path = make()
    first = path.read_bytes()
    path.unlink()
    monkeypatch.setattr(zipfile.time, "time", lambda: 1e9)
    assert make().read_bytes() == first


@both
def test_a_sound_bundle_is_kept(cache: Path, make) -> None:
    path = make()
    os.utime(path, (1, 1))
    assert make() == path
    assert path.stat().st_mtime == 1
    assert list(cache.iterdir()) == [path]


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _flip_one_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) * 2 // 3] ^= 0xFF
    path.write_bytes(bytes(data))


def _drop_a_member(path: Path) -> None:
    with zipfile.ZipFile(path) as members:
        (name,) = (each for each in members.namelist() if "landmarks" not in each)
        detector = members.read(name)
    with zipfile.ZipFile(path, "w") as members:
        members.writestr(name, detector)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


@both
@pytest.mark.parametrize("damage", [_truncate, _flip_one_byte, _drop_a_member, _empty])
def test_a_damaged_bundle_is_rebuilt(cache: Path, damage, make) -> None:
    path = make()
    sound = path.read_bytes()
    damage(path)
    make()
    assert path.read_bytes() == sound


def test_the_bundle_of_something_else_is_replaced(cache: Path) -> None:
    path, other = hand_bundle(), pose_bundle()
    sound = path.read_bytes()
    path.write_bytes(other.read_bytes())
    assert hand_bundle().read_bytes() == sound


@both
def test_an_interrupted_build_leaves_nothing(cache: Path, monkeypatch: pytest.MonkeyPatch, make) -> None:
    def interrupted(source: str, target: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        make()
    assert list(cache.iterdir()) == []


def test_builds_side_by_side_agree(cache: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        paths = list(pool.map(lambda _: pose_bundle(), range(3)))
    assert len(set(paths)) == 1 and list(cache.iterdir()) == [paths[0]]
    assert zipfile.ZipFile(paths[0]).testzip() is None


@pytest.mark.parametrize("make, kind", [(pose_bundle, "pose"), (hand_bundle, "hand")])
def test_a_wheel_without_models_is_explained(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make, kind: str
) -> None:
    monkeypatch.setattr(bundle, "_MODULES", tmp_path / "nowhere")
    with pytest.raises(PoseModelError, match=rf"carry its {kind} models .* install mediapipe 0\.10\.21"):
        make()


@both
def test_an_unwritable_cache_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("a file where a folder should be")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocker))
    with pytest.raises(PoseModelError, match="XDG_CACHE_HOME"):
        make()
