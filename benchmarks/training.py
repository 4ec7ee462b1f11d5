"""How many clips a second each network learns from, and how many the loader gives it.

Run as ``python -m benchmarks.training``; --help tells the options. The networks are the papers' own, in full
size, with the settings of their ``<network>/ntu60`` configurations; the clips are NTU RGB+D's, generated and
prepared by the benchmark. Each network has a process of its own, whose peak memory is told. At the end
DualHead-Net takes turns with a straightforward implementation of it. --ways tells instead what a step takes
as written, compiled by PyTorch and with bfloat16, at any width.
"""

from __future__ import annotations

import copy
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import torch
import typer

from benchmarks.prepare import write_files
from benchmarks.straightforward import straightforward
from recognizer.data.prepare import prepare
from recognizer.data.prepared import TRAIN
from recognizer.training.clips.config import ClipConfig
from recognizer.training.clips.dataset import ClipDataset
from recognizer.training.clips.fit import clip_loader, clip_network, open_clips
from recognizer.training.clips.module import ClipModule
from recognizer.training.configs import load_config

ROWS = {
    "DualHead-Net": ("dualhead/ntu60",),
    "LSTA-Net": ("lsta/ntu60",),
    "STF-Net": ("stf/ntu60",),
    "SEM-Net": ("sem/ntu60",),
    "SPA-Net 4D": ("spa/ntu60",),
    "SPA-Net 3+1D": ("spa/ntu60", "network.convolution=3+1d"),
}
WAYS: dict[str, tuple[str, ...]] = {
    "as written": (),
    "compiled": ("compile=true",),
    "bfloat16": ("precision=bf16-mixed",),
}
_FILES = 120


def main(
    steps: Annotated[int, typer.Option(min=1, help="Of the optimiser, of which the median counts.")] = 5,
    frames: Annotated[int, typer.Option(min=1, help="T")] = 64,
    persons: Annotated[int, typer.Option(min=1, max=2, help="M")] = 1,
    batch: Annotated[int, typer.Option(min=1, help="Clips a step.")] = 32,
    threads: Annotated[int, typer.Option(min=1, help="Of PyTorch, on the CPU.")] = 2,
    only: Annotated[str | None, typer.Option(help="Measure one network.")] = None,
    width: Annotated[float, typer.Option(help="Of the networks, as a part of the papers'.")] = 1.0,
    ways: Annotated[bool, typer.Option(help="Compare as written, compiled, bfloat16.")] = False,
    data: Annotated[Path | None, typer.Option(hidden=True)] = None,
) -> None:
    """Print a table with one row a network."""
    torch.set_num_threads(threads)
    overrides = [
        f"frames={frames}", f"persons={persons}", f"batch_size={batch}", f"network.width={width}"
    ]  # fmt: skip
    if data is not None:
        print(json.dumps((_measure_ways if ways else _measure)(only, overrides, data, steps)))
        return
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else f"CPU, {threads} thread(s)"
    print(f"{device}; width {width}, T = {frames}, M = {persons}, {batch} clips a step, median of {steps}")
    heads = [f"{way}, ms" for way in WAYS] if ways else ["ms/step", "clips/s", "loader clips/s", "peak MB"]
    print(f"{'':14}" + "".join(f" {head:>16}" for head in heads))
    with tempfile.TemporaryDirectory() as folder:
        raw, prepared = Path(folder) / "raw", Path(folder) / "prepared"
        write_files(raw, _FILES)
        prepare("ntu60", raw, prepared)
        for name in [only] if only else ROWS:
            options = {"steps": steps, "frames": frames, "persons": persons, "batch": batch, "width": width}
            command = [sys.executable, "-m", "benchmarks.training", "--only", name, "--data", str(prepared)]
            command += [f"--{key}={value}" for key, value in (options | {"threads": threads}).items()]
            command += ["--ways"] * ways
            row = json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
            if ways:
                cells = ["-" if row[way] is None else f"{row[way]:.0f}" for way in WAYS]
            else:
                rate = 1000 * batch / row["step_ms"]
                loader = f"{row['loader']:.0f} ({row['loader'] / rate:.0f}x)"
                cells = [f"{row['step_ms']:.0f}", f"{rate:.1f}", loader, f"{row['peak_mb']:.0f}"]
            print(f"{name:14}" + "".join(f" {cell:>16}" for cell in cells), flush=True)
        if not ways and only in (None, "DualHead-Net"):
            ours, plain = _take_turns(overrides, prepared, steps)
            print(
                f"DualHead-Net, ms/step: ours {ours:.0f}, straightforward {plain:.0f} ({plain / ours:.2f}x)"
            )


