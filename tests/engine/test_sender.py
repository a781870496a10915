"""The sender: real threads, a real receiver, commits that others see."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic, sleep

import pytest
from django.db import connection

from tests.channels import servers
from tests.channels.servers import Receiver
from tocsin import clock
from tocsin.channels import webhook
from tocsin.channels.contract import Content, Failed, Letter, Result, Sent
from tocsin.channels.registry import CHANNELS
from tocsin.engine import sender as sending
from tocsin.engine.sender import Sender
from tocsin.health import counters, presence, problems
from tocsin.outbox import claims
from tocsin.outbox.actions import Draft, put
from tocsin.outbox.models import Message, State
from tocsin.paging import settling

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def other() -> Iterator[Receiver]:
    with servers.receiver() as made:
        yield made


@pytest.fixture
def sender() -> Iterator[Sender]:
    made = Sender()
    made.start()
    yield made
    made.stop()


def drafts(url: str, count: int = 1, kind: str = "webhook", start: int = 0) -> list[Draft]:
    content = Content(purpose="page", title="Disk full", text="")
    return [
        Draft(kind=kind, purpose="page", target=url, content=content, key=f"{kind} {n}")
        for n in range(start, start + count)
    ]


def wait_until_none_is(*states: str) -> None:
    end = monotonic() + 10
    while Message.objects.filter(state__in=states).exists():
        assert monotonic() < end, list(Message.objects.values_list("key", "state", "error"))
        sleep(0.005)


def test_what_is_put_is_sent_and_recorded(sender: Sender, receiver: Receiver) -> None:
    put(drafts(receiver.url, 30), clock.now())
    sender.ring()
    wait_until_none_is(State.PENDING, State.SENDING)
    assert sorted(h.headers["idempotency-key"] for h in receiver.heard) == sorted(f"webhook {n}" for n in range(30))
    assert set(Message.objects.values_list("state", flat=True)) == {State.SENT}


def test_no_more_is_leased_than_is_in_the_air(sender: Sender, receiver: Receiver) -> None:
    receiver.hold.clear()
    put(drafts(receiver.url, 30), clock.now())
    sender.ring()
    receiver.wait_for(CHANNELS["webhook"].at_once)
    assert Message.objects.filter(state=State.SENDING).count() == CHANNELS["webhook"].at_once
    receiver.hold.set()
    wait_until_none_is(State.PENDING, State.SENDING)
    assert len(receiver.heard) == 30


def test_a_slow_provider_holds_up_no_other_channel(sender: Sender, receiver: Receiver, other: Receiver) -> None:
    receiver.hold.clear()
    put(drafts(receiver.url, 50), clock.now())
    sender.ring()
    receiver.wait_for(CHANNELS["webhook"].at_once)
    begun = monotonic()
    put(drafts(f"{other.url}/topic", kind="ntfy"), clock.now())
    sender.ring()
    other.wait_for(1)
    assert monotonic() - begun < 1
    receiver.hold.set()
    wait_until_none_is(State.PENDING, State.SENDING)


def test_stopping_finishes_what_is_in_the_air_and_takes_no_more(receiver: Receiver) -> None:
    sender = Sender()
    sender.start()
    receiver.hold.clear()
    put(drafts(receiver.url, 30), clock.now())
    sender.ring()
    receiver.wait_for(CHANNELS["webhook"].at_once)
    threading.Timer(0.05, receiver.hold.set).start()
    sender.stop()
    counts = {s: Message.objects.filter(state=s).count() for s in (State.SENT, State.PENDING, State.SENDING)}
    at_once = CHANNELS["webhook"].at_once
    assert counts == {State.SENT: at_once, State.PENDING: 30 - at_once, State.SENDING: 0}
    assert len(receiver.heard) == at_once


def test_a_crash_between_sending_and_recording_is_sent_again_with_the_same_key(receiver: Receiver) -> None:
    now = clock.now()
    put(drafts(receiver.url), now)
    (message,) = claims.lease("a node", now, 1)
    letter = sending.letter_of(message, now)
    assert not isinstance(letter, Failed)
    assert sending.send(letter) == Sent()
    # here the node dies: nothing is recorded
    later = now + claims.LEASE
    assert claims.recover(later) == 1
    assert Message.objects.get().state == State.UNKNOWN
    assert counters.value(claims.POSSIBLE_DUPLICATES) == 1
    (again,) = claims.lease("another node", later, 1)
    sending.record(again, sending.send(sending.letter_of(again, later)), later)  # type: ignore[arg-type]
    assert [h.headers["idempotency-key"] for h in receiver.heard] == ["webhook 0", "webhook 0"]
    assert Message.objects.get().state == State.SENT
    sending.record(message, Failed(error="too late"), later)  # should the first node live after all
    assert Message.objects.get().state == State.SENT


def test_two_senders_share_the_work_and_send_nothing_twice(receiver: Receiver) -> None:
    put(drafts(receiver.url, 60), clock.now())
    senders = [Sender(), Sender()]
    for number, one in enumerate(senders):
        one._node = f"node {number}"
        one.start()
    wait_until_none_is(State.PENDING, State.SENDING)
    for one in senders:
        one.stop()
    assert len(receiver.heard) == len({h.headers["idempotency-key"] for h in receiver.heard}) == 60


def test_a_channel_that_makes_a_mistake_loses_nothing(
    sender: Sender, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    mistakes = [ZeroDivisionError("a mistake")]

    def at_first_broken(letter: Letter) -> Result:
        if mistakes:
            raise mistakes.pop()
        return webhook.send(letter)

    monkeypatch.setitem(CHANNELS, "webhook", replace(webhook.CHANNEL, send=at_first_broken))  # type: ignore[arg-type]
    put(drafts(receiver.url), clock.now())
    sender.ring()
    receiver.wait_for(1)
    wait_until_none_is(State.PENDING, State.SENDING)
    first, second = Message.objects.get().tries.all()
    assert (first.outcome, second.outcome) == ("retry", "sent")
    assert "a mistake" in first.detail


def test_a_message_that_cannot_be_read_fails_and_stops_no_other(sender: Sender, receiver: Receiver) -> None:
    now = clock.now()
    later = now + timedelta(hours=1)  # not while they are being broken
    broken, odd, list_, *_ = put(drafts(receiver.url, 6), later)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE outbox_message SET target = 'gibberish' WHERE id = %s", [broken])
    Message.objects.filter(pk=odd).update(payload={"title": 7, "facts": "x"})
    Message.objects.filter(pk=list_).update(payload=["no", "object"])
    Message.objects.update(due_at=now)
    sender.ring()
    wait_until_none_is(State.PENDING, State.SENDING)
    assert len(receiver.heard) == 3
    failed = Message.objects.filter(state=State.FAILED).defer("target", "secret", "payload")
    assert {m.pk for m in failed} == {broken, odd, list_}


def test_what_follows_may_fail_and_the_message_is_still_recorded(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a mistake")

    monkeypatch.setattr(settling, "settle", broken)
    put(drafts("http://example.com"), now)
    (message,) = claims.lease("n", now, 1)
    sending.record(message, Sent(), now)
    assert Message.objects.get().state == State.SENT
    assert "a mistake" in problems.open_problems()[0].detail


@pytest.mark.parametrize("broken", [(settling, "settle"), (settling, "settle", problems, "report"), (claims, "record")])
def test_whatever_fails_after_a_send_takes_no_place_from_the_next(
    sender: Sender, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, broken: tuple[object, ...]
) -> None:
    def fails(*_: object) -> None:
        raise ZeroDivisionError("a mistake")

    count = 2 * CHANNELS["webhook"].at_once
    with monkeypatch.context() as patched:
        for owner, name in zip(broken[::2], broken[1::2], strict=True):
            patched.setattr(owner, str(name), fails)
        put(drafts(receiver.url, count), clock.now())
        sender.ring()
        receiver.wait_for(count)
    put(drafts(receiver.url, count, start=count), clock.now())
    sender.ring()
    receiver.wait_for(2 * count)


def test_in_the_app_a_page_rings_when_a_tab_is_open(sender: Sender) -> None:
    presence.seen("tab", 7, clock.now())
    put([*drafts("7", kind="inapp"), *drafts("8", kind="inapp", start=1)], clock.now())
    sender.ring()
    end = monotonic() + 5
    while Message.objects.filter(error="", state__in=(State.PENDING, State.SENDING)).exists() and monotonic() < end:
        sleep(0.005)
    watched, unwatched = Message.objects.order_by("pk")
    assert watched.state == State.SENT
    assert (unwatched.state, unwatched.error) == (State.PENDING, "No Tocsin tab of this person is open.")


def test_a_retry_comes_when_it_is_due(sender: Sender, receiver: Receiver) -> None:
    receiver.answers = [(503, {"Retry-After": "2"}, b""), (200, {}, b"")]
    put(drafts(receiver.url), clock.now())
    sender.ring()
    first, second = receiver.wait_for(2, within=5)
    assert 1.8 < second.at - first.at < 3
