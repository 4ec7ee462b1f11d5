"""What ``pose2action train`` does."""

from __future__ import annotations

from pathlib import Path

from app.commands.console import printable
from recognizer.training.clips.config import ClipConfig
from recognizer.training.configs import load_config
from recognizer.training.shared.errors import ConfigError

NEEDS_EXTRA = "Training needs the extra packages: pip install 'pose2action[train]'."


def train_weights(
    config: str,
    overrides: list[str],
    data: Path,
    run: Path | None,
    resume: bool,
    into: Path | None,
    debug: bool,
) -> None:
    """Trains from a configuration and prints where the weights are; ``debug`` learns one batch by heart.

    Raises:
        ConfigError, DataError: with one sentence.
        KeyboardInterrupt: Ctrl-C, with a sentence about what is kept.
    """
    settings = load_config(config, overrides)
    try:
        from recognizer.training.clips.fit import train_clips
        from recognizer.training.debug import overfit
        from recognizer.training.shared.checkpoints import LAST
        from recognizer.training.shared.runs import kept
        from recognizer.training.windows.fit import train
    except ModuleNotFoundError as error:
        if error.name and error.name.split(".")[0] == "lightning":
            raise ConfigError(NEEDS_EXTRA) from None
        raise
    print(settings.model_dump_json(indent=2))
    if debug:
        loss, top1 = overfit(settings, data)
        print(f"The first batch, seen again and again: loss {loss:.3f}, top-1 {top1:.0%}. Nothing is kept.")
        return
    fit = train_clips if isinstance(settings, ClipConfig) else train
    if into is not None:
        into.mkdir(parents=True, exist_ok=True)  # better told before hours of work
    folder = run or Path("runs") / settings.name
    try:
        weights = fit(settings, data, folder, resume, into)
    except KeyboardInterrupt:  # before the first step or after the last, too
        raise KeyboardInterrupt(f"training stopped; {kept(folder / LAST)}.") from None
    print(printable(f"Weights written to {weights}"))
