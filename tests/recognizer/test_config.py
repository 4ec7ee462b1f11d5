"""Configurations of training runs: the shipped ones, overrides and mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from pose.layouts import NTU_25
from recognizer.data.sources import SOURCES
from recognizer.networks import build
from recognizer.preprocess import channels
from recognizer.training.clip_config import ClipConfig
from recognizer.training.config import ConfigError, load_config, shipped_configs
from recognizer.vocabulary import VOCABULARIES
from tests.recognizer.modules import count


def test_shipped_configurations_are_valid():
    assert {"lsta/daily", "lsta/daily-3d"} <= set(shipped_configs())
    names = []
    for name in shipped_configs():
        shipped = load_config(name)
        names.append(shipped.name)
        assert shipped.network.name == name.partition("/")[0]
        if isinstance(shipped, ClipConfig):
            assert shipped.dataset in SOURCES and shipped.dataset == name.partition("/")[2]
            assert shipped.milestones == tuple(sorted(shipped.milestones))
            assert shipped.schedule == "cosine" or shipped.milestones[-1] < shipped.epochs
        else:
            assert shipped.vocabulary in VOCABULARIES
            assert shipped.name.startswith(f"{shipped.layout}-")
    assert len(set(names)) == len(names)


def test_the_papers_networks_are_trained_at_full_size():
    published = {"dualhead": 3_015_253, "lsta": 1.04e6, "stf": 1.71e6, "sem": 4.87e6}
    for name, size in published.items():
        shipped = load_config(f"{name}/ntu60")
        network = build(shipped.network, NTU_25, 60, channels(NTU_25, shipped.preprocessing), shipped.persons)
        assert count(network) == pytest.approx(size, rel=0.005)
        assert (shipped.network.dropout, shipped.label_smoothing) == (0, 0)


def test_overrides():
    changed = load_config("lsta/daily", ["steps=7", "network.scales=4", "preprocessing.streams=[bone]"])
    assert (changed.steps, changed.network.scales, changed.preprocessing.streams) == (7, 4, ("bone",))
    assert changed.network.width == load_config("lsta/daily").network.width


@pytest.mark.parametrize(
    "name,overrides,part",
    [
        ("lsta/weekly", [], "There is no configuration 'lsta/weekly': give a YAML file or one of dualhead/"),
        ("lsta/daily", ["steps"], "'steps' is no override: write key=value."),
        ("lsta/daily", ["steps=many"], "steps: Input should be a valid integer"),
        (
            "lsta/daily",
            ["steps=1234"],
            "daily.yaml: steps (1234) must be a multiple of validate_every (500).",
        ),
        ("lsta/daily", ["steps=0"], "steps: Input should be greater than 0"),
        (
            "lsta/daily",
            ["network.spatial=tree"],
            "network.spatial: Input should be 'gcn', 'ms-gcn' or 'msda'",
        ),
        ("lsta/daily", ["network.depth=3"], "network.depth: "),
        ("lsta/daily", ["network.name=perceptron"], "daily.yaml: network: Input tag 'perceptron' found"),
        ("lsta/daily", ["surprise=1"], "surprise: Extra inputs are not permitted"),
        ("lsta/daily", ["steps.most=3"], "'steps.most=3' "),
        ("lsta/daily", ["steps=["], "'steps=[' "),
    ],
)
def test_mistakes_are_told_in_one_sentence(name, overrides, part):
    with pytest.raises(ConfigError) as error:
        load_config(name, overrides)
    message = str(error.value)
    assert part in message
    assert "\n" not in message


@pytest.mark.parametrize(
    "content,part",
    [
        (b"name: [unfinished", "is not YAML"),
        (b"- a\n- list\n", "must hold keys and values"),
        (b"", "must hold keys and values"),
        (b"\xff\xfe\x00\x01", "is not YAML"),
        (b"name: x\n", "Field required"),
    ],
    ids=["cut", "list", "empty", "binary", "incomplete"],
)
def test_files_that_are_no_configuration(tmp_path: Path, content: bytes, part: str):
    path = tmp_path / "mine.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as error:
        load_config(str(path))
    assert str(path) in str(error.value)
    assert part in str(error.value)
    assert "\n" not in str(error.value)
