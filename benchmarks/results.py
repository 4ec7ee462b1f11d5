"""Trains and evaluates the rows of RESULTS.md, and prints its tables.

Run as ``python -m benchmarks.results utd_mhad --data PREPARED``; --help tells the options. What is trained
already, such as the shipped weights, is evaluated only, and a stopped run goes on, so the command can be
repeated until a table is full. With --weights and another folder, the rows are trained anew.

The claims are 36 trainings with three seeds, each as long as a row's.
"""

from __future__ import annotations

import shlex
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from recognizer.networks import TITLES
from recognizer.training.clips.evaluate import FUSED, ClipReport, evaluate_clips
from recognizer.weights import load


@dataclass(frozen=True)
class Run:
    """What ``pose2action train NETWORK/DATASET OVERRIDES`` trains.

    Attributes:
        key: short name.
        title: in the table.
        network: key of ``recognizer.networks.TITLES``.
        overrides: of the configuration.
    """

    key: str
    title: str
    network: str
    overrides: tuple[str, ...] = ()


@dataclass(frozen=True)
class Claim:
    """Something that a paper says helps.

    Attributes:
        title: what, and where it is said.
        variants: by title, without it and with it; several runs are fused.
    """

    title: str
    variants: dict[str, tuple[Run, ...]]


def _variant(network: str, key: str, *overrides: str) -> Run:
    return Run(f"{network}-{key}", TITLES[network], network, overrides)


DUALHEAD, LSTA, STF, SEM, SPA = (Run(name, title, name) for name, title in TITLES.items())
SPA_3_1D = Run("spa-3-1d", "SPA-Net 3+1D", "spa", ("network.convolution=3+1d",))
JOINT = (DUALHEAD, LSTA, STF, SEM, SPA)
# Early fusion: the streams as channels of one network.
EARLY = tuple(
    _variant(network, "early", "preprocessing.streams=[joint,bone,joint_motion]")
    for network in ("dualhead", "stf")
)
STF_BONE = _variant("stf", "bone", "preprocessing.streams=[bone]")
STF_MOTION = _variant("stf", "motion", "preprocessing.streams=[joint_motion]")
ROWS = {
    "utd_mhad": (*JOINT, STF_BONE, STF_MOTION, *EARLY),
    "nw_ucla": (*JOINT, STF_BONE, STF_MOTION, *EARLY),
    "penn_action": JOINT,
}
FUSIONS = {
    "SEM-Net + SPA-Net, joint": (SEM, SPA),
    "all of joint": JOINT,
    "all of joint or bone": (*JOINT, STF_BONE),
    "all of one stream": (*JOINT, STF_BONE, STF_MOTION),
}

CLAIMS = (
    Claim(
        "Cross-head attention (DualHead-Net, Tables 4 and 8)",
        {
            "without": (
                _variant(
                    "dualhead", "none", "network.temporal_attention=none", "network.spatial_attention=none"
                ),
            ),
            "with": (DUALHEAD,),
        },
    ),
    Claim(
        "MSDA, ATPA (LSTA-Net, Tables 4 and 5)",
        {
            "MS-GCN, ATPA": (_variant("lsta", "ms-gcn", "network.spatial=ms-gcn"),),
            "MSDA, MS-TCN": (_variant("lsta", "ms-tcn", "network.temporal=ms-tcn"),),
            "MSDA, ATPA": (LSTA,),
        },
    ),
    Claim(
        "MCF, TDF (STF-Net, Table IV)",
        {
            "without MCF": (_variant("stf", "no-mcf", "network.mcf=false"),),
            "without TDF": (_variant("stf", "no-tdf", "network.tdf=false"),),
            "with both": (STF,),
        },
    ),
    Claim(
        "Cross-frame attention, global regularisation (SEM-Net, Table 1)",
        {
            "single-frame": (
                _variant(
                    "sem", "single-frame",
                    "network.attention=single-frame", "network.global_regularisation=false",
                ),
            ),
            "cross-frame + GR": (SEM,),
        },
    ),
    Claim(
        "Space and time at once, both perspectives (SPA-Net, Tables 4 and 6)",
        {"SPA 3+1D": (SPA_3_1D,), "SPA 4D": (SPA,), "SEM": (SEM,), "SEM + SPA 4D": (SEM, SPA)},
    ),
)  # fmt: skip


