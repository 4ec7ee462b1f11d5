"""The command line. Heavy things are imported by the command that needs them, so that ``--help`` is quick."""

from __future__ import annotations

import functools
import io
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import typer

from app import __version__
from app.commands.console import printable
from app.commands.interrupts import interruptible
from pose.errors import UserError

Command = TypeVar("Command", bound=Callable)

INTERRUPTED = 130
_LONGEST = 2000
"""Characters of a sentence: a name that is told in it may have 100,000."""

cli = typer.Typer(
    help="Names the actions of the people in front of a camera or in a video.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # with Rich, --help would take three times as long
)

Weights = Annotated[
    str | None,
    typer.Option("--weights", "-w", help="Name (see `pose2action weights`), file, or a fusion: a+b."),
]

SparseBackend = Annotated[
    Literal["torch", "minkowski", "auto"],
    typer.Option(help="Who computes SPA-Net's sparse convolutions; auto takes the faster one there is."),
]


def say(sentence: str) -> None:
    """One line to stderr, under the program's name."""
    if len(sentence) > _LONGEST:
        sentence = f"{sentence[: _LONGEST // 2]} ... {sentence[-_LONGEST // 2 :]}"
    print(printable(f"pose2action: {sentence}"), file=sys.stderr)


def told_in_a_sentence(command: Command) -> Command:
    """Errors that a user can mend become one line on stderr and exit code 1; Ctrl-C becomes 130."""

    @functools.wraps(command)
    def guarded(*args: object, **options: object) -> object:
        try:
            return command(*args, **options)
        except KeyboardInterrupt as stop:
            say(str(stop) or "stopped; nothing was written.")
            raise typer.Exit(INTERRUPTED) from None
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            say(f"{where}{error.strerror or error}")
            raise typer.Exit(1) from None
        except UserError as error:
            say(str(error))
            raise typer.Exit(1) from None

    return guarded  # type: ignore[return-value]


def stopped_at_once(command: Command) -> Command:
    """Ctrl-C stops the command wherever it comes, be it while a native module is imported."""

    @functools.wraps(command)
    def stopped(*args: object, **options: object) -> object:
        with interruptible(insist=True) as interrupted:
            try:
                return command(*args, **options)
            except Exception:  # what native code has made of KeyboardInterrupt, ImportError say
                if interrupted.is_set():
                    raise KeyboardInterrupt from None
                raise

    return stopped  # type: ignore[return-value]


def _version(asked: bool) -> None:
    if asked:
        print(f"pose2action {__version__}")
        raise typer.Exit


