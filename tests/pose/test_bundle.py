"""The model bundle: built, checked, repaired, never half written."""

from __future__ import annotations

import os
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import mediapipe
import pytest

from pose import bundle
from pose.bundle import PoseModelError, pose_bundle


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "pose2action"


def test_bundle_holds_the_wheels_models(cache: Path) -> None:
    path = pose_bundle()
    assert path.parent == cache and mediapipe.__version__ in path.name
    with zipfile.ZipFile(path) as members:
        assert members.testzip() is None
        assert all(entry.compress_type == zipfile.ZIP_STORED for entry in members.infolist())
        detector = members.read("pose_detector.tflite")
        landmarks = members.read("pose_landmarks_detector.tflite")
    modules = Path(mediapipe.__file__).parent / "modules"
    assert detector == (modules / "pose_detection/pose_detection.tflite").read_bytes()
    assert landmarks[4:8] == b"TFL3" and b"TFLITE_METADATA" in landmarks


def test_a_bundle_does_not_depend_on_the_hour(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = pose_bundle()
    first = path.read_bytes()
    path.unlink()
    monkeypatch.setattr(zipfile.time, "time", lambda: 1e9)
    assert pose_bundle().read_bytes() == first


def test_a_sound_bundle_is_kept(cache: Path) -> None:
    path = pose_bundle()
    os.utime(path, (1, 1))
    assert pose_bundle() == path
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
        detector = members.read("pose_detector.tflite")
    with zipfile.ZipFile(path, "w") as members:
        members.writestr("pose_detector.tflite", detector)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [_truncate, _flip_one_byte, _drop_a_member, _empty])
def test_a_damaged_bundle_is_rebuilt(cache: Path, damage) -> None:
    path = pose_bundle()
    sound = path.read_bytes()
    damage(path)
    pose_bundle()
    assert path.read_bytes() == sound


def test_an_interrupted_build_leaves_nothing(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(source: str, target: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(bundle.os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        pose_bundle()
    assert list(cache.iterdir()) == []


def test_builds_side_by_side_agree(cache: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        paths = list(pool.map(lambda _: pose_bundle(), range(3)))
    assert len(set(paths)) == 1 and list(cache.iterdir()) == [paths[0]]
    assert zipfile.ZipFile(paths[0]).testzip() is None


def test_a_wheel_without_models_is_explained(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "_MODULES", tmp_path / "nowhere")
    with pytest.raises(PoseModelError, match=r"carry its pose models .* install mediapipe 0\.10\.21"):
        pose_bundle()


def test_an_unwritable_cache_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("a file where a folder should be")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocker))
    with pytest.raises(PoseModelError, match="XDG_CACHE_HOME"):
        pose_bundle()
