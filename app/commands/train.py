"""What ``pose2action train`` does."""

from __future__ import annotations

import shlex
from pathlib import Path

from rich.console import Console

from app.commands.console import printable
from recognizer.training.clips.config import ClipConfig
from recognizer.training.configs import load_config, load_own_config
from recognizer.training.shared.errors import ConfigError

OWN = "own/"
"""What stands before a collection's name where a configuration's could stand."""
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
    """Trains and prints where the weights are; ``debug`` learns one batch by heart.

    Args:
        config: shipped configuration, YAML file, or ``own/COLLECTION``.
        overrides: see ``load_config``.
        data, run, resume, debug: see ``train``; own actions need none of them.
        into: folder for the weights.

    Raises:
        ConfigError, DataError: with one sentence.
        KeyboardInterrupt: Ctrl-C, with a sentence about what is kept.
    """
    if config.startswith(OWN) and not Path(config).is_file():
        if run is not None or resume or debug:
            raise ConfigError("Own actions are learnt in a minute: leave --run, --resume and --debug out.")
        train_own_actions(config.removeprefix(OWN), overrides, into)
        return
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


def train_own_actions(collection: str, overrides: list[str], into: Path | None) -> None:
    """Makes weights that know a collection's actions and prints where they are and how they do.

    Raises:
        ConfigError, CollectionError, OwnError, WeightsError: with one sentence.
        OSError: they cannot be written.
    """
    from recognizer.own.collection import Collections
    from recognizer.training.own.fit import train_own

    config = load_own_config(overrides)
    opened = Collections().open(collection)
    with Console(stderr=True).status("Learning ..."):
        made = train_own(opened, config.start_from, into)
    taught, held = made.recordings
    print(
        f"Learnt from {taught} recordings. Of {held} others {made.outcome.named:.0%} are named rightly, and "
        f"{made.outcome.kept:.1%} of windows of other actions get the label that they had."
    )
    print(printable(f"Weights written to {made.path}"))
    name = made.card.name if into is None else str(made.path)
    print(printable(f"Use them: pose2action demo --weights {shlex.quote(name)}"))
