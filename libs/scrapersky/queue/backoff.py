"""Back-off with full jitter (Brooker, "Exponential Backoff and Jitter", 2015), as a pure function."""

LONGEST_RETRY_AFTER = 86_400.0


def delay(attempt: int, *, base: float, ceiling: float, chance: float, retry_after: float | None = None) -> float:
    """Seconds until a row that failed in passing is due again.

    Args:
        attempt: Which attempt failed, from 1.
        base: Back-off after the first attempt in seconds; doubles with each further one.
        ceiling: The back-off never exceeds this many seconds.
        chance: Uniform in [0, 1): the jitter.
        retry_after: Seconds that the peer asked for; a lower bound, itself bounded by a day.
    """
    doublings = min(attempt - 1, 60)
    jittered = chance * min(ceiling, base * 2.0**doublings)
    return max(jittered, min(retry_after or 0.0, LONGEST_RETRY_AFTER))