def main(
    dataset: Annotated[str, typer.Argument(help=f"{', '.join(ROWS)}.")],
    data: Annotated[Path, typer.Option(help="The prepared data set.")],
    weights: Annotated[Path, typer.Option(help="Folder of the weights.")] = Path("weights/results"),
    claims: Annotated[bool, typer.Option("--claims", help="The papers' claims instead.")] = False,
    seeds: Annotated[int, typer.Option(min=1, help="How many, for the claims.")] = 3,
    only: Annotated[list[str] | None, typer.Option(help="Networks such as lsta; all by default.")] = None,
) -> None:
    """Train what is not trained yet and print a table."""
    if dataset not in ROWS:
        raise typer.BadParameter(f"{dataset!r} is none of {', '.join(ROWS)}.", param_hint="DATASET")
    if claims:
        _print_claims(dataset, data, weights, range(1, seeds + 1), only or list(TITLES))
    else:
        _print_results(dataset, data, weights, only or list(TITLES))


def _print_results(dataset: str, data: Path, weights: Path, networks: list[str]) -> None:
    print("| network | stream | top-1 (95 % interval) | top-5 | parameters | minutes | trained with |")
    print("|---|---|---|---|---|---|---|")
    rows = [run for run in ROWS[dataset] if run.network in networks]
    for run in rows:
        path = train(run, dataset, data, weights, 1)
        card = load(path)[1]
        report = _evaluate([path], data)
        stream = " + ".join(card.preprocessing.streams)
        command = shlex.join(
            ["pose2action", "train", f"{run.network}/{dataset}", "--data", "DATA", *run.overrides]
        )
        size, minutes = f"{_parameters([path]):,}", round(card.training["minutes"])
        print(f"| {run.title} | {stream} | {_top1(report)} | {100 * report.top5:.1f} | {size} | {minutes} |"
              f" `{command}` |", flush=True)  # fmt: skip
    fusions = FUSIONS | ({} if ROWS[dataset] in FUSIONS.values() else {"all": ROWS[dataset]})
    for title, members in fusions.items():
        if set(members) <= set(rows):
            report = _evaluate(_trained(members, dataset, data, weights, 1), data)
            print(f"| {title} | | {_top1(report)} | {100 * report.top5:.1f} | | | |", flush=True)


def _print_claims(dataset: str, data: Path, weights: Path, seeds: range, networks: list[str]) -> None:
    print("| claim | variant | parameters | top-1, mean ± standard deviation | seeds |")
    print("|---|---|---|---|---|")
    for claim in CLAIMS:
        if not all(run.network in networks for members in claim.variants.values() for run in members):
            continue
        for number, (title, members) in enumerate(claim.variants.items()):
            trained = [_trained(members, dataset, data, weights, seed) for seed in seeds]
            found = [100 * _evaluate(paths, data).top1 for paths in trained]
            spread = statistics.stdev(found) if len(found) > 1 else 0.0
            figures = f"{statistics.mean(found):.1f} ± {spread:.1f} | {', '.join(f'{x:.1f}' for x in found)}"
            first = "" if number else claim.title
            print(f"| {first} | {title} | {_parameters(trained[0]):,} | {figures} |", flush=True)


def train(run: Run, dataset: str, data: Path, weights: Path, seed: int) -> Path:
    """The weights of a run, trained if they are not there yet."""
    name = f"{dataset}-{run.key}-{seed}"
    path, folder = weights / f"{name}.safetensors", Path("runs") / weights.name / name
    if not path.is_file():
        command = [sys.executable, "-m", "app", "train", f"{run.network}/{dataset}", *run.overrides]
        command += [f"seed={seed}", f"name={name}", "--data", str(data), "--into", str(weights)]
        command += ["--run", str(folder)] + ["--resume"] * (folder / "last.ckpt").is_file()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return path


def _trained(runs: tuple[Run, ...], dataset: str, data: Path, weights: Path, seed: int) -> list[Path]:
    return [train(run, dataset, data, weights, seed) for run in runs]


def _evaluate(paths: list[Path], data: Path) -> ClipReport:
    return evaluate_clips(paths, data, fuse=True)[FUSED]


def _parameters(paths: list[Path]) -> int:
    return sum(each.numel() for path in paths for each in load(path)[0].parameters())


def _top1(report: ClipReport) -> str:
    low, high = (100 * limit for limit in report.interval)
    return f"{100 * report.top1:.1f} ({low:.1f} to {high:.1f})"


if __name__ == "__main__":
    typer.run(main)
