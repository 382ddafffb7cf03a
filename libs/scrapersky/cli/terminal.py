"""What only a terminal shows: tables that fit it, and counts that move. Imports rich, which a pipe does without."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich import box
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from scrapersky.cli.output import Row, shown

READABLE = 12
"""Cells that a column of long text keeps."""
FEW = 3
"""So many columns at the most have room for text that goes on in the next line."""
GAP = 2


def print_table(rows: Sequence[Row], columns: Sequence[str]) -> None:
    """Print these columns of rows."""
    console = Console()
    drawn = table(rows, columns, console.width)
    console.width = max(console.width, sum((column.width or 0) + GAP for column in drawn.columns))
    console.print(drawn, crop=False)


def table(rows: Sequence[Row], columns: Sequence[str], width: int) -> Table:
    """Draw rows in ``width`` cells, or in as many as they need at the least.

    The first column is never cut: people copy it. Of the others the widest give way; with few columns their text goes
    on in the next line, with many it ends in an ellipsis.
    """
    cells = [[shown(row.get(column)) for row in rows] for column in columns]
    headings = [column.split("_") for column in columns]
    widths = _widths(cells, headings, width - GAP * len(columns))
    drawn = Table(box=box.SIMPLE_HEAD, header_style="bold", padding=(0, GAP - 1, 0, 0), show_edge=False)
    many = len(columns) > FEW
    for column, heading, cell_width in zip(columns, headings, widths, strict=True):
        figures = all(type(row.get(column)) in (int, float, type(None)) for row in rows)
        drawn.add_column(
            "\n".join(heading),
            width=cell_width,
            justify="right" if figures else "left",
            no_wrap=many,
            overflow="ellipsis" if many else "fold",
        )
    for line in zip(*cells, strict=True):
        drawn.add_row(*map(Text, line))
    return drawn


def _widths(cells: Sequence[list[str]], headings: Sequence[list[str]], room: int) -> list[int]:
    natural = [max(map(len, column + words)) for column, words in zip(cells, headings, strict=True)]
    least = [max(min(wide, READABLE), *map(len, words)) for wide, words in zip(natural, headings, strict=True)]
    least[0] = natural[0]
    widths = [max(lowest, min(wide, room)) for wide, lowest in zip(natural, least, strict=True)]
    while sum(widths) > room:
        shrinkable = [(wide, place) for place, wide in enumerate(widths) if wide > least[place]]
        if not shrinkable:
            break
        widths[max(shrinkable)[1]] -= 1
    return widths


@contextmanager
def counting(what: str) -> Iterator[Callable[[int], None]]:
    """A live count on stderr while something large goes on.

    Yields:
        A function to call with how many more are done.
    """
    columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f} {task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        line = progress.add_task(what, total=None)
        yield lambda more: progress.advance(line, more)
