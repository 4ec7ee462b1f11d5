"""Configuration of a training run: a YAML file, validated, overridable from the command line."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from pose.errors import UserError
from recognizer.data.augment import Augmentation
from recognizer.fields import (
    Batch,
    Count,
    Factor,
    FileName,
    Fraction,
    Frames,
    Label,
    Positive,
    Threads,
    WindowSeconds,
    fault,
    shown,
)
from recognizer.networks import NetworkConfig
from recognizer.networks.lsta import LSTAConfig
from recognizer.plain_files import read_plain
from recognizer.preprocess import Preprocessing
from recognizer.training.clip_config import ClipConfig
from recognizer.training.plain_yaml import read_yaml

_MOST_BYTES = 2**16
"""Of a configuration; the shipped ones have less than 1000."""


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

    name: FileName
    vocabulary: Label
    layout: Label
    network: NetworkConfig = LSTAConfig()
    preprocessing: Preprocessing = Preprocessing()
    augmentation: Augmentation = Augmentation()
    window_seconds: WindowSeconds = 3.0
    frames: Frames = 32
    steps: Count = 6000
    batch_size: Batch = 64
    learning_rate: Positive = 0.1
    weight_decay: Fraction = 5e-4
    label_smoothing: Fraction = Field(0.05, lt=1)
    shares: dict[str, Fraction] = {"real_landmarks": 0.25, "rest": 0.05}
    balance: Fraction = 0.75
    emphasis: dict[str, Factor] = {}
    validate_every: Count = 500
    threads: Threads | None = None
    seed: int = Field(1, ge=0, lt=2**32)

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
        if sum(shares.values()) >= 1:
            raise ValueError("shares must add up to less than 1")
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
    try:
        return (ClipConfig if "dataset" in values else TrainingConfig).model_validate(values)
    except ValidationError as error:
        raise ConfigError(f"{path}: {fault(error, tagged='network')}.") from None
