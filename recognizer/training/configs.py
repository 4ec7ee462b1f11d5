"""Configurations of training runs: YAML files, validated, overridable from the command line."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from recognizer.fields import fault, shown
from recognizer.plain_files import read_plain
from recognizer.training.clips.config import ClipConfig
from recognizer.training.own.config import OwnConfig
from recognizer.training.shared.errors import ConfigError
from recognizer.training.shared.plain_yaml import read_yaml
from recognizer.training.windows.config import TrainingConfig

_MOST_BYTES = 2**16
"""Of a configuration; the shipped ones have less than 1000."""


def shipped_configs() -> dict[str, Path]:
    """Configurations that come with the package, by name such as "lsta/daily"."""
    folder = Path(str(resources.files("recognizer"))) / "configs"
    return {
        path.relative_to(folder).with_suffix("").as_posix(): path for path in sorted(folder.rglob("*.yaml"))
    }


def load_config(name: str, overrides: Sequence[str] = ()) -> TrainingConfig | ClipConfig:
    """Reads a shipped configuration by name or any YAML file, and applies ``key=value`` overrides.

    One with the key "dataset" is about the clips of a prepared data set, all others about a live vocabulary.

    Args:
        name: "lsta/daily" or a path.
        overrides: dotted keys, values in YAML: ``["steps=100", "network.width=0.5"]``.

    Raises:
        ConfigError: the file is missing or malformed, or a value does not fit.
    """
    path = shipped_configs().get(name, Path(name))
    try:
        values = read_yaml(read_plain(path, _MOST_BYTES).decode("utf-8"))
    except OSError as error:
        known = ", ".join(shipped_configs())
        reason = "" if isinstance(error, FileNotFoundError) else f" ({error.strerror})"
        raise ConfigError(
            f"There is no configuration {shown(name)!r}{reason}: give a YAML file or one of {known}."
        ) from None
    except ValueError as error:  # also of bytes that are no UTF-8
        raise ConfigError(f"{path} is not YAML: {shown(str(error), 300)}.") from None
    if not isinstance(values, dict):
        raise ConfigError(f"{path} must hold keys and values.")
    override_values(values, overrides)
    try:
        return (ClipConfig if "dataset" in values else TrainingConfig).model_validate(values)
    except ValidationError as error:
        raise ConfigError(f"{path}: {fault(error, tagged='network')}.") from None


def load_own_config(overrides: Sequence[str] = ()) -> OwnConfig:
    """The configuration of a training on own actions, which has no file; ConfigError as ``load_config``."""
    values: dict[str, Any] = {}
    override_values(values, overrides)
    try:
        return OwnConfig.model_validate(values)
    except ValidationError as error:
        raise ConfigError(f"Own actions are trained with start_from alone: {fault(error)}.") from None


def override_values(values: dict[str, Any], overrides: Sequence[str]) -> None:
    """Writes ``key=value`` overrides into values. Raises ConfigError."""
    for override in overrides:
        key, equals, text = override.partition("=")
        told = repr(shown(override))
        if not equals:
            raise ConfigError(f"{told} is no override: write key=value.")
        try:
            value = read_yaml(text)
        except ValueError:
            raise ConfigError(f"{told} is no override: the value is not YAML.") from None
        *parents, last = key.split(".")
        target = values
        for parent in parents:
            target = target.setdefault(parent, {})
            if not isinstance(target, dict):
                raise ConfigError(f"{told} is no override: {shown(parent)} is a single value.")
        target[last] = value
