"""What README and its sisters tell people to type can be typed, and what they name is there."""

from __future__ import annotations

import argparse
import importlib
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from app.cli import cli
from recognizer.data.sources import SOURCES
from recognizer.training.configs import load_config, load_own_config
from recognizer.weights import available

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("README.md", "RESULTS.md", "CONTRIBUTING.md", "docs/architecture.md")
TOOLS = ("make", "pose2action", "python", "torchrun", "tensorboard")
PLACEHOLDERS = re.compile(r"[A-Z]+(\*[\d.]+)?(\+[A-Z]+(\*[\d.]+)?)*")
"""Words that stand for what a reader has: DATA, RAW, A+B."""


def words(line: str) -> list[str]:
    """A command's words, without a comment and without the variables before it."""
    found = shlex.split(line, comments=True)
    while found and re.match(r"[A-Z_]+=", found[0]):
        found = found[1:]
    return found


def commands() -> list[list[str]]:
    """All commands of the pages: lines of their sh blocks, and what stands between backticks."""
    found: list[list[str]] = []
    for name in PAGES:
        text = (ROOT / name).read_text(encoding="utf-8")
        for block in re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
            found += [words(line.replace("$stream", "joint")) for line in block.splitlines()]
        prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
        inline = [
            words(" ".join(each.split())) for each in re.findall(r"`([^`]+)`", prose) if "'" not in each
        ]
        found += [each for each in inline if len(each) > 1 and each[0] in TOOLS]
    return sorted({tuple(each): each for each in found if each}.values())


def of(program: str) -> list[list[str]]:
    """What follows a program's name, in all commands that call it, be it through another."""
    calls = []
    for each in commands():
        places = [i for i, word in enumerate(each) if Path(word).name == program and "=" not in word]
        calls += [each[places[0] + 1 :]] if places else []
    return calls


def parsed(command: typer.core.TyperGroup | typer.core.TyperCommand, arguments: list[str]) -> dict:
    """The values of a command's parameters; fails as the command line would."""
    context = command.make_context("command", list(arguments))
    if isinstance(command, typer.core.TyperGroup):
        _, inner, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        return {"command": inner.name, **inner.make_context(inner.name, rest, parent=context).params}
    return context.params


def ids(arguments: list[str]) -> str:
    return " ".join(arguments)


def test_the_finder_finds():
    assert ["demo"] in of("make") and ["demo"] in of("pose2action")
    assert ["weights"] in of("pose2action")
    assert any("lsta/kinetics" in each for each in of("pose2action")), "through torchrun"
    assert len(of("pose2action")) > 12


def test_every_program_is_known():
    assert {Path(each[0]).name for each in commands()} <= {*TOOLS, "for", "done", "pip", "python3"}


@pytest.mark.parametrize("arguments", of("make"), ids=ids)
def test_make_has_the_target(arguments: list[str]):
    done = subprocess.run(["make", "-n", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("arguments", of("pose2action"), ids=ids)
def test_the_command_line_takes_it(arguments: list[str]):
    command = typer.main.get_command(cli)
    if len(arguments) < 2 or "--help" in arguments:  # a mention
        assert not arguments or arguments[0] in {*command.commands, "--help"}
        return
    values = parsed(command, arguments)
    if values["command"] == "prepare":
        assert values["dataset"] in SOURCES
    if values["command"] == "train" and values["config"].startswith("own/"):
        load_own_config(list(values["overrides"] or []))
    elif values["command"] == "train" and not PLACEHOLDERS.fullmatch(values["config"]):
        load_config(values["config"], list(values["overrides"] or []))
    named = values.get("weights") or values.get("name") or ()
    for choice in [named] if isinstance(named, str) else named:
        for name in [] if choice.endswith(".safetensors") else re.split(r"[+*]", choice):
            assert name in available() or re.fullmatch(r"[A-Z]+|[\d.]+", name), name


class _Parsed(Exception):
    """Ends a benchmark as soon as it has read its arguments."""


@pytest.mark.parametrize(
    "arguments", [each[1:] for each in of("python") if each[1].startswith("benchmarks.")], ids=ids
)
def test_a_benchmark_takes_it(arguments: list[str], monkeypatch: pytest.MonkeyPatch):
    name, *rest = [str(ROOT / "README.md") if each == "CLIP" else each for each in arguments]  # a file
    package = ROOT.joinpath(*name.split(".")).is_dir()
    module = importlib.import_module(f"{name}.__main__" if package else name)
    parse = argparse.ArgumentParser.parse_args

    def stop(parser: argparse.ArgumentParser, *given: object) -> None:
        parse(parser, *given)
        raise _Parsed

    def stop_typer(function) -> None:
        app = typer.Typer()
        app.command()(function)
        parsed(typer.main.get_command(app), rest)
        raise _Parsed

    monkeypatch.setattr(sys, "argv", [name, *rest])
    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", stop)
    if "typer.run(main)" in Path(module.__file__).read_text(encoding="utf-8"):
        with pytest.raises(_Parsed):
            stop_typer(module.main)
    else:
        with pytest.raises(_Parsed):
            module.main()


@pytest.mark.parametrize("program", ["torchrun", "tensorboard", "pose2action"])
def test_a_program_is_installed(program: str):
    assert shutil.which(program, path=str(Path(sys.executable).parent))


@pytest.mark.parametrize("name", PAGES)
def test_files_that_are_named_are_there(name: str):
    page = ROOT / name
    text = page.read_text(encoding="utf-8")
    links = [each for each in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text) if ":" not in each]
    assert not [each for each in links if not (page.parent / each).exists()]
    folders = "app|pose|recognizer|weights|benchmarks|tests|docs|[.]ci|[.]github"
    paths = re.findall(rf"`((?:{folders})/[^`\s]*)`", text)
    real = [each for each in paths if not re.search(r"[A-Z]{4}", Path(each).stem) or each in links]
    assert not [each for each in real if "NETWORK" not in each and not list(ROOT.glob(each.rstrip("/")))]


def test_weights_are_listed():
    done = CliRunner().invoke(cli, ["weights"])
    assert done.exit_code == 0 and "kinetics-18-lsta-daily" in done.output
