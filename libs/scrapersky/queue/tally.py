"""What became of the rows of a run."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, get_args

Outcome = Literal["completed", "retried", "failed", "released", "lost"]
"""completed, retried, failed and released end a claim; lost: another worker held the row when we came to settle it."""
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


@dataclass
class Tally:
    """Rows by outcome, and the causes of those that were retried or failed.

    ``claimed`` counts every claim, also of rows that were given up because their worker died too often.
    """

    claimed: int = 0
    completed: int = 0
    retried: int = 0
    failed: int = 0
    released: int = 0
    lost: int = 0
    causes: dict[str, int] = field(default_factory=dict)

    def count(self, outcome: Outcome, rows: int = 1, *, cause: str | None = None) -> None:
        """Count rows that ended alike."""
        setattr(self, outcome, getattr(self, outcome) + rows)
        if cause is not None:
            self.causes[cause] = self.causes.get(cause, 0) + rows

    def add(self, other: "Tally") -> None:
        """Add another tally to this one."""
        self.claimed += other.claimed
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
