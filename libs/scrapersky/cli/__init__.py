"""The command line: ``scrapersky``. Commands are loaded when they are called, errors are reported in one place."""

import os
import sys
from importlib import import_module
from importlib.metadata import version

import click

from scrapersky.errors import ScraperSkyError

COMMANDS = {
    "add": ("scrapersky.cli.add:add", "Add domains, from arguments or a file."),
    "search": ("scrapersky.cli.add:search", "Queue a Google Places search."),
    "curate": ("scrapersky.cli.curate:curate", "Set curation statuses, which queues the next step."),
    "run": ("scrapersky.cli.run:run", "Run a service once, as its container does."),
    "status": ("scrapersky.cli.status:status", "Show every queue."),
    "runs": ("scrapersky.cli.history:runs", "Show recent runs and what they did."),
    "errors": ("scrapersky.cli.history:errors", "Group errors by cause."),
    "requeue": ("scrapersky.cli.queues:requeue", "Give rows of a queue another go."),
    "cancel": ("scrapersky.cli.queues:cancel", "Take rows out of a queue."),
    "pause": ("scrapersky.cli.queues:pause", "Stop claiming from a queue."),
    "resume": ("scrapersky.cli.queues:resume", "Claim from a paused queue again."),
    "list": ("scrapersky.cli.rows:list_rows", "List rows of a table."),
    "show": ("scrapersky.cli.rows:show", "Show one row."),
    "export": ("scrapersky.cli.export:export", "Write a table to CSV or JSON lines, any size."),
    "prune": ("scrapersky.cli.queues:prune", "Delete old runs and finished jobs."),
    "db": ("scrapersky.cli.db:db", "Migrate the database, and check its schema."),
    "config": ("scrapersky.cli.config:config", "Show every setting and where it came from."),
    "fetch": ("scrapersky.cli.fetch:fetch", "Fetch one URL with all guards."),
    "robots": ("scrapersky.cli.robots:robots", "Read robots.txt files."),
    "sitemap": ("scrapersky.cli.sitemap:sitemap", "Read and find sitemaps."),
    "page": ("scrapersky.cli.page:page", "Extract what a home page says."),
    "demo": ("scrapersky.cli.demo:demo", "The whole pipeline, on this machine alone."),
}
"""Command → where it is, and its line in ``scrapersky --help``."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are needed, so that help and single commands start fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Every command, in the order of the pipeline."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The list in ``--help``, without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


EPILOG = """
Examples:

\b
  scrapersky db upgrade
  scrapersky search plumbers --location "Austin, TX"
  scrapersky run local-business-enrichment
  scrapersky status --watch

\b
Shell completion: eval "$(_SCRAPERSKY_COMPLETE=bash_source scrapersky)"
"""


@click.command(cls=LazyGroup, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("scrapersky"), prog_name="scrapersky")
def cli() -> None:
    """ScraperSky finds local businesses, their websites, and what those websites hold.

    Settings come from the environment: `scrapersky config` shows them. Data go to stdout, words to stderr.
    """


def main() -> None:
    """Run a command and end the process with the exit code of the contract."""
    try:
        cli.main(prog_name="scrapersky", standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.ClickException as wrong:
        wrong.show()
        sys.exit(wrong.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except ScraperSkyError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001
        _report_bug(error)
        sys.exit(ScraperSkyError.exit_code)


def _report_bug(error: Exception) -> None:
    if os.environ.get("LOG_LEVEL") == "DEBUG":
        import traceback

        traceback.print_exception(error)
    sys.stderr.write(f"internal-error: {error!r}; a bug of ours: LOG_LEVEL=DEBUG shows where\n")
