"""The command line: one verb a module.

`textreid NAME` runs the function `run` of `textreid/cli/NAME.py`; other packages add verbs of the same shape
through the entry point group `textreid.verbs`. Such a module imports nothing heavy: torch is loaded by the
verb that runs.
"""

from __future__ import annotations

import inspect
import os
import pkgutil
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from itertools import pairwise
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

__all__ = ["application", "main"]


DEMO = EntryPoint("demo", "textreid_demo.verb", "textreid.verbs")
"""As pyproject.toml has it, for sources that are used without an installation."""


class _Verbs(TyperGroup):
    """Turns the errors that textreid raises on purpose, and what the system refuses, into one line on stderr.

    The exit code is then 2. Errors of another kind are mistakes in textreid, and end with their traceback.
    """

    def invoke(self, ctx: Any) -> Any:
        try:
            _require_docstrings()
            return super().invoke(ctx)
        except Exception as error:
            from textreid.errors import TextReIDError
            from textreid.io.refusals import describe_refusal
            from textreid_index import GalleryError

            on_purpose = isinstance(error, TextReIDError | GalleryError)
            message = str(error) if on_purpose else describe_refusal(error)
            if message is None:
                raise
            _complain(message)
            raise typer.Exit(2) from None


class _Verb(TyperCommand):
    """Refuses what would be taken for something else than was meant.

    An empty value, as an unset variable of a script leaves it: as a path it would be the current folder.
    And `--rerank` without a number, which meant k-reciprocal re-ranking in version 0.1.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        from textreid.errors import RERANK_TAKES_A_NUMBER, InputError

        for option, value in pairwise([*args, "-"]):
            if option.startswith("-") and (not value or option.endswith("=")):
                raise InputError(f'{option.rstrip("=")} "" names nothing. Is a variable empty, or unset?')
            if option == "--rerank" and not value.lstrip("-").isdigit():
                raise InputError(RERANK_TAKES_A_NUMBER)
        return super().parse_args(ctx, args)


def main() -> None:
    """Run the command line.

    Threads of OpenMP that wait for work are told to sleep, unless the user wants it otherwise. They would
    spin, which takes the cores from whatever else is busy on the machine. It counts only before torch is
    loaded. So do the folders that libraries are led to where there is no home.
    """
    from textreid.cli._streams import usable_streams
    from textreid.errors import InputError
    from textreid.io.user_folders import lead_libraries

    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        with usable_streams():
            if about_folders := lead_libraries():
                _say("[yellow]note[/]", about_folders)
            application()()
    except InputError as error:  # of the streams: those of a verb are told where it runs
        _complain(str(error))
        sys.exit(2)
    except BrokenPipeError:
        sys.exit(1)


def application() -> typer.Typer:
    """The command line with every verb that is installed."""
    app = typer.Typer(
        name="textreid",
        cls=_Verbs,
        no_args_is_help=True,
        pretty_exceptions_show_locals=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_about)
    for name, verb in sorted(_verbs()):
        if isinstance(verb, typer.Typer):
            for command in verb.registered_commands:
                command.cls = _Verb
            app.add_typer(verb, name=name)
        else:
            app.command(name, cls=_Verb, help=_help(verb))(verb)
    return app


def _verbs() -> Iterator[tuple[str, Callable[..., None] | typer.Typer]]:
    for module in pkgutil.iter_modules(__path__):
        if not module.name.startswith("_"):
            yield module.name, import_module(f"{__name__}.{module.name}").run
    entries = entry_points(group="textreid.verbs")
    for entry in entries if "demo" in entries.names else (*entries, DEMO):
        try:
            yield entry.name, entry.load().run
        except Exception as error:  # of somebody else's package
            _complain(f"the verb '{entry.name}' of {entry.value} cannot be loaded: {error}")


def _require_docstrings() -> None:
    if sys.flags.optimize > 1:
        from textreid.errors import InputError

        raise InputError(
            "Python was told to leave docstrings out, which transformers does not work without: give the"
            " command again without -OO or PYTHONOPTIMIZE=2."
        )


def _help(verb: Callable[..., None]) -> str:
    """The docstring; each paragraph fills the window's width, but examples stay as they are."""
    paragraphs = (inspect.getdoc(verb) or "").replace("\b\n", "").split("\n\n")
    filled = (text if "\n  " in text else text.replace("\n", " ") for text in paragraphs)
    return "\n\n".join(filled).replace("[", r"\[")  # else brackets are taken for markup


def _print_version(wanted: bool) -> None:
    if wanted:
        from textreid import __version__

        print(__version__)
        raise typer.Exit


def _about(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop."),
    ] = False,
) -> None:
    """Find people in photos and video by describing them.

    Start with `textreid demo`, or with your own photos: `textreid index photos/ --gallery gallery`.
    """


def _complain(message: str) -> None:
    _say("[bold red]error:[/]", message)


def _say(what: str, message: str) -> None:
    from rich.markup import escape

    from textreid.cli._console import stderr

    stderr().print(what, escape(" ".join(message.split())))
