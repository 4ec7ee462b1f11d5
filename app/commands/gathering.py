"""Which files a run over many is about, which of them are this machine's share, and which are done."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.commands.analysing import Look
from app.commands.outputs import OutputError, Outputs
from pose.files import replacing
from pose.streams import is_address
from recognizer.weights import DEFAULT

ENDINGS = frozenset(
    ".mp4 .mov .avi .webm .mkv .m4v .gif .mpg .mpeg .ts .mts .wmv .flv .3gp .ogv .npz".split()
)
"""Of the files in a folder that are looked at: videos, and landmarks that ``--skeleton`` wrote."""

KINDS = {"csv": ".csv", "video": ".mp4", "skeleton": ".npz", "attention": ".attention.npz"}
"""What can be written beside the JSON of each source, and how the file ends."""

SETTINGS = "pose2action.json"
"""A file in the folder of results that tells how they were made."""

_SHARD = re.compile(r"([1-9][0-9]{0,6})/([1-9][0-9]{0,6})")


@dataclass(frozen=True)
class Task:
    """One source and the files that its results go to.

    Attributes:
        source: as given, or found in a folder.
        outputs: the JSON file, which is written last, and what else was asked for.
    """

    source: str
    outputs: Outputs

    @property
    def done(self) -> bool:
        """Whether all its files are there and none is older than the source."""
        try:
            changed = os.stat(self.source).st_mtime
            paths = [path for name in ("json", *KINDS) if (path := getattr(self.outputs, name)) is not None]
            return all(path.stat().st_mtime >= changed for path in paths)
        except OSError:
            return False


def gather(sources: Sequence[str], out: Path, kinds: Iterable[str]) -> list[Task]:
    """The files that are meant, in the order of their names.

    The results of ``FOLDER/a/b.mp4``, found in ``FOLDER``, go to ``OUT/a/b.mp4.json``, those of a file that
    was named itself to ``OUT/NAME.json``.

    Args:
        sources: files, and folders in which files of all depths are meant.
        out: folder of the results; it may lie in a folder of sources.
        kinds: of ``KINDS``.

    Raises:
        OutputError: no such file, a source without an end, nothing to do, or two sources whose results would
            have one name.
    """
    found: dict[Path, str] = {}
    for source in sources:
        for path, name in _files(source, out):
            before = found.setdefault(name, str(path))
            if before != str(path):
                raise OutputError(
                    f"The results of {before!r} and {str(path)!r} would have one name; "
                    "run them into different folders."
                )
    if not found:
        raise OutputError(f"There are no videos in {', '.join(map(repr, sources))}.")
    return [Task(source, _outputs(out / name, kinds)) for name, source in sorted(found.items())]


def parse_kinds(also: str | None) -> tuple[str, ...]:
    """What to write beside the JSON, from its names with commas between.

    Raises:
        OutputError: another name.
    """
    kinds = tuple(kind.strip() for kind in also.split(",")) if also else ()
    unknown = next((kind for kind in kinds if kind not in KINDS), None)
    if unknown is not None:
        raise OutputError(f"--also {unknown!r}: there are {', '.join(KINDS)}, with commas between.")
    return kinds


def share(tasks: Sequence[Task], shard: str | None) -> list[Task]:
    """Every Nth task from the Ith on, of a shard "I/N"; all without one.

    Raises:
        OutputError: the shard is none.
    """
    if shard is None:
        return list(tasks)
    match = _SHARD.fullmatch(shard)
    if match is None or int(match[1]) > int(match[2]):
        raise OutputError(f"--shard {shard!r}: write I/N, such as 1/8 for the first of eight shares.")
    return list(tasks[int(match[1]) - 1 :: int(match[2])])


def check_settings(out: Path, look: Look) -> None:
    """Makes sure that a folder of results, where it is there, is of the same way to look at sources.

    Raises:
        OutputError: it holds results of other weights or another threshold.
        OSError: it cannot be read.
    """
    try:
        before = json.loads((out / SETTINGS).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    except ValueError:
        before = None
    if before != _settings(look):
        raise OutputError(
            f"--out {str(out)!r} holds results of other weights or another threshold (see {SETTINGS} there); "
            "choose another folder."
        )


def keep_settings(out: Path, look: Look) -> None:
    """Makes the folder of results and notes there how they are made. Raises OSError where it cannot."""
    out.mkdir(parents=True, exist_ok=True)
    if not (out / SETTINGS).exists():
        with replacing(out / SETTINGS) as temporary:
            temporary.write_text(json.dumps(_settings(look)) + "\n", encoding="utf-8")


def _settings(look: Look) -> dict[str, str | float | None]:
    return {"weights": look.weights or DEFAULT, "threshold": look.threshold, "own": look.own}


def _files(source: str, out: Path) -> Iterable[tuple[Path, Path]]:
    """The files of a source, each with its name among the results."""
    path = Path(source)
    if path.is_dir():
        within = out.resolve()
        for each in sorted(path.rglob("*")):
            name = each.relative_to(path)
            hidden = any(part.startswith(".") for part in name.parts)
            if each.suffix.lower() in ENDINGS and not hidden and each.is_file():
                if within not in each.resolve().parents:
                    yield each, name
    elif path.is_file():
        yield path, Path(path.name)
    elif is_address(source) or source.isdecimal():
        raise OutputError(f"{source!r} may have no end: --out is for files.")
    else:
        raise OutputError(f"There is no file or folder {source!r}; check the path.")


def _outputs(base: Path, kinds: Iterable[str]) -> Outputs:
    def named(ending: str) -> Path:
        return base.with_name(base.name + ending)

    return Outputs(json=named(".json"), **{kind: named(KINDS[kind]) for kind in kinds})
