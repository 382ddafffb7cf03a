"""What became of the rows of a run."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from scrapersky.metrics import OUTCOMES, RESCUED_ROWS, ROWS, Outcome


@dataclass
class Tally:
    """Rows by outcome, and the causes of those that were retried or failed.

    ``claimed`` counts every claim, also of rows that were given up because their worker died too often; ``rescued`` the
    claims of rows whose lease had run out. A tally that bears a queue's name counts in the metrics too, as it goes.
    """

    queue: str | None = None
    claimed: int = 0
    rescued: int = 0
    completed: int = 0
    retried: int = 0
    failed: int = 0
    released: int = 0
    lost: int = 0
    causes: dict[str, int] = field(default_factory=dict)

    def count(self, outcome: Outcome, rows: int = 1, *, cause: str | None = None) -> None:
        """Count rows that ended alike."""
        setattr(self, outcome, getattr(self, outcome) + rows)
        if self.queue is not None:
            ROWS.labels(self.queue, outcome).inc(rows)
        if cause is not None:
            self.causes[cause] = self.causes.get(cause, 0) + rows

    def claim(self, rows: int, *, rescued: int = 0) -> None:
        """Count rows that were claimed, some of them after another worker's lease had run out."""
        self.claimed += rows
        self.rescued += rescued
        if self.queue is not None:
            RESCUED_ROWS.labels(self.queue).inc(rescued)

    def add(self, other: "Tally") -> None:
        """Add another tally to this one."""
        self.claim(other.claimed, rescued=other.rescued)
        for outcome in OUTCOMES:
            self.count(outcome, getattr(other, outcome))
        for cause, rows in other.causes.items():
            self.causes[cause] = self.causes.get(cause, 0) + rows


def total(tallies: Iterable[Tally]) -> Tally:
    """The sum of several queues' tallies."""
    summed = Tally()
    for tally in tallies:
        summed.add(tally)
    return summed
