"""Which package may import which: training runs with torch alone, and only the page knows Gradio."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FRONT_END = {"mediapipe", "cv2", "gradio", "av"}
"""What a machine for training need not have."""

ROOMS = {
    "core": set(),
    "drawing": {"core"},
    "live": {"core"},
    "video": {"core", "drawing"},
    "door": set(),
    "web": {"core", "drawing", "live", "video", "door"},
    "commands": {"core", "drawing", "video", "door", "web"},
    "cli": {"commands"},
}
"""The rooms of ``app``, and of which others each may know; docs/architecture.md draws it."""

GUESTS = {
    "gradio": {"web"},
    "fastapi": {"web"},
    "starlette": {"door", "web"},
    "uvicorn": {"door", "commands"},
    "rich": {"commands"},
    "typer": {"cli"},
    "plotly": {"drawing"},
    "av": {"drawing"},
}
"""Packages of others, and the only rooms of ``app`` that may import them."""


def sources(package: str) -> list[Path]:
    files = sorted((ROOT / package).rglob("*.py"))
    assert files, f"no source files in {package}"
    return files


def imported(path: Path) -> set[str]:
    """Full names of all modules that a file imports anywhere in it, ``from a import b`` as both a and a.b."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: import by full name"
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def top(names: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


def test_the_finder_sees_imports_inside_functions(tmp_path: Path):
    (tmp_path / "a.py").write_text("def f():\n    import gradio.themes\n    from pose import skeleton\n")
    assert imported(tmp_path / "a.py") == {"gradio.themes", "pose", "pose.skeleton"}


@pytest.mark.parametrize("path", sources("pose"), ids=str)
def test_pose_knows_neither_networks_nor_application(path: Path):
    assert not top(imported(path)) & {"recognizer", "app", "torch", "lightning", "gradio"}


@pytest.mark.parametrize("path", sources("recognizer"), ids=str)
def test_recognizer_needs_no_front_end(path: Path):
    names = imported(path)
    assert not top(names) & (FRONT_END | {"app"})
    allowed = {"pose.skeleton", "pose.layouts", "pose.files", "pose.npz", "pose.errors"}
    if path.name in ("real_landmarks.py", "recordings.py"):
        allowed.add("pose.mapping")  # their data are MediaPipe landmarks; the mapping is numpy alone
    if "streams" in path.parts:
        allowed.add("pose.buffer")  # they are watched as the live program watches; the buffer is numpy alone
    modules = {".".join(name.split(".")[:2]) for name in names if name.startswith("pose.")}
    assert modules <= allowed
    if "training" not in path.parts:
        assert "lightning" not in top(names), "only training needs Lightning"


def test_the_rooms_are_known():
    assert {path.parent.name for path in sources("app") if path.parent != ROOT / "app"} == set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_arrows_between_rooms_run_one_way(room: str):
    known = ROOMS[room] | {room}
    for path in sources(f"app/{room}"):
        others = {name.split(".")[1] for name in imported(path) if name.startswith("app.")}
        assert others <= known | {"__version__"}, path


def test_no_arrow_runs_back():
    assert not [room for room, below in ROOMS.items() for each in below if room in ROOMS[each]]


@pytest.mark.parametrize("package", GUESTS)
def test_only_some_rooms_know_a_package(package: str):
    for path in sources("app"):
        if package in top(imported(path)):
            assert path.parent.name in GUESTS[package], path


def test_recognition_and_training_run_without_the_front_end():
    blocked = ", ".join(f"{name!r}: None" for name in sorted(FRONT_END | {"app", "plotly", "typer"}))
    code = (
        f"import sys; sys.modules.update({{{blocked}}})\n"
        "import recognizer.predictor, recognizer.training.windows.fit, recognizer.data.corpus\n"
        "import recognizer.training.clips.fit, recognizer.data.prepare\n"
        "print('recognises')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.stdout.strip() == "recognises", done.stderr


SLOW = ("torch", "lightning", "matplotlib", "sympy", "pandas", "sounddevice", "onnx", "onnxscript")
"""Packages that take long to import, or much memory, and that recognition does without."""


def imported_by(code: str) -> set[str]:
    """Top-level names of all that a program has imported in the end."""
    code += "\nimport sys; print('imported', *{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split()[1:])


def test_help_imports_nothing_heavy():
    code = (
        "import sys; sys.argv = ['pose2action', 'run', '--help']\n"
        "from app.cli import main\ntry:\n    main()\nexcept SystemExit:\n    pass"
    )
    names = imported_by(code)
    assert not names & {*SLOW, "numpy", "scipy", "mediapipe", "cv2", "av", "gradio", "plotly", "onnxruntime"}


def test_a_recogniser_and_pose_estimation_need_no_slow_packages():
    code = (
        "import app.commands.run, app.video.process, app.live.engine, pose.estimators, pose.hands\n"
        "from app.core.catalogue import Catalogue\n"
        "catalogue = Catalogue.shipped()\n"
        "assert {'spa', 'lsta'} <= {catalogue.load(name).card.network.name for name in catalogue.cards}"
    )
    assert not imported_by(code) & {*SLOW, "scipy", "gradio", "plotly"}


def test_gradio_writes_no_stubs_and_is_whole():
    code = (
        "import inspect; before = inspect.getfile\n"
        "import app.web, gradio, gradio.component_meta as meta\n"
        "assert inspect.getfile is before and gradio.Blocks and gradio.HTML\n"
        "calls = []; meta.create_pyi = lambda *_: calls.append(1) or ''\n"
        "import importlib, gradio.components.html as html\n"
        "from app.web.gradio_import import _components_in_no_file\n"
        "with _components_in_no_file():\n    importlib.reload(html)\n"
        "assert not calls"
    )
    assert "gradio" in imported_by(code)


def test_the_page_needs_no_slow_packages():
    code = (
        "from app.core.catalogue import Catalogue\n"
        "from app.web.page import create_app\ncreate_app(Catalogue.shipped())"
    )
    assert not imported_by(code) & {"torch", "lightning", "matplotlib", "sympy", "onnx", "onnxscript"}


def test_a_click_needs_no_slow_packages_either():
    code = (
        "import app.web, gradio\n"
        "from fastapi.testclient import TestClient\n"
        "with gradio.Blocks() as page:\n"
        "    gradio.Button().click(lambda: None, queue=False, api_name='press')\n"
        "client = TestClient(gradio.routes.App.create_app(page))\n"
        "answer = client.post('/gradio_api/run/press', json={'data': []})\n"
        "assert answer.status_code == 200, answer.text"
    )
    assert not imported_by(code) & {"torch", "matplotlib", "scipy"}
