"""``docs/capacity.md`` has the table that the simulation prints."""

from pathlib import Path

from tests.benchmarks.capacity import SERVICES, oldest, pods, table

PAGE = Path(__file__).parents[2] / "docs" / "capacity.md"


def test_the_pages_table_is_what_the_simulation_prints() -> None:
    assert table() in PAGE.read_text(), "stale: run `make capacity`"


def test_one_pod_less_would_not_do() -> None:
    for service in SERVICES:
        count = pods(service, 500_000)
        assert count == 1 or oldest(service, 500_000, count - 1) > 900
