"""The outbox: put, lease, record, cancel, recover."""

import os
from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest
from django.db import connection

from tocsin.channels.contract import Content, Delivered, Failed, Result, Retry, Sent
from tocsin.core.permissions import NOBODY, TOCSIN, Denied
from tocsin.health import beats, bulk, counters
from tocsin.health.models import Beat
from tocsin.outbox import claims, queries
from tocsin.outbox.actions import Draft, cancel, put, retry
from tocsin.outbox.models import Attempt, Message, State
from tocsin.sealing import Unsealable

S = timedelta(seconds=1)
pytestmark = pytest.mark.django_db


def draft(key: str = "k", kind: str = "email", title: str = "Disk full") -> Draft:
    content = Content(purpose="page", title=title, text="", facts=(("Host", "db1"),))
    return Draft(kind=kind, purpose="page", target="ada@example.com", content=content, key=key)


def stored(pk: int) -> Message:
    return Message.objects.get(pk=pk)


def test_a_message_comes_back_as_it_was_put(now: datetime) -> None:
    put([draft()], now)
    (message,) = claims.lease("n", now, 10)
    assert Content.from_dict(message.payload) == draft().content
    assert (message.target, message.state, message.attempts) == ("ada@example.com", State.SENDING, 1)


def test_what_is_secret_is_sealed_in_the_database(now: datetime) -> None:
    put([draft()], now)
    with connection.cursor() as cursor:
        cursor.execute("SELECT target, payload FROM outbox_message")
        assert not any("ada" in str(value) or "Disk" in str(value) for value in cursor.fetchone())


def test_the_same_key_is_put_once(now: datetime) -> None:
    (first,) = put([draft("a")], now)
    again, other = put([draft("a", title="Another"), draft("b")], now)
    assert (again, stored(other).key) == (first, "b")
    assert [m.payload["title"] for m in Message.objects.order_by("id")] == ["Disk full", "Disk full"]


def test_of_one_key_put_twice_at_once_the_first_is_kept(now: datetime) -> None:
    first, again = put([draft("a"), draft("a", title="Another")], now)
    assert (first, stored(again).payload["title"]) == (again, "Disk full")


