"""The back-off is a pure function, and tested as one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapersky.queue.backoff import LONGEST_RETRY_AFTER, delay


@pytest.mark.parametrize(("attempt", "expected"), [(1, 30), (2, 60), (3, 120), (8, 3600), (1000, 3600)])
def test_doubles_up_to_the_ceiling(attempt: int, expected: float) -> None:
    assert delay(attempt, base=30, ceiling=3600, chance=1.0) == expected


def test_full_jitter_reaches_down_to_zero() -> None:
    assert delay(3, base=30, ceiling=3600, chance=0.0) == 0
    assert delay(3, base=30, ceiling=3600, chance=0.5) == 60


def test_retry_after_is_a_lower_bound() -> None:
    assert delay(1, base=30, ceiling=3600, chance=0.1, retry_after=90) == 90
    assert delay(3, base=30, ceiling=3600, chance=1.0, retry_after=90) == 120


def test_retry_after_of_years_is_cut_to_a_day() -> None:
    assert delay(1, base=30, ceiling=3600, chance=0.5, retry_after=1e12) == LONGEST_RETRY_AFTER


@given(st.integers(1, 10_000), st.floats(0, 1), st.none() | st.floats(0, 1e9))
def test_never_negative_never_beyond_its_bounds(attempt: int, chance: float, retry_after: float | None) -> None:
    seconds = delay(attempt, base=30, ceiling=3600, chance=chance, retry_after=retry_after)
    assert 0 <= seconds <= max(3600, LONGEST_RETRY_AFTER)
