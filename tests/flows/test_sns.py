"""A topic of SNS introduces itself: from the door over the outbox to the address that is opened, and what comes."""

import asyncio
import json
from collections.abc import Iterator

import pytest
from django.db import connection

from tests.conftest import NOON
from tests.ingest.amazon import CERTIFICATE, SUBSCRIBE, TOPIC, Amazon
from tests.ingest.calling import call
from tests.world import SETUP, World
from tocsin.alerts.models import Event
from tocsin.channels import http, sns
from tocsin.channels.contract import Failed, Sent
from tocsin.engine import sender
from tocsin.ingest.app import Ingest
from tocsin.ingest.certificates import Certificates
from tocsin.ingest.stores import store_for
from tocsin.outbox import claims
from tocsin.outbox.models import Message
from tocsin.services.actions import create_integration
from tocsin.services.models import Integration
from tocsin.sources.sns import cloudwatch

pytestmark = pytest.mark.django_db(transaction=True)


class Wire:
    """Where the network would be."""

    def __init__(self) -> None:
        self.opened: list[tuple[str, str]] = []

    def request(self, method: str, url: str) -> http.Answer:
        self.opened.append((method, url))
        return http.Answer(status=200, headers={}, body=b"<ConfirmSubscriptionResponse/>")


class Topic:
    def __init__(self, world: World, integration: Integration, key: str) -> None:
        self.world, self.integration, self.key = world, integration, key
        self.amazon = Amazon.at()

    def sends(self, *messages: object) -> list[int]:
        """The statuses; to a process that was just started."""

        async def work() -> list[int]:
            ingest = Ingest(store_for(connection), now=lambda: NOON, certificates=Certificates(self.amazon.fetch))
            await ingest.open()
            try:
                path = f"/in/sns/{self.key}"
                return [(await call(ingest, path, json.dumps(m).encode())).status for m in messages]
            finally:
                await ingest.close()

        statuses = asyncio.run(work())
        self.world.tick()
        return statuses

    def opens(self) -> list[object]:
        """What is waiting for SNS, by the channel itself."""
        leased = claims.lease("test", self.world.now, 10)
        results = []
        for message in leased:
            letter = sender.letter_of(message, self.world.now)
            assert not isinstance(letter, Failed)
            results.append(sns.send(letter))
            sender.record(message, results[-1], self.world.now)
        return results


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    made = Wire()
    monkeypatch.setattr(http, "request", made.request)
    return made


@pytest.fixture
def topic(wire: Wire) -> Iterator[Topic]:
    world = World()
    world.owner()
    service = world.monitoring(world.policy([world.person("Ada")])).service
    yield Topic(world, *create_integration(SETUP, service, "sns", "CloudWatch", world.now))
    connection.close()


def test_a_topic_is_subscribed_to_and_heard_from_then_on(topic: Topic, wire: Wire) -> None:
    assert topic.sends(topic.amazon.says(cloudwatch.SAMPLE)) == [403]  # nobody knows it yet
    assert topic.sends(topic.amazon.asks()) == [200]
    topic.integration.refresh_from_db()
    assert topic.integration.topics == [TOPIC]
    row = Message.objects.get()
    assert (row.kind, row.purpose, row.target) == ("sns", "subscription", SUBSCRIBE)
    assert wire.opened == []  # not before it is in the outbox
    assert [type(result) for result in topic.opens()] == [Sent]
    assert wire.opened == [("GET", SUBSCRIBE)]
    assert topic.sends(topic.amazon.says(cloudwatch.SAMPLE)) == [200]
    assert topic.world.group().state == "triggered"
    assert "Orders queue is old" in topic.world.group().title
    assert Message.objects.filter(kind="sns").count() == 1
    assert set(topic.amazon.fetched) == {CERTIFICATE}


def test_another_topic_that_asks_later_is_not_subscribed_to(topic: Topic, wire: Wire) -> None:
    assert topic.sends(topic.amazon.asks()) == [200]
    assert topic.sends(topic.amazon.asks(TopicArn=TOPIC + "-2")) == [403]
    topic.opens()
    assert wire.opened == [("GET", SUBSCRIBE)]


def test_a_signed_address_that_is_not_of_sns_is_never_opened(topic: Topic, wire: Wire) -> None:
    topic.sends(topic.amazon.asks(SubscribeURL="https://evil.example/?Action=ConfirmSubscription"))
    assert not Message.objects.exists()
    topic.integration.refresh_from_db()
    assert (wire.opened, topic.integration.topics) == ([], [])
    assert not Event.objects.filter(waiting=None, quarantine=None).exists()


@pytest.mark.parametrize(
    ("first", "then", "state"),
    [
        (("ALARM", 50), ("OK", 30), "triggered"),  # SNS promises no order: this one is old
        (("ALARM", 30), ("OK", 50), "resolved"),
        (("ALARM", 30), ("OK", 30), "resolved"),  # in the same millisecond
        (("OK", 30), ("ALARM", 50), "triggered"),
    ],
)
def test_an_alarm_is_over_when_a_later_ok_says_so(
    topic: Topic, first: tuple[str, int], then: tuple[str, int], state: str
) -> None:
    topic.sends(topic.amazon.asks())
    for word, second in (first, then):
        alarm = {"NewStateValue": word, "StateChangeTime": f"2026-03-04T11:59:{second}.123+0000"}
        assert topic.sends(topic.amazon.says({**cloudwatch.SAMPLE, **alarm})) == [200]
    assert topic.world.group().state == state