def _measure(name: str, overrides: list[str], data: Path, steps: int) -> dict[str, float]:
    path, *more = ROWS[name]
    config = load_config(path, overrides + more)
    clips, parts = open_clips(config, data)
    loader = clip_loader(ClipDataset(clips, parts[TRAIN], config, True), config, config.batch_size)
    start = time.perf_counter()
    batches = list(loader)
    loaded = len(parts[TRAIN]) / (time.perf_counter() - start)

    step = _Step(clip_network(config, clips), config, batches)
    return {
        "step_ms": statistics.median([step() for _ in range(steps + 1)][1:]),
        "loader": loaded,
        "peak_mb": _peak_memory(step.device),
    }


def _measure_ways(name: str, overrides: list[str], data: Path, steps: int) -> dict[str, float | None]:
    """Milliseconds a step, in turns; None for what cannot be had."""
    path, *more = ROWS[name]
    taken: dict[str, list[float] | None] = {}
    ways = {}
    for way, how in WAYS.items():
        config = load_config(path, overrides + more + list(how))
        clips, parts = open_clips(config, data)
        batches = list(clip_loader(ClipDataset(clips, parts[TRAIN], config, True), config, config.batch_size))
        ways[way] = _Step(clip_network(config, clips), config, batches)
        try:
            ways[way]()  # compiles
            taken[way] = []
        except RuntimeError as error:  # PyTorch's, too, of sparse tensors and of compilers that are not there
            print(f"{name}, {way}: {str(error).splitlines()[0]}", file=sys.stderr)
            taken[way] = None
    for _ in range(steps):
        for way, times in taken.items():
            if times is not None:
                times.append(ways[way]())
    return {way: None if times is None else statistics.median(times) for way, times in taken.items()}


def _take_turns(overrides: list[str], data: Path, steps: int) -> tuple[float, float]:
    """Milliseconds a step of DualHead-Net, ours and the straightforward one."""
    config = load_config(ROWS["DualHead-Net"][0], overrides)
    clips, parts = open_clips(config, data)
    batches = list(clip_loader(ClipDataset(clips, parts[TRAIN], config, True), config, config.batch_size))
    network = clip_network(config, clips)
    ours, plain = (
        _Step(each, config, batches) for each in (network, straightforward(copy.deepcopy(network)))
    )
    times = [(ours(), plain()) for _ in range(steps + 1)][1:]
    return tuple(statistics.median(each) for each in zip(*times, strict=True))


class _Step:
    """A training step on the first batch; called, it tells its milliseconds."""

    def __init__(self, network: torch.nn.Module, config: ClipConfig, batches: list):
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._module = ClipModule(network, config, len(batches)).to(self.device).train()
        self._module.log_dict = lambda *_, **__: None  # there is no Trainer that would want it
        self._optimizer = self._module.configure_optimizers()["optimizer"]
        self._batch = [tensor.to(self.device) for tensor in batches[0]]

    def __call__(self) -> float:
        start = time.perf_counter()
        self._optimizer.zero_grad()
        with torch.autocast(
            self.device.type, torch.bfloat16, enabled=self._module.config.precision != "32-true"
        ):
            loss = self._module.training_step(self._batch, 0)
        loss.backward()
        self._optimizer.step()
        if self.device.type == "cuda":
            torch.cuda.synchronize()
        return 1000 * (time.perf_counter() - start)


def _peak_memory(device: torch.device) -> float:
    """Megabytes: the GPU's, or those of the process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated() / 2**20
    import resource  # Unix alone has it

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


if __name__ == "__main__":
    typer.run(main)
