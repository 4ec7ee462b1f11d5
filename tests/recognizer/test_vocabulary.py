"""The vocabularies against the actions that the readers can give."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from recognizer.data import kinder_gator, msr_action3d, nw_ucla, sbu, utd_mhad, utkinect
from recognizer.data.corpus import READERS
from recognizer.data.real_landmarks import REAL_LANDMARKS
from recognizer.vocabulary import DAILY, DAILY_3D, MIRRORED, NOT_MIRRORED, UNKNOWN, VOCABULARIES, Vocabulary

# The lists of the data sets' own publications.
ACTIONS = {
    "utd_mhad": set(utd_mhad.ACTIONS),
    "nw_ucla": set(nw_ucla.ACTIONS.values()),
    "msr_action3d": set(msr_action3d.ACTIONS),
    "utkinect": set(utkinect.ACTIONS.values()),
    "penn_action": set(
        "baseball_pitch baseball_swing bench_press bowl clean_and_jerk golf_swing jump_rope jumping_jacks "
        "pullup pushup situp squat strum_guitar tennis_forehand tennis_serve".split()
    ),
    "kinder_gator": set(kinder_gator.ACTIONS),
    "sbu": set(sbu.ACTIONS),
    "jhmdb": set("catch clap golf jump pick pour pullup push run sit stand throw walk wave".split()),
}
LEFT_OUT = {("msr_action3d", "horizontal_arm_wave")}
"""Looks like a swipe in either direction."""


@pytest.mark.parametrize("vocabulary", VOCABULARIES.values(), ids=lambda vocabulary: vocabulary.name)
def test_every_action_of_every_reader_has_its_place(vocabulary):
    for dataset, actions in ACTIONS.items():
        if dataset not in vocabulary.sources:
            continue
        mapped = set(vocabulary.sources[dataset])
        assert mapped <= actions, f"{dataset} has no such action"
        assert {(dataset, action) for action in actions - mapped} <= LEFT_OUT


def test_every_source_has_a_reader():
    for vocabulary in VOCABULARIES.values():
        assert set(vocabulary.sources) - {"rest"} <= set(READERS)
    assert set(DAILY.sources) == {*READERS, "rest"}


@pytest.mark.parametrize("dataset", REAL_LANDMARKS)
def test_real_clips_all_have_a_place(dataset):
    table = Path(__file__).resolve().parents[3] / "shared" / "data" / dataset / "real_landmarks.csv"
    if not table.is_file():
        pytest.skip(f"the real camera clips are not in {table.parent}")
    with table.open(newline="") as file:
        actions = {row["class"] for row in csv.DictReader(file)}
    assert actions == set(DAILY.sources[dataset])


def test_size_and_order_of_the_labels():
    assert 70 <= len(DAILY.labels) <= 80
    for vocabulary in VOCABULARIES.values():
        labels = vocabulary.labels
        assert list(labels) == sorted(set(labels))
        assert UNKNOWN not in labels
        assert "idle" in labels
        assert all(label.replace("_", "").isalpha() and label.islower() for label in labels)
    assert set(DAILY_3D.labels) < set(DAILY.labels)


def test_three_dimensions_have_the_same_actions_but_those_that_are_known_flat_alone():
    flat = {"penn_action", "jhmdb"}
    assert set(DAILY.sources) - set(DAILY_3D.sources) == flat
    missing = set(DAILY.labels) - set(DAILY_3D.labels)
    only_there = {"baseball_pitch", "clean_and_jerk", "pour"}
    assert only_there <= missing and len(DAILY_3D.labels) >= 60
    for name, actions in DAILY_3D.sources.items():
        kept = {action: text for action, text in DAILY.sources[name].items() if text not in missing}
        assert actions == kept


def test_equal_actions_of_different_sets_are_one_label():
    wave = DAILY.labels.index("wave")
    for dataset, action in (("utd_mhad", "wave"), ("msr_action3d", "two_hand_wave"), ("jhmdb", "wave")):
        assert DAILY.targets(dataset, action) == (wave,)


def test_targets():
    vocabulary = Vocabulary("small", {"a": {"x": "walk", "y": "run|walk", "z": UNKNOWN}})
    assert vocabulary.labels == ("run", "walk")
    assert vocabulary.targets("a", "x") == (1,)
    assert vocabulary.targets("a", "y") == (0, 1)
    assert vocabulary.targets("a", "z") == ()
    assert vocabulary.targets("a", "elsewhere") is None
    assert vocabulary.targets("b", "x") is None
    assert DAILY.targets("msr_action3d", "horizontal_arm_wave") is None


def test_mirroring_twice_gives_the_label_back():
    for label, other in MIRRORED.items():
        assert MIRRORED[other] == label
        assert other != label
    assert not NOT_MIRRORED & set(MIRRORED)
    assert {*MIRRORED, *NOT_MIRRORED} <= set(DAILY.labels)


def test_every_label_that_names_a_direction_changes_when_mirrored():
    directed = {label for label in DAILY.labels if {"left", "right", "clockwise"} & set(label.split("_"))}
    assert directed == set(MIRRORED)


def test_what_is_held_back_is_left_out_with_all_that_may_be_it():
    less = DAILY.without({"bow", "swipe_left"})
    assert set(DAILY.labels) - set(less.labels) == {"bow", "swipe_left"}
    assert less.targets("kinder_gator", "bow") is None
    assert less.targets("msr_action3d", "bend") is None, "may be a bow"
    assert less.targets("kinder_gator", "swipe_left_to_right") is None, "may be a swipe to the left"
    assert less.targets("utd_mhad", "swipe_right") == (less.labels.index("swipe_right"),)
    assert less.targets("kinder_gator", "draw_a") == ()
