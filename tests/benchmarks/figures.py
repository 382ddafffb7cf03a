"""What the benchmarks share: figures beside their references, printed as a table and written as JSON."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

OUTPUT = Path(__file__).parents[2] / "build" / "bench"


@dataclass(frozen=True)
class Figure:
    """One measured value beside a reference that was measured in the same run; ``ratio`` is value over reference."""

    metric: str
    value: float
    unit: str
    reference: str
    reference_value: float

    @property
    def ratio(self) -> float:
        return self.value / self.reference_value if self.reference_value else 0.0


def report(name: str, figures: list[Figure]) -> None:
    """Print the figures, and write them to ``build/bench/NAME.json``."""
    width = max(len(figure.metric) for figure in figures)
    beside = max(len(figure.reference) for figure in figures)
    for each in figures:
        value, reference = (f"{number:12,.3f}" for number in (each.value, each.reference_value))
        measured = f"{each.metric:{width}} {value} {each.unit:6}"
        print(f"{measured}  {each.reference:>{beside}} {reference}  ratio {each.ratio:.2f}")
    OUTPUT.mkdir(parents=True, exist_ok=True)
    rows = [{**asdict(each), "value": round(each.value, 3), "ratio": round(each.ratio, 3)} for each in figures]
    for row in rows:
        row["reference_value"] = round(row["reference_value"], 3)
    (OUTPUT / f"{name}.json").write_text(json.dumps(rows, indent=2) + "\n")
