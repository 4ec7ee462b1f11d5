"""What the Video tab may be asked for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from app.core.catalogue import Catalogue
from app.web.orders import Order, OrderError, order_of, source_in
from tests.doubles import SteadyRecognizer

CATALOGUE = Catalogue.of(
    {
        name: SteadyRecognizer(name, {"wave": 0.7, "arm_curl": 0.3}, layout=layout)
        for name, layout in
        [("waver", "kinetics-18"), ("curler", "kinetics-18"), ("third", "kinetics-18"), ("deep", "ntu-25")]
    }
)  # fmt: skip
GOOD: dict[str, Any] = {
    "source": "a.mp4", "name": "waver", "partners": ["curler"], "threshold": 0.5, "attention": False,
}  # fmt: skip


def test_what_the_page_offers_can_be_ordered():
    assert order_of(CATALOGUE, **GOOD) == Order("a.mp4", "waver+curler", 0.5, False)
    assert order_of(CATALOGUE, "a.mp4", "waver", None, 1, True) == Order("a.mp4", "waver", 1.0, True)
    assert order_of(CATALOGUE, **GOOD, own="gym").own == "gym"
    assert order_of(CATALOGUE, **GOOD, own="").own is None
    assert order_of(Catalogue({}), "a.mp4", None, [], 0.5, False).weights is None


@pytest.mark.parametrize(
    ("partners", "shares", "weights"),
    [(["curler"], [60, 20, 50], "waver*0.75+curler*0.25"), (["curler"], (30, 30, 1), "waver+curler"),
     (["curler"], (), "waver+curler"), ([], [7, 50, 50], "waver"),
     (["third", "curler"], [50, 25.0, 25], "waver*0.5+third*0.25+curler*0.25")],
)  # fmt: skip
def test_networks_count_as_much_as_ordered(partners: list[str], shares: Any, weights: str):
    assert order_of(CATALOGUE, **GOOD | {"partners": partners}, shares=shares).weights == weights


@pytest.mark.parametrize(
    "wrong",
    [{"threshold": value} for value in
     (float("nan"), float("inf"), 10**400, -0.01, 1.01, "0.5", None, True, [0.5])]
    + [{"name": value} for value in ("other", 3, ["waver"], "waver+curler", "../waver", None)]
    + [{"partners": value} for value in
       (["other"], ["deep"], ["curler", "curler"], ["waver"], ["curler"] * 3000, [["curler"]],
        "curler", {"a": 1})]
    + [{"source": value} for value in (None, 7, ["a.mp4"], {"path": "a.mp4"})]
    + [{"own": value} for value in (3, True, ["gym"])]
    + [{"attention": value} for value in (None, "yes", 1)]
    + [{"shares": value} for value in
       ([50], [50, 0], [-1, 50], [50, None], ["50", 50], [float("nan"), 1], [True, 1], [10**400, 1])],
    ids=lambda wrong: f"{next(iter(wrong))}-{str(next(iter(wrong.values())))[:20]}",
)  # fmt: skip
def test_nothing_else_can(wrong: dict[str, Any]):
    with pytest.raises(OrderError) as caught:
        order_of(CATALOGUE, **GOOD | wrong)
    said = str(caught.value)
    assert said.endswith(".") and len(said) < 150 and "\n" not in said


@pytest.fixture
def uploads(tmp_path: Path) -> Path:
    """A folder of uploads with one in it, and other files around."""
    folder = tmp_path / "uploads"
    inside = (
        "ab12/clip.mp4",
        "ab12/deeper/clip.mp4",
        "video-x/annotated.mp4",
        "video-e/example.mp4",
        ".lock",
    )
    for path in ("elsewhere/clip.mp4", *(f"uploads/{path}" for path in inside)):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(b"x")
    return folder


def test_an_upload_and_the_example_are_found(uploads: Path, tmp_path: Path):
    example = (uploads / "video-e/example.mp4").resolve()
    assert source_in(uploads, str(uploads / "ab12/clip.mp4"), None) == (uploads / "ab12/clip.mp4").resolve()
    assert source_in(uploads, str(example), example) == example
    (tmp_path / "link").symlink_to(uploads)
    through_a_link = source_in(tmp_path / "link", str(uploads / "ab12/clip.mp4"), None)
    assert through_a_link == (uploads / "ab12/clip.mp4").resolve()


@pytest.mark.parametrize(
    "path",
    ["uploads/video-x/annotated.mp4", "uploads/video-e/example.mp4", "uploads/.lock", "uploads/ab12",
     "uploads/ab12/deeper/clip.mp4", "uploads", "uploads/ab12/gone.mp4", "elsewhere/clip.mp4",
     "uploads/../elsewhere/clip.mp4", "uploads/ab12/link.mp4", "uploads/ab12/loop.mp4",
     "uploads/ab12/pipe.mp4", "uploads/ab12/clip.mp4\0", "uploads/" + "a" * 5000, "uploads/out/clip.mp4"],
    ids=lambda path: repr(path[:30]),
)  # fmt: skip
def test_no_other_file_is(uploads: Path, tmp_path: Path, path: str):
    (uploads / "ab12/link.mp4").symlink_to(tmp_path / "elsewhere/clip.mp4")
    (uploads / "ab12/loop.mp4").symlink_to(uploads / "ab12/loop.mp4")
    (uploads / "out").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(uploads / "ab12/pipe.mp4")
    assert source_in(uploads, str(tmp_path / path), None) is None


@pytest.mark.parametrize("path", ["/dev/zero", "/etc/hostname", "", ".", "~", "https://example.org/a.mp4"])
def test_nothing_of_the_machine_is(uploads: Path, path: str):
    assert source_in(uploads, path, None) is None
