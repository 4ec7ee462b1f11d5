"""requirements.lock names one exact version of everything that pyproject.toml asks for, for every Python."""

from __future__ import annotations

import re
import sys
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PYTHONS = ("3.10", "3.11", "3.12")


def ordinary(name: str) -> str:
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(python: str) -> dict[str, str]:
    """The versions that the lock names for a Python."""
    versions: dict[str, str] = {}
    for line in LOCK:
        requirement = Requirement(line)
        here = {"python_version": python, "python_full_version": f"{python}.0"}
        if requirement.marker is None or requirement.marker.evaluate(here):
            assert ordinary(requirement.name) not in versions, f"{requirement.name} twice for {python}"
            versions[ordinary(requirement.name)] = str(requirement.specifier).removeprefix("==")
    return versions


def asked() -> list[Requirement]:
    extras = [each for extra in PROJECT["optional-dependencies"].values() for each in extra]
    requirements = [Requirement(each) for each in PROJECT["dependencies"] + extras]
    return [each for each in requirements if each.name != PROJECT["name"]]


def test_a_line_is_a_name_and_one_exact_version():
    line = re.compile(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+( ; [^#@/]+)?")
    assert LOCK and not [each for each in LOCK if not line.fullmatch(each)]


@pytest.mark.parametrize("python", PYTHONS)
def test_what_is_asked_for_is_locked_within_its_range(python: str):
    versions = locked(python)
    for requirement in asked():
        assert requirement.specifier.contains(versions[ordinary(requirement.name)]), str(requirement)


def test_what_is_needed_has_a_range():
    assert all(len(each.specifier) == 2 or str(each) == "mediapipe==0.10.21" for each in asked())


def test_what_is_locked_for_all_pythons_runs_on_all_of_them():
    """Of those that are installed here, as their makers say."""
    wrong = []
    for name, version in locked("3.10").items():
        if locked("3.12").get(name) != version:
            continue
        try:
            about = metadata(name)
        except PackageNotFoundError:
            continue
        runs_on = SpecifierSet(about["Requires-Python"] or "")
        if about["Version"] == version and not all(runs_on.contains(f"{python}.0") for python in PYTHONS):
            wrong.append(f"{name} {version} needs Python {runs_on}")
    assert not wrong