def test_a_key_that_another_node_puts_in_between_is_left_as_it_is(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    (theirs,) = put([draft("a")], now)
    look, looks = bulk.ids, []

    def too_early(model: type[Message], name: str, keys: Iterable[str]) -> dict[str, int]:
        looks.append(found := look(model, name, keys))
        return found if len(looks) > 1 else {}

    monkeypatch.setattr(bulk, "ids", too_early)
    again, other = put([draft("a", title="Another"), draft("b")], now)
    assert (again, len(looks)) == (theirs, 2)
    assert [m.payload["title"] for m in Message.objects.filter(pk__in=[theirs, other])] == ["Disk full", "Disk full"]


def test_thousands_are_put_in_few_statements(now: datetime, django_assert_max_num_queries: object) -> None:
    with django_assert_max_num_queries(60):  # type: ignore[operator]
        made = put([draft(f"key {n}") for n in range(1200)], now)
    assert list(Message.objects.order_by("id").values_list("pk", flat=True)) == made
    assert len(set(made)) == 1200
    assert put([], now) == []


def test_a_message_is_leased_by_one_node(now: datetime) -> None:
    put([draft("a"), draft("b"), draft("c", kind="ntfy")], now)
    assert [m.key for m in claims.lease("one", now, 1)] == ["a"]
    assert [m.key for m in claims.lease("two", now, 5, kind="email")] == ["b"]
    assert [m.key for m in claims.lease("two", now, 5)] == ["c"]
    assert claims.lease("three", now, 5) == []


def test_nothing_is_leased_before_it_is_due(now: datetime) -> None:
    put([draft()], now)
    assert claims.lease("n", now - S, 5) == []
    assert claims.next_due() == now
    assert len(claims.lease("n", now, 5)) == 1
    assert claims.next_due() is None


@pytest.mark.parametrize(
    ("result", "state", "error"),
    [
        (Sent(provider_id="7"), State.SENT, ""),
        (Delivered(provider_id="7"), State.DELIVERED, ""),
        (Failed(error="no such mailbox"), State.FAILED, "no such mailbox"),
        (Retry(error="busy"), State.PENDING, "busy"),
    ],
)
def test_the_result_is_recorded_with_its_attempt(result: Result, state: State, error: str, now: datetime) -> None:
    put([draft()], now)
    (message,) = claims.lease("n", now, 1)
    assert claims.record(message, result, now)
    assert (stored(message.pk).state, stored(message.pk).error, stored(message.pk).lease_until) == (state, error, None)
    assert (stored(message.pk).finished_at is None) == (state == State.PENDING)
    assert Attempt.objects.get().outcome == type(result).__name__.lower()
    assert not claims.record(message, Sent(), now)  # once


@pytest.mark.parametrize("said", ["400: \0\0binary", "half a pair \ud800"], ids=["nul", "half-a-pair"])
@pytest.mark.parametrize("result", [Sent, Delivered, Failed, Retry])
def test_a_result_is_recorded_whatever_the_provider_says(result: type[Result], said: str, now: datetime) -> None:
    put([draft()], now)
    (message,) = claims.lease("n", now, 1)
    field = "provider_id" if result in (Sent, Delivered) else "error"
    assert claims.record(message, result(**{field: said}), now)
    assert stored(message.pk).state != State.SENDING
    assert Attempt.objects.get().detail.startswith(said[:3])


def test_a_retry_waits_and_in_the_end_is_a_failure(now: datetime) -> None:
    (put_,) = put([draft()], now)
    at, last = now, None
    while (due := stored(put_).due_at) is not None:
        at = max(at, due)
        (message,) = claims.lease("n", at, 1)
        claims.record(message, Retry(error="busy"), at)
        last = claims.settled(message, Retry(error="busy"))
    assert isinstance(last, Failed)
    assert last.error.startswith("Given up after")
    assert at - now == timedelta(hours=1)
    assert Attempt.objects.count() == 2  # “busy” once, not dozens of times, and the end


def test_the_provider_may_say_how_long_to_wait(now: datetime) -> None:
    put([draft()], now)
    (message,) = claims.lease("n", now, 1)
    claims.record(message, Retry(error="busy", after=90 * S), now)
    assert stored(message.pk).due_at == now + 90 * S


def test_a_lost_lease_may_say_nothing_any_more(now: datetime) -> None:
    put([draft()], now)
    (slow,) = claims.lease("slow", now, 1)
    later = now + claims.LEASE
    assert claims.recover(later - S) == 0
    assert claims.recover(later) == 1
    assert (stored(slow.pk).state, counters.value(claims.POSSIBLE_DUPLICATES)) == (State.UNKNOWN, 1)
    (second,) = claims.lease("slow", later, 1)  # by the same node, even
    assert second.key == slow.key
    assert not claims.record(slow, Failed(error="too late"), later)
    assert claims.record(second, Sent(), later)
    assert [a.outcome for a in Attempt.objects.all()] == ["unknown", "sent"]


def test_leases_of_a_process_that_is_gone_need_not_run_out(now: datetime) -> None:
    put([draft("a"), draft("b"), draft("c")], now)
    claims.lease(f"{beats.place()}:{os.getpid()}:00000", now, 1)  # it had our number
    claims.lease(beats.node(), now, 1)
    claims.lease("elsewhere.0000:1:00000", now, 1)
    is_alone = connection.vendor == "sqlite"  # then whoever was elsewhere was before us
    assert claims.recover_dead(now) == 1 + is_alone
    assert claims.recover_dead(now) == 0
    assert [m.key for m in claims.lease("n", now, 5)] == ["a", "c"][: 1 + is_alone]


def test_leases_of_a_node_that_gives_no_sign_of_life_need_not_run_out(now: datetime) -> None:
    put([draft("a"), draft("b")], now)
    Beat.objects.create(node="elsewhere", role="engine", at=now)
    claims.lease("elsewhere", now, 1)
    claims.lease(beats.node(), now, 1)  # our own are ours, also when our beat is late
    assert claims.recover_silent(now + beats.EVERY) == 0
    assert claims.recover_silent(now + beats.STALE) == 1
    assert [m.key for m in claims.lease("n", now + beats.STALE, 5)] == ["a"]


def test_what_was_leased_and_not_begun_is_given_back(now: datetime) -> None:
    put([draft()], now)
    leased = claims.lease("n", now, 1)
    assert claims.give_back(leased) == 1
    assert claims.give_back(leased) == 0
    assert (stored(leased[0].pk).state, stored(leased[0].pk).attempts) == (State.PENDING, 0)


def test_only_what_waits_is_cancelled(now: datetime) -> None:
    sent, leased, waiting = put([draft("a"), draft("b"), draft("c")], now)
    (first, _) = claims.lease("n", now, 2)
    claims.record(first, Sent(), now)
    assert cancel([sent, leased, waiting], now) == {waiting}
    assert [m.state for m in Message.objects.order_by("id")] == [State.SENT, State.SENDING, State.CANCELLED]
    assert cancel([], now) == set()


def test_a_failed_message_is_tried_again_by_hand_with_its_old_key(now: datetime) -> None:
    put([draft()], now)
    (message,) = claims.lease("n", now, 1)
    claims.record(message, Failed(error="no"), now)
    tomorrow = now + timedelta(days=1)
    with pytest.raises(Denied):
        retry(NOBODY, message.pk, tomorrow)
    assert retry(TOCSIN, message.pk, tomorrow)
    (again,) = claims.lease("n", tomorrow, 1)
    claims.record(again, Retry(error="busy"), tomorrow)
    assert again.state == State.PENDING  # its time begins anew
    assert again.key == message.key
    (last,) = claims.lease("n", tomorrow + 9 * S, 1)
    claims.record(last, Sent(), tomorrow + 9 * S)
    assert not retry(TOCSIN, message.pk, tomorrow)  # sent is sent


def test_a_message_sealed_with_another_key_stops_no_other(now: datetime) -> None:
    broken, _ = put([draft("a"), draft("b")], now)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE outbox_message SET payload = 'gibberish' WHERE id = %s", [broken])
    bad, good = claims.lease("n", now, 5)
    assert good.payload["title"] == "Disk full"
    with pytest.raises(Unsealable):
        _ = bad.payload
    assert claims.record(bad, Failed(error="unreadable"), now)


def test_a_message_of_a_channel_that_is_gone_is_found(now: datetime) -> None:
    put([draft("a", kind="pager"), draft("b")], now)
    assert [m.key for m in claims.strangers(now)] == ["a"]
    assert claims.strangers(now - S) == []


def test_messages_are_listed_by_what_is_asked_for(now: datetime) -> None:
    put([draft("a"), draft("b", kind="ntfy")], now)
    assert [m.key for m in queries.messages(TOCSIN)] == ["b", "a"]
    assert [m.key for m in queries.messages(TOCSIN, queries.MessageFilters(kind="ntfy"))] == ["b"]
    assert queries.counts(TOCSIN) == {"pending": 2}
    assert not queries.attempts(TOCSIN, 1)
    with pytest.raises(Denied):
        queries.messages(NOBODY)
