"""Weights by name, for many sessions at once."""

from __future__ import annotations

import gc
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from app.core.catalogue import MOST_KEPT, Catalogue
from pose.layouts import KINETICS_18
from pose.skeleton import SkeletonSequence
from recognizer.card import WeightsError
from tests.doubles import SteadyRecognizer

WEIGHTS = {name: SteadyRecognizer(name, {"wave": 0.5, "clap": 0.5}) for name in ("a", "b", "c")}
CARDS = {name: each.card for name, each in WEIGHTS.items()}


class Gate:
    """Loads weights, but "a" only when it is let."""

    def __init__(self) -> None:
        self.loads: list[str] = []
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.error: Exception | None = None

    def __call__(self, name: str) -> SteadyRecognizer:
        self.loads.append(name)
        if name == "a":
            self.begun.set()
            assert self.go_on.wait(20)
            if self.error is not None:
                raise self.error
        return WEIGHTS[name]


def test_weights_that_take_long_hold_up_only_those_who_want_them():
    gate = Gate()
    catalogue = Catalogue(CARDS, gate)
    with ThreadPoolExecutor() as pool:
        slow = [pool.submit(catalogue.load, "a") for _ in range(3)]
        assert gate.begun.wait(20)
        assert pool.submit(catalogue.load, "b").result(20) is WEIGHTS["b"]
        assert not any(each.done() for each in slow)
        gate.go_on.set()
        assert all(each.result(20) is WEIGHTS["a"] for each in slow)
    assert sorted(gate.loads) == ["a", "b"], "each is loaded once"


def test_a_failure_reaches_all_who_wait_and_can_be_tried_again():
    gate = Gate()
    gate.error = WeightsError("a.safetensors is damaged.")
    catalogue = Catalogue(CARDS, gate)
    with ThreadPoolExecutor() as pool:
        tries = [pool.submit(catalogue.load, "a") for _ in range(2)]
        assert gate.begun.wait(20)
        gate.go_on.set()
        for each in tries:
            with pytest.raises(WeightsError, match="damaged"):
                each.result(20)
    gate.error = None
    assert catalogue.load("a") is WEIGHTS["a"]


@pytest.mark.parametrize("name", ["a+a", "+".join(["a"] * 3000), "b+a+b", "a+b+c+a", "a+", "+", "a*0+b"])
def test_a_fusion_that_cannot_be_is_a_short_sentence_and_loads_nothing(name: str):
    gate = Gate()
    with pytest.raises(WeightsError, match="more than once|too many|have a name|positive") as caught:
        Catalogue(CARDS, gate).load(name)
    assert len(str(caught.value)) < 200 and not gate.loads


@pytest.mark.parametrize("name", ["", "a+d", "d" * 8000, "a*0.5", "a*0.5+d", "\x1b"])
def test_a_name_that_there_is_not_is_a_short_sentence_and_loads_nothing(name: str):
    gate = Gate()
    with pytest.raises(WeightsError, match="no weights named.*there are: a, b, c") as caught:
        Catalogue(CARDS, gate).load(name)
    assert len(str(caught.value)) < 200 and not gate.loads


def test_all_there_are_can_be_fused():
    fusion = Catalogue.of(WEIGHTS).load("a+b+c")
    assert fusion.card.name == "a+b+c"


def test_shares_are_as_on_the_command_line():
    recognizers = {
        "a": SteadyRecognizer("a", {"wave": 1.0, "clap": 0.0}),
        "b": SteadyRecognizer("b", {"wave": 0.0, "clap": 1.0}),
    }
    window = SkeletonSequence(
        np.zeros((1, 32, 18, 2)), np.ones((1, 32, 18)), np.linspace(0, 3, 32), KINETICS_18
    )
    (prediction,) = Catalogue.of(recognizers).load("a*3+b").predict([window])
    assert prediction.probabilities.tolist() == pytest.approx([0.75, 0.25])


def test_weights_given_by_path_are_known_by_it(hand_weights: Path):
    catalogue = Catalogue.shipped(hand_weights)
    assert catalogue.default == "shrec-22-sem-untrained"
    assert catalogue.members() == (str(hand_weights),)
    assert Catalogue(CARDS).members("b+a") == ("b", "a")


def test_what_nobody_uses_goes_when_others_were_asked_for_since():
    names = [f"w{number}" for number in range(MOST_KEPT + 2)]
    loads: list[str] = []

    def load(name: str) -> SteadyRecognizer:
        loads.append(name)
        return SteadyRecognizer(name, {"wave": 0.5, "clap": 0.5})

    catalogue = Catalogue(dict.fromkeys(names, CARDS["a"]), load)
    used, forgotten = catalogue.load("w0"), weakref.ref(catalogue.load("w1"))
    for name in names[2:]:
        catalogue.load(name)
    gc.collect()
    assert forgotten() is None
    assert catalogue.load("w0") is used, "a session has it"
    for name in names[-MOST_KEPT + 1 :]:
        catalogue.load(name)
    assert loads == names, "what was asked for last is kept"
    catalogue.load("w1")
    assert loads == [*names, "w1"]


def test_what_is_asked_for_again_and_again_counts_once_and_stays():
    """Three are kept."""

    def load(name: str) -> SteadyRecognizer:
        return SteadyRecognizer(name, {"wave": 0.5, "clap": 0.5})

    catalogue = Catalogue(dict.fromkeys("abcd", CARDS["a"]), load)
    loaded = {name: weakref.ref(catalogue.load(name)) for name in "abc"}
    for _ in range(MOST_KEPT):
        catalogue.load("a")
    loaded["d"] = weakref.ref(catalogue.load("d"))
    gc.collect()
    assert {name for name, each in loaded.items() if each() is not None} == set("acd")


def test_a_file_that_was_chosen_at_the_start_is_not_read_again(hand_weights: Path, tmp_path: Path):
    moved = tmp_path / "mine.safetensors"
    for ending in (".safetensors", ".json"):
        moved.with_suffix(ending).write_bytes(hand_weights.with_suffix(ending).read_bytes())
    catalogue = Catalogue.shipped(moved)
    moved.unlink()
    for name in [each for each in catalogue.cards if "lsta" in each or "stf" in each]:
        catalogue.load(name)
    assert catalogue.load(None).card.name == catalogue.default