@cli.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Names the actions of the people in front of a camera or in a video."""


@cli.command()
@told_in_a_sentence
def demo(
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 for the network, whom a token lets in.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 7860,
    weights: Weights = None,
    allow_host: Annotated[
        list[str] | None, typer.Option(help="Another name of this machine that the page is opened by.")
    ] = None,
    allow_origin: Annotated[
        list[str] | None, typer.Option(help="Another origin that may ask for it: https://demo.example.org.")
    ] = None,
    max_upload: Annotated[int, typer.Option(min=1, help="Megabytes of an uploaded video, at most.")] = 500,
    events: Annotated[
        bool, typer.Option("--events", help="Let your own programs listen at /events (see docs/events.md).")
    ] = False,
    sparse_backend: SparseBackend = "auto",
) -> None:
    """Serve the page with the live camera and the video analysis until Ctrl-C."""
    from app.commands.demo import launch

    launch(
        host,
        port,
        weights,
        sparse_backend=sparse_backend,
        allow_hosts=allow_host or (),
        allow_origins=allow_origin or (),
        max_upload=max_upload,
        events=events,
    )


@cli.command()
@told_in_a_sentence
def run(
    sources: Annotated[
        list[str],
        typer.Argument(
            help="A video file, a camera's number (0 is the first), an address (rtsp://, http://) or "
            "landmarks that --skeleton wrote; with --out several files, or folders of them."
        ),
    ],
    weights: Weights = None,
    json: Annotated[Path | None, typer.Option("--json", help="Write everything found as JSON.")] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Write the actions with start and end as CSV.")
    ] = None,
    video: Annotated[Path | None, typer.Option("--video", help="Write the annotated video (mp4).")] = None,
    skeleton: Annotated[Path | None, typer.Option("--skeleton", help="Write the landmarks (npz).")] = None,
    attention: Annotated[
        Path | None,
        typer.Option(
            "--attention",
            help="Write what the network looked at (npz). A row for each window: person, start, end, body; "
            "and what the network shows: joints (rows, times, joints), frames (rows, times), relations_0 ... "
            "(rows, joints, parts), regularisation (joints, joints), voxel_window, voxel_positions, "
            "voxel_frames, voxel_magnitudes, voxel_side.",
        ),
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(min=0, max=1, help="Score under which no action is named.")
    ] = None,
    own: Annotated[
        str | None, typer.Option("--own", help="Collection of your own actions (see `pose2action own list`).")
    ] = None,
    follow: Annotated[
        bool,
        typer.Option("--follow", help="Print a line of JSON for each change of an action or its count."),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for the JSON of each file; what is there is not made again."),
    ] = None,
    also: Annotated[
        str | None,
        typer.Option("--also", help="With --out: what else to write: csv,video,skeleton,attention."),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="With --out: files that are read at once.")] = 1,
    shard: Annotated[
        str | None, typer.Option("--shard", help="With --out: I/N, only the Ith of N equal shares.")
    ] = None,
    sparse_backend: SparseBackend = "auto",
) -> None:
    """Name the actions in video files, or of a camera or an address until Ctrl-C."""
    from app.commands.analysing import Look
    from app.commands.outputs import OutputError, Outputs

    look, outputs = (
        Look(weights, threshold, own, sparse_backend),
        Outputs(json, csv, video, skeleton, attention),
    )
    if out is not None:
        from app.commands.many import run_many

        if outputs or follow:
            raise OutputError("--out names the files of each source itself: say what to write with --also.")
        if not run_many(sources, out, look, also, jobs, shard):
            raise typer.Exit(1)
        return
    if also or shard is not None or jobs > 1:
        raise OutputError("--also, --jobs and --shard are for many files: name a folder for them with --out.")
    if len(sources) > 1 or os.path.isdir(sources[0]):
        raise OutputError(
            "Several files, or a folder of them, need a folder for the results: name one with --out."
        )
    from app.commands.run import run_source

    run_source(sources[0], look, outputs, follow)


@cli.command(name="weights")
@told_in_a_sentence
@stopped_at_once
def list_weights(
    name: Annotated[
        str | None, typer.Argument(help="Print the card of these weights: a name or a file.")
    ] = None,
) -> None:
    """List the weights that are installed and what they reach, or tell all about some."""
    from app.commands.weights import print_weights

    print_weights(name)


Data = Annotated[Path, typer.Option("--data", help="Folder with one folder a data set.")]


@cli.command()
@told_in_a_sentence
@stopped_at_once
def prepare(
    dataset: Annotated[str, typer.Argument(help="Such as ntu60, ntu120, kinetics, shrec17, utd_mhad.")],
    raw: Annotated[Path, typer.Argument(help="Folder of the data set as it is distributed.")],
    out: Annotated[Path, typer.Argument(help="Folder to make.")],
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that read; one a processor by default.")
    ] = None,
    without: Annotated[
        Path | None, typer.Option(help="Text file of samples to leave out, such as NTU's missing skeletons.")
    ] = None,
) -> None:
    """Turn a raw data set into one that training reads from disk; call again to go on after a stop."""
    from app.commands.prepare import prepare_dataset

    prepare_dataset(dataset, raw, out, workers, without)


@cli.command()
@told_in_a_sentence
@stopped_at_once
def train(
    config: Annotated[str, typer.Argument(help="Shipped configuration such as lsta/daily, or a YAML file.")],
    overrides: Annotated[list[str] | None, typer.Argument(help="Changes such as steps=100.")] = None,
    data: Data = Path("data"),
    run: Annotated[
        Path | None, typer.Option("--run", help="Folder of the run (runs/<name> by default).")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the run's last checkpoint.")] = False,
    into: Annotated[
        Path | None, typer.Option("--into", help="Folder for the weights (the run's by default).")
    ] = None,
    debug: Annotated[
        bool, typer.Option("--debug", help="Only learn the first batch by heart, and keep nothing.")
    ] = False,
) -> None:
    """Train weights; stop with Ctrl-C and go on later with --resume."""
    from app.commands.train import train_weights

    train_weights(config, overrides or [], data, run, resume, into, debug)


@cli.command()
@told_in_a_sentence
@stopped_at_once
def evaluate(
    weights: Annotated[
        list[str] | None, typer.Argument(help="Name (see `pose2action weights`), file, or a fusion: a+b.")
    ] = None,
    data: Annotated[
        Path, typer.Option("--data", help="Folder with one folder a data set, or a prepared data set.")
    ] = Path("data"),
    dataset: Annotated[str | None, typer.Option("--dataset", help="Only this data set.")] = None,
    part: Annotated[
        str | None, typer.Option("--part", help="test or val; val for the real camera clips by default.")
    ] = None,
    frame_rates: Annotated[
        bool, typer.Option("--frame-rates", help="Also compare the labels at 30, 15 and 10 fps.")
    ] = False,
    stream: Annotated[
        bool, typer.Option("--stream", help="Join clips to long streams and judge what live use would show.")
    ] = False,
    plot: Annotated[
        Path | None, typer.Option("--plot", help="With --stream: write delay against false labels (png).")
    ] = None,
    window: Annotated[
        float | None,
        typer.Option(min=0.5, max=10, help="With --stream: seconds of a window, where not the weights'."),
    ] = None,
    fuse: Annotated[
        bool, typer.Option("--fuse", help="On a prepared data set: also all weights together.")
    ] = False,
    json: Annotated[Path | None, typer.Option("--json", help="Write the figures as JSON.")] = None,
    confusion: Annotated[
        Path | None, typer.Option("--confusion", help="Write the best one's confusion matrix (html).")
    ] = None,
    card: Annotated[bool, typer.Option("--card", help="Write the figures into the weights' cards.")] = False,
    sparse_backend: SparseBackend = "auto",
) -> None:
    """Report accuracy, of the default weights if none are named, on clips that were not trained on."""
    from app.commands.evaluate import Options, evaluate_weights
    from recognizer.weights import DEFAULT

    options = Options(dataset, part, frame_rates, stream, plot, window, fuse, json, confusion, card)
    evaluate_weights(weights or [DEFAULT], data, options, sparse_backend)


@cli.command()
@told_in_a_sentence
@stopped_at_once
def export(
    weights: Annotated[str, typer.Argument(help="Name (see `pose2action weights`) or file.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="File to write; named after the weights by default.")
    ] = None,
) -> None:
    """Write a network as an ONNX file that runs without pose2action, and check that it gives the same."""
    from recognizer.export import export as write

    path = out or Path(f"{Path(weights).stem}.onnx")
    difference = write(weights, path)
    print(printable(f"{path}: its logits differ by {difference:.1g} of the largest one at most"))


@cli.command()
@told_in_a_sentence
@stopped_at_once
def teach(
    collection: Annotated[str, typer.Argument(help="Name of the collection, made if it is not there.")],
    action: Annotated[str, typer.Argument(help="The action's name; `nothing` shows what is none of them.")],
    videos: Annotated[list[str], typer.Argument(help="Video files, each of one person who does it once.")],
    start: Annotated[float, typer.Option(min=0, help="Second at which the action starts.")] = 0.0,
    end: Annotated[float | None, typer.Option(min=0, help="Second at which it ends.")] = None,
    both_sides: Annotated[
        bool, typer.Option("--both-sides", help="With the other hand or foot it is the same action.")
    ] = False,
    hands: Annotated[bool, typer.Option("--hands", help="Teach what a hand does, not a person.")] = False,
) -> None:
    """Teach an action of your own by showing it, best three to five times."""
    from app.commands.teach import teach as teach_action

    teach_action(collection, action, videos, start, end, both_sides, hands)


own = typer.Typer(
    help="List, show, export, import or delete what you have taught.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
cli.add_typer(own, name="own")

CollectionName = Annotated[str, typer.Argument(help="Name of the collection.")]


@own.command(name="list")
@told_in_a_sentence
@stopped_at_once
def own_list() -> None:
    """List the collections and their actions."""
    from app.commands.own import list_collections

    list_collections()


@own.command(name="show")
@told_in_a_sentence
@stopped_at_once
def own_show(collection: CollectionName) -> None:
    """List the recordings of a collection."""
    from app.commands.own import show_collection

    show_collection(collection)


@own.command(name="export")
@told_in_a_sentence
@stopped_at_once
def own_export(
    collection: CollectionName,
    out: Annotated[Path | None, typer.Option("--out", help="Zip to write; COLLECTION.zip here.")] = None,
) -> None:
    """Write a collection as one zip."""
    from app.commands.own import export_to

    export_to(collection, out)


@own.command(name="import")
@told_in_a_sentence
@stopped_at_once
def own_import(
    path: Annotated[Path, typer.Argument(help="Zip that `own export` wrote.")],
    name: Annotated[str | None, typer.Option("--name", help="Another name for the collection.")] = None,
) -> None:
    """Make a collection of a zip."""
    from app.commands.own import import_from

    import_from(path, name)


@own.command(name="delete")
@told_in_a_sentence
@stopped_at_once
def own_delete(
    collection: CollectionName,
    action: Annotated[str | None, typer.Argument(help="Only this action.")] = None,
    recording: Annotated[str | None, typer.Argument(help="Only this recording of it.")] = None,
) -> None:
    """Delete a collection, an action or a recording; for a day it can be had back."""
    from app.commands.own import delete_from

    delete_from(collection, action, recording)


@own.command(name="bank")
@told_in_a_sentence
@stopped_at_once
def own_bank(
    weights: Annotated[str, typer.Argument(help="Name (see `pose2action weights`) or file.")],
    data: Data = Path("data"),
) -> None:
    """Write, beside weights, embeddings of other actions, from which own ones are told."""
    from app.commands.own import make_bank

    make_bank(weights, data)


def main() -> None:
    """What ``app.__main__`` calls, the entry point of the ``pose2action`` command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names and labels may have letters that a terminal lacks
            stream.reconfigure(errors="backslashreplace")
    try:
        cli()
    except SystemExit as end:
        if isinstance(getattr(end.__context__, "__cause__", None), KeyboardInterrupt):
            say("stopped; nothing was written.")  # Typer's exit: Ctrl-C came before the command
        raise
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    finally:
        # All that is left is Python's own clean-up, to which Ctrl-C would only add tracebacks.
        signal.signal(signal.SIGINT, signal.SIG_IGN)


if __name__ == "__main__":
    main()
