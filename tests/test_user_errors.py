"""Errors whose message is written for users are known by one type."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path

import pytest

from app.core.failures import explain
from pose.errors import UserError

ROOT = Path(__file__).resolve().parents[1]


def public_errors() -> list[type]:
    """Every error class without an underscore that the packages define."""
    found = []
    for package in ("pose", "recognizer", "app"):
        for path in sorted((ROOT / package).rglob("*.py")):
            if "Error(" not in path.read_text(encoding="utf-8"):
                continue
            module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
            for name, each in inspect.getmembers(module, inspect.isclass):
                if each.__module__ == module.__name__ and name.endswith("Error") and name[0] != "_":
                    found.append(each)
    return found


def test_all_errors_of_the_packages_are_for_users():
    errors = public_errors()
    assert {"SourceError", "WeightsError", "DataError", "ConfigError"} <= {each.__name__ for each in errors}
    assert all(issubclass(each, UserError) for each in errors), errors


@pytest.mark.parametrize("error", public_errors(), ids=lambda each: each.__name__)
def test_the_page_tells_their_message(error: type, caplog: pytest.LogCaptureFixture):
    assert explain(error("Mend this."), "It broke.") == "Mend this."
    assert not caplog.records
