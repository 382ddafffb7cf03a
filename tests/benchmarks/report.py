"""What a benchmark says: a table for people, and ``build/bench/NAME.json`` for programs. Ratios count."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

OUTPUT = Path(__file__).parents[2] / "build" / "bench"


@dataclass(frozen=True)
class Figure:
    """One measurement beside its reference, both in ``unit``, and ``value`` by ``reference_value``."""

    metric: str
    value: float
    unit: str
    reference: str
    reference_value: float
    ratio: float


def figure(metric: str, value: float, unit: str, reference: str, reference_value: float) -> Figure:
    """A measurement with its ratio, all rounded to three digits or so."""
    return Figure(metric, _short(value), unit, reference, _short(reference_value), round(value / reference_value, 3))


def report(name: str, figures: list[Figure]) -> None:
    """Print the figures and write them to ``build/bench/NAME.json``."""
    width = max(len(each.metric) for each in figures)
    for each in figures:
        beside = f"{each.reference} {each.reference_value:g} {each.unit}"
        print(
            f"{each.metric:{width}}  {each.value:>10g} {each.unit:8}  ratio {each.ratio:7.2f}  to {beside}", flush=True
        )
    OUTPUT.mkdir(parents=True, exist_ok=True)
    (OUTPUT / f"{name}.json").write_text(json.dumps([asdict(each) for each in figures], indent=2))


def _short(value: float) -> float:
    return round(value) if value >= 1000 else float(f"{value:.3g}")
