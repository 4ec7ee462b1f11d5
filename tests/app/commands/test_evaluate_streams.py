"""What ``pose2action evaluate --stream`` prints, writes and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from app.cli import cli
from recognizer import weights
from recognizer.predictor import Recognizer
from recognizer.smoothing import Steadiness
from recognizer.training.streams.evaluate import Setting, StreamReport
from recognizer.training.streams.measure import measure
from recognizer.training.streams.truth import Event, Shown, Span, Truth

FIGURES = measure(
    [Truth(60, (Event(10, 20, ("arm_curl",)), Event(30, 40, ("clap",))), (Span(50, 60),))],
    [(Shown(0, 12, None), Shown(12, 20, "arm_curl"), Shown(20, 55, "idle"), Shown(55, 60, "wave"))],
)


def report(name: str = "mine", part: str = "val") -> StreamReport:
    curve = tuple(
        Setting(threshold, Steadiness(), {**FIGURES["overall"], "median_delay_of_all": 3 * threshold})
        for threshold in (0.3, 0.5, 0.7)
    )
    return StreamReport(
        name, part, 0.5, 3.0, 1, dict.fromkeys((30.0, 15.0, 10.0), FIGURES),
        {"utd_mhad": FIGURES["overall"], "nw_ucla": FIGURES["overall"]}, 0.75, curve,
        curve[0] if part == "val" else None,
    )  # fmt: skip


@pytest.fixture
def evaluated(monkeypatch: pytest.MonkeyPatch) -> list[tuple]:
    """What was asked for; each weights' report is the same."""
    asked: list[tuple] = []

    def evaluate(names, *options, choosing):
        asked.append((tuple(names), *options, choosing))
        return [report(Path(name).stem, options[1] or "") for name in names]

    monkeypatch.setattr("app.commands.evaluate.evaluate_streams", evaluate)
    return asked


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    recognizer = Recognizer.untrained()
    card = recognizer.card.model_copy(update={"name": "mine"})
    return weights.save(recognizer.engine.network, card, tmp_path / "weights")


def ran(*arguments: str | Path) -> str:
    result = CliRunner().invoke(cli, ["evaluate", *map(str, arguments)])
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stdout


def refused(*arguments: str | Path) -> str:
    result = CliRunner().invoke(cli, ["evaluate", *map(str, arguments)])
    assert result.exit_code == 1, result.output
    (line,) = result.stderr.splitlines()
    return line


def test_the_tables(mine: Path, evaluated: list[tuple]):
    printed = ran(
        mine, "--data", "data", "--stream", "--part", "val", "--dataset", "utd_mhad", "--window", "2"
    )
    assert evaluated == [((str(mine),), Path("data"), "val", "utd_mhad", "auto", 2.0, False)]
    lines = [[cell.strip() for cell in line.split("│")[1:-1]] for line in printed.splitlines() if "│" in line]
    assert ["delay, median, s", "2.00", "2.00", "2.00"] in lines
    assert ["false labels a minute, idle", "6.00", "6.00", "6.00"] in lines
    assert ["false labels a minute, unknown", "-", "-", "-"] in lines
    heads = [[cell.strip() for cell in line.split("┃")[1:-1]] for line in printed.splitlines() if "┃" in line]
    assert ["at 30 fps", "utd_mhad", "nw_ucla"] in heads
    assert ["delay, median, s", "2.00", "2.00"] in lines and ["actions", "2", "2"] in lines
    assert ["same label at all of these", "75.0 %", "", ""] in lines
    assert ["arm curl", "1", "100 %", "100 %", "100 %", "2.00", "2.00", "0 %", "0"] in lines
    assert ["clap", "1", "0 %", "0 %", "0 %", "-", "-", "100 %", "0"] in lines
    assert ["wave", "0", "0 %", "0 %", "0 %", "-", "-", "-", "1"] in lines
    words = " ".join(printed.split())
    assert (
        "mine, threshold 0.5, windows of 3 s: 1 streams of the validation parts, 1.0 minutes with 2 actions"
        in words
    )
    assert "Least delay with at most 1 false label a minute: threshold 0.3" in words


