"""What became of the rows of a run."""

from dataclasses import asdict, dataclass, field
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

    def __add__(self, other: "Tally") -> "Tally":
        """Two stages' tallies as one."""
        causes = {c: self.causes.get(c, 0) + other.causes.get(c, 0) for c in self.causes | other.causes}
        sums = {name: value + getattr(other, name) for name, value in asdict(self).items() if name != "causes"}
        return Tally(**sums, causes=causes)
