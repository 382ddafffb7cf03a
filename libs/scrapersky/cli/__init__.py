"""The command line: ``scrapersky``. Commands are imported when they are called; errors end in one place, `main`."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

import click

from scrapersky.errors import ScraperSkyError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

INTERRUPTED = 130

COMMANDS = {
    "add": ("scrapersky.cli.add:add", "Add domains, from arguments or a file."),
    "search": ("scrapersky.cli.search:search", "Queue a Google Places search."),
    "curate": ("scrapersky.cli.curate:curate", "Set curation statuses, which queues the next step."),
    "run": ("scrapersky.cli.run:run", "Run a service once, as its container does."),
    "status": ("scrapersky.cli.status:status", "Show every queue."),
    "runs": ("scrapersky.cli.history:runs", "Show recent runs and what they did."),
    "errors": ("scrapersky.cli.history:errors", "Group errors by cause."),
    "requeue": ("scrapersky.cli.queues:requeue", "Give rows of a queue another go."),
    "cancel": ("scrapersky.cli.queues:cancel", "Take rows out of a queue."),
    "pause": ("scrapersky.cli.pause:pause", "Stop claiming from a queue."),
    "resume": ("scrapersky.cli.pause:resume", "Claim from a paused queue again."),
    "list": ("scrapersky.cli.rows:list_rows", "List rows of a table."),
    "show": ("scrapersky.cli.show:show", "Show one row with its history."),
    "export": ("scrapersky.cli.export:export", "Write a table as CSV or JSON lines, any size."),
    "report": ("scrapersky.cli.report:report", "Write a page: funnel, runs, errors, slowest sites."),
    "prune": ("scrapersky.cli.prune:prune", "Delete old runs and finished jobs."),
    "db": ("scrapersky.cli.db:db", "Migrate the database, and check its schema."),
    "doctor": ("scrapersky.cli.doctor:doctor", "Check what a run needs, and say what to do."),
    "config": ("scrapersky.cli.config:config", "Show every setting and where it came from."),
    "fetch": ("scrapersky.cli.fetch:fetch", "Fetch one URL with all guards."),
    "robots": ("scrapersky.cli.robots:robots", "Read robots.txt files."),
    "sitemap": ("scrapersky.cli.sitemap:sitemap", "Read and find sitemaps."),
    "page": ("scrapersky.cli.page:page", "Extract what a home page says."),
    "demo": ("scrapersky.cli.demo:demo", "The whole pipeline, on this machine alone."),
}
"""Command → ``module:attribute``, and its line in ``scrapersky --help``."""

EPILOG = """
\b
Examples:
  scrapersky db upgrade
  scrapersky search plumbers --location "Austin, TX"
  scrapersky run local-business-enrichment
  scrapersky status --watch

\b
Shell completion (bash; zsh_source and fish_source do the same for theirs):
  eval "$(_SCRAPERSKY_COMPLETE=bash_source scrapersky)"
"""


class LazyGroup(click.Group):
    """The commands of `COMMANDS`. Help and completion import none of them, a call imports one."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Every command, in the order of the pipeline."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import one command; None where there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The list in ``--help``."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        """Names of commands, with their lines, and the group's own options."""
        from click.shell_completion import CompletionItem

        names = [CompletionItem(name, help=line) for name, (_, line) in COMMANDS.items() if name.startswith(incomplete)]
        return names + click.Command.shell_complete(self, ctx, incomplete)

    def make_context(self, *args: Any, **extra: Any) -> click.Context:  # noqa: ANN401
        """Parse the arguments; ``--help`` and ``--version`` are printed here."""
        with _quiet_when_nobody_reads():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401
        """Run the command."""
        with _quiet_when_nobody_reads():
            return super().invoke(ctx)


@contextmanager
def _quiet_when_nobody_reads() -> Iterator[None]:
    """Whoever pipes us into `head` has seen enough: no traceback, and none from Python's last flush either."""
    try:
        yield
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise click.exceptions.Exit(0) from None


@click.command(cls=LazyGroup, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="scrapersky", prog_name="scrapersky")
def cli() -> None:
    """ScraperSky finds local businesses, their websites, and what those websites hold.

    Settings come from the environment: `scrapersky config` shows them. Data go to stdout, words to stderr.
    """


def main() -> NoReturn:
    """Run a command and end the process with the exit code that docs/cli.md gives."""
    sys.exit(_exit_code())


def _exit_code() -> int:
    try:
        return int(cli.main(prog_name="scrapersky", standalone_mode=False) or 0)
    except click.ClickException as wrong:
        wrong.show()
        return wrong.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except ScraperSkyError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except Exception as error:  # noqa: BLE001
        _report_bug(error)
        return ScraperSkyError.exit_code


def _report_bug(error: Exception) -> None:
    if os.environ.get("LOG_LEVEL", "").upper() == "DEBUG":
        import traceback

        traceback.print_exception(error)
    what = " ".join(repr(error).split())
    sys.stderr.write(f"bug: {what}; run again with LOG_LEVEL=DEBUG for the traceback, and report it\n")
