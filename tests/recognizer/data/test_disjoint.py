"""Nobody is in two parts: over all data sets, people, videos and groups of clips."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import pytest

from pose.layouts import KINETICS_18
from recognizer.data.corpus import load_corpus
from recognizer.data.real_landmarks import REAL_LANDMARKS
from recognizer.vocabulary import DAILY

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"

# Its official division is by camera: the same ten people are seen by all three, and the third one tests.
BY_CAMERA = {"nw_ucla"}


@pytest.mark.parametrize(
    "dataset", ["utd_mhad", "nw_ucla", "msr_action3d", "utkinect", "kinder_gator", "sbu", *REAL_LANDMARKS]
)
def test_no_person_is_in_two_parts(dataset):
    if not (DATA / dataset).is_dir():
        pytest.skip(f"{DATA / dataset} does not exist")
    parts = defaultdict(set)
    for example in load_corpus(DATA, DAILY, KINETICS_18, [dataset]):
        assert example.clip.subject
        parts[example.clip.subject].add(example.part)
    if dataset in BY_CAMERA:
        parts = {person: found - {"test"} for person, found in parts.items()}
    assert {person: found for person, found in parts.items() if len(found) > 1} == {}
    assert {"train"} in parts.values()


def test_no_source_or_group_of_real_clips_is_in_two_parts():
    parts = defaultdict(set)
    for dataset in REAL_LANDMARKS:
        table = DATA / dataset / "real_landmarks.csv"
        if not table.is_file():
            pytest.skip(f"{table} does not exist")
        with table.open(newline="") as file:
            for row in csv.DictReader(file):
                for column in ("person_key", "source", "group"):
                    if row.get(column):
                        parts[column, row[column]].add(row["split"])
    assert {key: found for key, found in parts.items() if len(found) > 1} == {}