def test_nothing_is_chosen_on_the_test_part(mine: Path, evaluated: list[tuple]):
    assert "Least delay" not in ran(mine, "--stream", "--part", "test")
    assert "of real cameras the validation parts" in " ".join(ran(mine, "--stream").split())


def test_figures_and_threshold_of_validation_streams_go_into_the_card(mine: Path, evaluated: list[tuple]):
    weights.add_metrics(mine, {}, threshold=0.3)
    ran(mine, "--stream", "--part", "val", "--card")
    assert evaluated[-1][-1] is True, "the threshold of the least delay with few false labels is looked for"
    card = weights.read_card(mine)[1]
    assert card.threshold == 0.5, "that of the report"
    told = card.metrics["streams_val"]
    assert told["command"] == "pose2action evaluate mine --data DATA --stream --part val"
    assert told["threshold"] == 0.5, "with which the figures were measured"
    assert told["rates"]["10"]["delay_median"] == 2 and told["datasets"]["utd_mhad"]["events"] == 2
    ran(mine, "--stream", "--part", "test", "--dataset", "utd_mhad", "--card")
    again = weights.read_card(mine)[1]
    assert again.metrics["streams_test"]["command"].endswith("--part test --dataset utd_mhad")
    assert again.metrics["streams_val"] == told


def test_what_is_no_number_is_null_in_the_file(mine: Path, evaluated: list[tuple], tmp_path: Path):
    ran(mine, "--stream", "--json", tmp_path / "out.json")
    text = (tmp_path / "out.json").read_text()
    assert "NaN" not in text and "Infinity" not in text
    (found,) = json.loads(text)["streams"]
    assert list(found["rates"]) == ["30", "15", "10"]
    assert found["rates"]["30"]["overall"]["false_labels_unknown"] is None
    assert found["rates"]["30"]["overall"]["median_delay_of_all"] is None
    assert found["rates"]["30"]["arm_curl"]["delay_median"] == 2
    assert found["curve"][1] == {
        "threshold": 0.5,
        "steadiness": {"time_constant": 0.4, "hold": 0.4, "margin": 0.25, "release": 0.05},
        "figures": {**found["rates"]["30"]["overall"], "median_delay_of_all": 1.5},
    }


def test_the_plot_has_a_line_for_each_weights(mine: Path, evaluated: list[tuple], tmp_path: Path):
    pictures = []
    for names in ([mine], [mine, mine]):
        ran(*names, "--stream", "--plot", tmp_path / "plot.png")
        pictures.append(cv2.imdecode(np.fromfile(tmp_path / "plot.png", np.uint8), cv2.IMREAD_COLOR))
    assert pictures[0].shape == (640, 1000, 3)
    red = [(np.abs(picture.astype(int) - (43, 57, 192)).sum(2) < 30).sum() for picture in pictures]
    assert red[0] == 0 and red[1] > 200, "the second line's colour"


def test_options_that_do_not_go_together(mine: Path, tmp_path: Path):
    for option, value in (
        ("--frame-rates", ()),
        ("--fuse", ()),
        ("--confusion", ("a.html",)),
    ):
        assert f"{option} goes without --stream." in refused(mine, "--stream", option, *value)
    assert "--plot goes with --stream." in refused(mine, "--plot", "a.png")
    assert "--window goes with --stream." in refused(mine, "--window", "2")
    assert "there is no such folder" in refused(mine, "--stream", "--plot", tmp_path / "no" / "a.png")
    assert "of no part 'train'" in refused(mine, "--stream", "--part", "train", "--data", tmp_path)
    assert "no weights 'nobody'" in refused("nobody", "--stream", "--data", tmp_path)
