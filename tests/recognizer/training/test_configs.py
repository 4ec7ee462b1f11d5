"""Configurations of training runs: the shipped ones, overrides and mistakes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pose.layouts import NTU_25
from recognizer.data.augment.strength import Augmentation
from recognizer.data.sources import SOURCES
from recognizer.networks.build import build
from recognizer.preprocess import channels
from recognizer.training.clips.config import ClipAugmentation, ClipConfig
from recognizer.training.configs import load_config, load_own_config, shipped_configs
from recognizer.training.shared.errors import ConfigError
from recognizer.vocabulary import VOCABULARIES
from recognizer.weights import DEFAULT
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


@pytest.mark.parametrize("network", ["sem", "spa"])
@pytest.mark.parametrize("dataset", ["ntu60", "ntu120", "shrec17"])
def test_what_is_said_to_be_of_dsta_net_is(network: str, dataset: str):
    shipped = load_config(f"{network}/{dataset}")
    crop = shipped.augmentation
    assert crop.shortest == crop.longest == crop.test_share == pytest.approx(128 / 150, abs=0.005)
    assert (shipped.frames, shipped.length, shipped.warm_up) == (128, "resize", 5)
    # Rises over the first five epochs, then stays until the first milestone.
    rates = [
        shipped.learning_rate * shipped.learning_rate_factor(epoch) for epoch in (0, 1, 4, 5, 59, 60, 90)
    ]
    assert rates == pytest.approx([0, 0.02, 0.08, 0.1, 0.1, 0.01, 0.001])


def test_stf_net_sees_kinetics_as_st_gcn_does():
    shipped = load_config("stf/kinetics")
    assert shipped.augmentation == ClipAugmentation(any_start=True, moves=True)
    assert (shipped.frames, shipped.length, shipped.preprocessing.origin) == (150, "zeros", "picture")


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
        (
            "lsta/daily",
            ["blend=[0.3]"],
            "daily.yaml: blend mixes weights that began with the same, so it needs start_from",
        ),
        (
            "lsta/daily",
            ["soup=[other]"],
            "daily.yaml: soup mixes weights that began with the same, so it needs start_from",
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
        ("name: Andr\xe9\n".encode("latin-1"), "is not YAML"),
        (b"name: a\nname: b\n", "the key name stands there twice"),
        (b"network: {width: 1, width: 2}\n", "the key width stands there twice"),
        (b"a: &a [x, x]\nb: &b [*a, *a]\n", "anchors (& and *) are not known"),
        (b"a: &a\n  b: *a\n", "anchors (& and *) are not known"),
        (b"name: !!python/object/apply:os.system [ls]\n", "tags (!) are not known"),
        (b"seed: !!int ''\n", "tags (!) are not known"),
        (b"[" * 50_000, "nested too deeply"),
        (b"- " * 30_000, "nested too deeply"),
        (b"seed: " + b"9" * 5000, "is not YAML"),
        (b"seed: 1" + b":59" * 400 + b".0", "a number is too large"),
        (b"name: 2026-99-99\n", "is not YAML"),
        (b"seed: 0b_\n", "is not YAML"),
        (b"? [a]\n: b\n", "unhashable key"),
        (b"1: 2\nname: a\nvocabulary: daily\nlayout: ntu-25\n", "Keys should be strings"),
        (b"name: x\n---\nname: y\n", "is not YAML"),
        (
            b"name: a\nvocabulary: daily\nlayout: ntu-25\n? " + b"k" * 50_000 + b"\n: 1\n",
            "Extra inputs are not permitted",
        ),
        (b'"\\e[31m\\n": 1\nname: a\nvocabulary: daily\nlayout: ntu-25\n', "Extra inputs are not permitted"),
    ],
    ids=lambda value: repr(value[:20]) if isinstance(value, bytes) else "",
)
def test_files_that_are_no_configuration(tmp_path: Path, content: bytes, part: str):
    path = tmp_path / "mine.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as error:
        load_config(str(path))
    assert str(path) in str(error.value)
    assert part in str(error.value)
    assert str(error.value).isprintable() and len(str(error.value)) < 800


def test_what_is_no_plain_file_is_not_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "zero.yaml").symlink_to("/dev/zero")
    (tmp_path / "folder.yaml").mkdir()
    with (tmp_path / "huge.yaml").open("wb") as file:
        file.truncate(2**40)
    reasons = {
        tmp_path / "pipe.yaml": "It is no plain file",
        tmp_path / "zero.yaml": "It is no plain file",
        tmp_path / "folder.yaml": "Is a directory",
        tmp_path / "huge.yaml": "It has 1,099,511,627,776 bytes",
        "a" * 10**5: "File name too long",
        "": "Is a directory",
        "a\nb\udcff": "",
    }
    for name, reason in reasons.items():
        with pytest.raises(ConfigError, match="There is no configuration '") as error:
            load_config(str(name))
        assert reason in str(error.value) and str(error.value).isprintable() and len(str(error.value)) < 1500


NO_NUMBERS = (".nan", ".inf", "-.inf", "nan", "1e400", "-1", "x", "[]", "null")


@pytest.mark.parametrize(
    "name, keys",
    [
        (
            "lsta/daily",
            "window_seconds frames steps batch_size learning_rate weight_decay label_smoothing balance "
            "validate_every threads seed shares.rest emphasis.wave preprocessing.min_confidence "
            "network.width network.dropout network.scales "
            + " ".join(f"augmentation.{each}" for each in Augmentation.model_fields),
        ),
        (
            "sem/ntu60",
            "frames persons window_seconds epochs batch_size learning_rate gamma warm_up weight_decay "
            "label_smoothing clip_gradients accumulate average average_every test_every workers threads seed "
            "network.heads " + " ".join(f"augmentation.{each}" for each in ClipAugmentation.model_fields),
        ),
    ],
)
def test_numbers_that_no_run_can_have(name: str, keys: str):
    optional = {"threads", "clip_gradients", "average", "test_every"}
    for key in keys.split():
        for value in NO_NUMBERS:
            if value == "null" and key in optional:
                continue
            with pytest.raises(ConfigError) as error:
                load_config(name, [f"{key}={value}"])
            assert f".yaml: {key}" in str(error.value), (key, value)


@pytest.mark.parametrize(
    "name, override",
    [
        ("lsta/daily", "steps=1e30"),
        ("lsta/daily", "steps=1000000000000"),
        ("lsta/daily", "batch_size=1000000000"),
        ("lsta/daily", "frames=1000000"),
        ("lsta/daily", "window_seconds=1e9"),
        ("lsta/daily", "seed=4294967296"),
        ("lsta/daily", "network.width=100000"),
        ("lsta/daily", "network.scales=1000000"),
        ("lsta/daily", "augmentation.elevation=[4, 4]"),
        ("lsta/daily", "augmentation.distance=[3, 2]"),
        ("lsta/daily", "preprocessing.streams=[joint, joint]"),
        ("lsta/daily", "preprocessing.ignored_joints=[99]"),
        ("lsta/daily", "name=../up"),
        ("lsta/daily", 'name="a\\nb"'),
        ("lsta/daily", "layout="),
        ("lsta/ntu60", "persons=3"),
        ("lsta/ntu60", "seed=65536"),
        ("lsta/ntu60", "workers=100000"),
        ("lsta/ntu60", "protocol=a/b"),
        ("spa/ntu60", "network.width=4"),
        ("spa/ntu60", "network.kernel=9"),
        ("stf/ntu60", "network.kernel=4"),
    ],
)
def test_values_out_of_reach(name: str, override: str):
    with pytest.raises(ConfigError) as error:
        load_config(name, [override])
    assert f".yaml: {override.partition('=')[0]}" in str(error.value)


@pytest.mark.parametrize(
    "override", ["a" * 10**5, "a=" + "[" * 10**5, "steps" + ".a" * 10**5 + "=1", "\n\x1b=1", "=", "a=&a 1"]
)
def test_odd_overrides_are_told_in_a_short_line(override: str):
    with pytest.raises(ConfigError) as error:
        load_config("lsta/daily", [override])
    assert str(error.value).isprintable() and len(str(error.value)) < 800


def test_a_training_on_own_actions_has_one_choice():
    assert load_own_config().start_from == DEFAULT
    assert load_own_config(["start_from=kinetics-18-stf-daily"]).start_from == "kinetics-18-stf-daily"
    for override in ("steps=100", "start_from=3", "start_from"):
        with pytest.raises(ConfigError, match=r"start_from alone|write key=value"):
            load_own_config([override])
