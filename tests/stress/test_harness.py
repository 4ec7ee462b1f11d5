"""Faults that are planted are found: else it would mean nothing that none is."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.stress.pool import Kind, Limits, Result, run_inputs
from benchmarks.stress.process import MEGABYTE
from benchmarks.stress.report import failures, table

LIMITS = Limits(seconds=15.0, memory=200 * MEGABYTE)


def run(tmp_path: Path, planted: str, count: int = 1, limits: Limits = LIMITS) -> list[Result]:
    kind = Kind("planted", f"tests.stress.planted:{planted}", 1.0, limits)
    return run_inputs([(kind, range(count))], 5, tmp_path / "work", tmp_path / "keep", 1)


@pytest.mark.parametrize(
    ("planted", "said"),
    [
        ("Raises", "KeyError: 'no such key'"),
        ("Allocates", " MB"),
        ("Gulps", " MB"),
        ("GivesNaN", "not finite"),
        ("GivesHugeNumbers", "a coordinate of 1e+30"),
        ("GivesNegativeConfidences", "confidences from -1"),
        ("RaisesInAReader", "KeyError: 'world_0'"),
    ],
)
def test_a_planted_fault_is_found(tmp_path: Path, planted: str, said: str):
    (result,) = run(tmp_path, planted)
    assert result.verdict.failed
    assert said in result.verdict.detail


def test_one_that_hangs_is_ended(tmp_path: Path):
    (result,) = run(tmp_path, "Hangs", limits=Limits(seconds=1.0))
    assert result.verdict.failed
    assert "hangs" in result.verdict.detail
    assert (result.folder / "input.txt").read_text() == "x", "the input is kept"


def test_after_a_crash_the_others_are_run_all_the_same(tmp_path: Path):
    results = run(tmp_path, "Aborts", 6)
    assert [result.index for result in results] == list(range(6))
    outcomes = {result.verdict.outcome for result in results}
    assert outcomes == {"processed", "failed"}
    assert all("SIGABRT" in result.verdict.detail for result in results if result.verdict.failed)


def test_what_is_sound_is_no_failure_and_nothing_of_it_is_kept(tmp_path: Path):
    results = run(tmp_path, "Sound", 12)
    assert {result.verdict.outcome for result in results} == {"processed", "refused"}
    assert {result.verdict.detail for result in results} == {"", "This file is damaged; copy it again."}
    assert not (tmp_path / "keep").exists()
    assert not list((tmp_path / "work").rglob("input.txt"))


def test_an_input_alone_is_the_same_as_among_others(tmp_path: Path):
    among = run(tmp_path / "a", "Sound", 12)
    kind = Kind("planted", "tests.stress.planted:Sound", 1.0)
    (alone,) = run_inputs([(kind, [7])], 5, tmp_path / "work", tmp_path / "keep", 1)
    assert alone.verdict == among[7].verdict


def test_the_report_counts_and_tells_how_to_make_a_failed_one_again(tmp_path: Path):
    results = run(tmp_path, "Sound", 2) + run(tmp_path / "b", "Raises", 1)
    heading, row = table(results).splitlines()
    assert heading.split()[:5] == ["kind", "inputs", "processed", "refused", "failed"]
    assert (row.split()[0], row.split()[1], row.split()[4]) == ("planted", "3", "1")
    (told,) = failures(results, 5)
    assert "KeyError: 'no such key'" in told
    assert "--only planted:0 --seed 5" in told
    assert (results[-1].folder / "input.txt").exists()
    assert "KeyError" in (results[-1].folder / "FAILED.txt").read_text()
