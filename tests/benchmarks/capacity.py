"""What a number of businesses a day asks of the cluster: ``make capacity`` prints the table of ``docs/capacity.md``.

A simulation of a day: rows come in evenly, a CronJob starts each interval unless its last run goes on (Forbid), a run
drains at the speed of its pods until nothing is due or its time budget ends.
"""

from dataclasses import dataclass

INTERVAL, BUDGET, CONCURRENCY, DAY = 300, 240, 16, 86_400
PAGES_OF_A_SITE, BYTES_OF_A_PAGE = 50, 337
PRICES = {"search": 0.035 * 3 / 60, "details": 0.020}
"""Dollars a business: Google's list prices of 2025 for the first 100,000 calls a month, the free ones left aside."""


@dataclass(frozen=True)
class Service:
    """CPU seconds a row are measured (`make bench-rows`); seconds a row, mostly spent waiting, are assumed."""

    name: str
    cpu: float
    seconds: float


SERVICES = (
    Service("sitemap-scheduler", 0.005, 0.5),
    Service("local-business-enrichment", 0.005, 0.1),
    Service("domain-scheduler", 0.0128, 4),
    Service("domain-sitemap-submission", 0.0133, 5),
    Service("sitemap-import", 0.0199, 3),
)


def oldest(service: Service, rows: int, pods: int) -> float:
    """The longest that a row waits in a day, in seconds; infinite where the queue only grows."""
    speed = pods * min(CONCURRENCY / service.seconds, 1 / service.cpu)
    queued, now, arrived, worst = 0.0, 0.0, 0.0, 0.0
    while now < DAY:
        queued += (now - arrived) * rows / DAY
        arrived = now
        taken = min(queued, speed * BUDGET)
        queued -= taken
        worst = max(worst, queued / (rows / DAY) + INTERVAL)
        now = max(now + INTERVAL, -(-(now + taken / speed) // INTERVAL) * INTERVAL)
    return worst if queued < rows / DAY * 2 * INTERVAL else float("inf")


def pods(service: Service, rows: int) -> int:
    """The fewest pods with which no row waits for longer than three intervals."""
    return next(count for count in range(1, 1000) if oldest(service, rows, count) <= 3 * INTERVAL)


def table() -> str:
    """The table."""
    lines = [
        "| businesses a day | "
        + " | ".join(each.name for each in SERVICES)
        + " | connections | pages a year | GB a year"
        " | Google, $ a month |",
        "|---:" * (len(SERVICES) + 5) + "|",
    ]
    for rows in (1_000, 5_500, 20_000, 100_000, 500_000):
        counts = [pods(service, rows) for service in SERVICES]
        pages = rows * 365 * PAGES_OF_A_SITE
        cells = [*counts, 2 * sum(counts), f"{pages:,}", f"{pages * BYTES_OF_A_PAGE / 1e9:,.0f}"]
        cells.append(f"{30 * rows * sum(PRICES.values()):,.0f}")
        lines.append(f"| {rows:,} | " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
