"""Build the app from its verbs, run it, and turn every fault into one line.

Silent failure prevented: a traceback shows local variables and messages, which may hold
private text. Nothing but our own errors is ever printed with its message.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import signal
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated, Any

import typer

import lamppost.cli as package
from lamppost import __version__
from lamppost.core.errors import LamppostError

INTERRUPTED = 130


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"lamppost {__version__}")
        raise typer.Exit


def app() -> typer.Typer:
    """The command with all its verbs."""
    built = typer.Typer(
        name="lamppost",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["-h", "--help"]},
        help=(
            "Child-safety engine: reads chats, finds signs of grooming early, explains them "
            "exactly, and says what to do now.\n\n"
            "Example: lamppost scan chat.zip --child Mia --age 13 --country GB --html report.html"
        ),
    )

    @built.callback()
    def _root(
        version: Annotated[
            bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")
        ] = False,
    ) -> None:
        pass

    for module in pkgutil.iter_modules(package.__path__):
        if not module.name.startswith("_"):
            importlib.import_module(f"{package.__name__}.{module.name}").register(built)
    return built


def complain(message: str) -> None:
    """One line on stderr."""
    line = " ".join(message.split())
    print(f"error: {line}", file=sys.stderr, flush=True)  # noqa: T201


def run(args: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; never raises."""
    try:
        result: Any = app()(args=args, prog_name="lamppost", standalone_mode=False)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except LamppostError as error:
        complain(str(error))
        return error.exit_code
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (KeyboardInterrupt, typer.Abort):
        complain("interrupted")
        return INTERRUPTED
    except OSError as error:
        complain(f"{error.filename or 'file'}: {(error.strerror or 'cannot be used').lower()}")
        return 3
    except Exception as error:
        return _fault(error)


def _fault(error: Exception) -> int:
    if hasattr(error, "format_message") and hasattr(error, "exit_code"):  # typer's usage errors
        context = getattr(error, "ctx", None)
        hint = f" (see `{context.command_path} --help`)" if context is not None else ""
        complain(f"{error.format_message().rstrip('.')}{hint}")
        return int(error.exit_code)
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else "?"
    complain(
        f"a fault inside Lamppost: {type(error).__name__} at {place}; its message is not shown "
        "because it may hold private text (please report type and place)"
    )
    if os.environ.get("LAMPPOST_DEBUG"):
        for frame in frames:
            print(f"  {frame.filename}:{frame.lineno} in {frame.name}", file=sys.stderr)  # noqa: T201
    return 3


def main() -> None:
    """Entry point of the `lamppost` command."""
    if hasattr(signal, "SIGTERM"):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    sys.exit(run())
