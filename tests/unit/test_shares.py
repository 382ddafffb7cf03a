"""Who begins, who waits and who goes back, of rows that have hosts and domains in common."""

import pytest

from scrapersky.queue import shares as subject
from scrapersky.queue.shares import Shares, Sharing


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(subject, "monotonic", lambda: now[0])
    return now


def three_of(most_waiting: int = 2, pace: float = 1.0) -> Shares[str]:
    return Shares(Sharing(at_once=1, pace=pace), most_waiting)


def test_a_row_without_shares_always_begins() -> None:
    shares = three_of()
    assert all(shares.has_room(()) and shares.enter((), str(n)) for n in range(10))
    assert shares.leave(()) == []


def test_rows_of_one_share_begin_one_after_another_in_their_order() -> None:
    shares = three_of()
    assert [shares.enter(("a",), row) for row in "xyz"] == [True, False, False]
    assert not shares.has_room(("a",))
    assert shares.has_room(("b",))
    assert shares.leave(("a",)) == ["y"]
    assert shares.leave(("a",)) == ["z"]
    assert shares.leave(("a",)) == []
    assert shares.enter(("a",), "again")


def test_a_row_waits_for_all_of_its_shares() -> None:
    shares = three_of()
    shares.enter(("domain 1", "host a"), "first")
    shares.enter(("domain 2", "host b"), "second")
    assert not shares.enter(("domain 1", "host b"), "both")
    assert shares.leave(("domain 1", "host a")) == []
    assert shares.leave(("domain 2", "host b")) == ["both"]


def test_rows_that_go_back_get_turns_at_the_pace_behind_those_in_hand(clock: list[float]) -> None:
    shares = three_of()
    for row in "xyz":
        shares.enter(("a",), row)
    delays = [shares.turn(("a",)) for _ in range(3)]
    assert delays == [3.0, 4.0, 5.0]
    shares.went_back(delays)
    clock[0] += 1
    assert shares.turn(("a",)) == 5.0
    assert shares.turn(("b",)) == 1.0
    assert shares.next_turn() == 2.0
    clock[0] += 3.5
    assert shares.next_turn() == 0.5
    clock[0] += 1
    assert shares.next_turn() is None


def test_who_is_given_up_waits_no_more() -> None:
    shares = three_of()
    for row in "xyz":
        shares.enter(("a",), row)
    assert shares.give_up_waiting() == ["y", "z"]
    assert shares.has_room(("a",))
    assert shares.leave(("a",)) == []


def test_nothing_is_kept_of_shares_that_nobody_has(clock: list[float]) -> None:
    shares = three_of()
    for n in range(1_000):
        shares.enter((n,), "row")
        shares.leave((n,))
    assert shares._shares == {}
