"""Configuration of a training run: a YAML file, validated, overridable from the command line."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    field_validator,
    model_validator,
)

from pose.errors import UserError
from recognizer.data.augment import Augmentation
from recognizer.networks import NetworkConfig
from recognizer.networks.lsta import LSTAConfig
from recognizer.preprocess import Preprocessing
from recognizer.training.clip_config import ClipConfig


class ConfigError(UserError, ValueError):
    """A configuration cannot be used. The message is one sentence."""


class TrainingConfig(BaseModel):
    """Everything that decides the outcome of a run.

    Attributes:
        name: of the run and of the weights it makes.
        vocabulary: key of ``vocabulary.VOCABULARIES``.
        layout: key of ``pose.layouts.LAYOUTS``.
        network: which network, by its ``name``, and its choices.
        window_seconds, frames: what the network sees.
        steps: of SGD with Nesterov momentum 0.9 (LSTA-Net Sec. 3.2).
        learning_rate: warms up over the first 5 % of the steps and falls to 0 as a cosine.
        shares: data set -> share of the windows drawn from it; the other sets divide the rest.
        balance: exponent of the class frequency; 0 draws clips evenly, 1 draws classes evenly.
        emphasis: label -> factor by which its clips are drawn more often.
        validate_every: steps; the best on validation is shipped, so that the last step must be among them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    vocabulary: str
    layout: str
    network: NetworkConfig = LSTAConfig()
    preprocessing: Preprocessing = Preprocessing()
    augmentation: Augmentation = Augmentation()
    window_seconds: PositiveFloat = 3.0
    frames: PositiveInt = 32
    steps: PositiveInt = 6000
    batch_size: PositiveInt = 64
    learning_rate: PositiveFloat = 0.1
    weight_decay: float = 5e-4
    label_smoothing: float = Field(0.05, ge=0, lt=1)
    shares: dict[str, float] = {"real_landmarks": 0.25, "rest": 0.05}
    balance: float = Field(0.75, ge=0, le=1)
    emphasis: dict[str, PositiveFloat] = {}
    validate_every: PositiveInt = 500
    threads: PositiveInt | None = None
    seed: int = 1

    @model_validator(mode="after")
    def _validate_the_last_step(self) -> TrainingConfig:
        if self.steps % min(self.steps, self.validate_every):
            raise ValueError(
                f"steps ({self.steps}) must be a multiple of validate_every ({self.validate_every})"
            )
        return self

    @field_validator("shares")
    @classmethod
    def _leave_something(cls, shares: dict[str, float]) -> dict[str, float]:
        if min(shares.values(), default=0.0) < 0 or sum(shares.values()) >= 1:
            raise ValueError("shares must not be negative and must add up to less than 1")
        return shares


def shipped_configs() -> dict[str, Path]:
    """Configurations that come with the package, by name such as "lsta/daily"."""
    folder = Path(str(resources.files("recognizer"))) / "configs"
    return {
        path.relative_to(folder).with_suffix("").as_posix(): path for path in sorted(folder.rglob("*.yaml"))
    }


def load_config(name: str, overrides: list[str] = ()) -> TrainingConfig | ClipConfig:
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
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError:
        known = ", ".join(shipped_configs())
        raise ConfigError(
            f"There is no configuration {name!r}: give a YAML file or one of {known}."
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not YAML: {' '.join(str(error).split())}.") from None
    if not isinstance(values, dict):
        raise ConfigError(f"{path} must hold keys and values.")
    for override in overrides:
        key, equals, text = override.partition("=")
        if not equals:
            raise ConfigError(f"{override!r} is no override: write key=value.")
        try:
            value = yaml.safe_load(text)
        except yaml.YAMLError:
            raise ConfigError(f"{override!r} is no override: the value is not YAML.") from None
        *parents, last = key.split(".")
        target = values
        for parent in parents:
            target = target.setdefault(parent, {})
            if not isinstance(target, dict):
                raise ConfigError(f"{override!r} is no override: {parent} is a single value.")
        target[last] = value
    try:
        return (ClipConfig if "dataset" in values else TrainingConfig).model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        top, *rest = map(str, first["loc"] or ("",))
        # Between "network" and its key, Pydantic puts the network's name, which no file has there.
        where = ".".join([top, *(rest[1:] if top == "network" else rest)])
        message = first["msg"].removeprefix("Value error, ")
        raise ConfigError(": ".join(part for part in (str(path), where, message) if part) + ".") from None
