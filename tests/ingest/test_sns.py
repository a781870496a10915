"""Only what SNS has signed, of topics that are expected, gets in; nothing else makes Tocsin fetch anything."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection

from tests.conftest import NOON
from tests.ingest.amazon import CERTIFICATE, TOPIC, Amazon
from tests.ingest.calling import Reply, call
from tests.ingest.test_app import KEYS, world
from tests.ingest.test_app import World as Ground
from tocsin.alerts.models import Event
from tocsin.ingest import certificates
from tocsin.ingest.app import Ingest
from tocsin.ingest.certificates import Certificates
from tocsin.ingest.stores import store_for
from tocsin.sources.sns import cloudwatch

__all__ = ["world"]

pytestmark = pytest.mark.django_db(transaction=True)

PATH = f"/in/sns/{KEYS['sns']}"
ALARM = cloudwatch.SAMPLE


@pytest.fixture(scope="module")
def issued() -> Amazon:
    return Amazon.at()


@dataclass
class Place:
    amazon: Amazon
    ground: Ground

    def send(self, *messages: object, **more: Any) -> list[Reply]:
        """One after the other to one process; SNS says that it sends text."""

        async def work() -> list[Reply]:
            made = Certificates(more.get("fetch", self.amazon.fetch))
            ingest = Ingest(store_for(connection), now=lambda: NOON, certificates=made)
            await ingest.open()
            headers = [(b"content-type", b"text/plain; charset=UTF-8")]
            try:
                return [await call(ingest, PATH, json.dumps(m).encode(), headers=headers) for m in messages]
            finally:
                await ingest.close()

        return asyncio.run(work())

    def expects(self, *topics: str) -> None:
        integration = self.ground.integrations["sns"]
        integration.topics = list(topics)
        integration.save()


@pytest.fixture
def place(world: Ground, issued: Amazon) -> Place:
    found = Place(amazon=Amazon(issued.key, issued.certificate), ground=world)
    found.expects(TOPIC)
    return found


@pytest.mark.parametrize("version", ["1", "2"])
def test_what_is_signed_is_stored(place: Place, version: str) -> None:
    message = place.amazon.says(ALARM, subject="ALARM: “Orders”\nqueue", SignatureVersion=version)
    (reply,) = place.send(message)
    assert reply.status == 200
    event = Event.objects.get()
    assert str(event.receipt) == reply.headers["tocsin-receipt"]
    assert json.loads(bytes(event.body)) == message


@pytest.mark.parametrize(
    "change",
    [
        {"Message": "nothing is wrong"},
        {"Subject": "added"},
        {"Message": "half a letter: \ud800"},
        {"MessageId": "00000000-0000-0000-0000-000000000000"},
        {"Timestamp": "2026-03-04T11:59:31.412Z"},
        {"TopicArn": TOPIC + "2"},
        {"Signature": ""},
        {"Signature": "not base64!"},
        {"Signature": "AAAA"},
        {"SignatureVersion": "1"},
        {"SignatureVersion": "3"},
    ],
    ids=str,
)
def test_what_was_changed_on_its_way_is_refused(place: Place, change: dict[str, str]) -> None:
    place.expects(TOPIC, TOPIC + "2")
    (reply,) = place.send(place.amazon.says(ALARM) | change)
    assert reply.status == 403
    assert not Event.objects.exists()


def test_what_somebody_else_has_signed_is_refused(place: Place) -> None:
    (reply,) = place.send(Amazon.at().says(ALARM))
    assert reply.status == 403
    assert "signature is not that of SNS" in reply.body.decode()


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.eu-west-1.amazonaws.com/x.pem",
        "https://sns.eu-west-1.amazonaws.com/x.cer",
        "https://sns.eu-west-1.amazonaws.com.evil.example/x.pem",
        "https://evil.example/sns.eu-west-1.amazonaws.com/x.pem",
        "https://evil.example#@sns.eu-west-1.amazonaws.com/x.pem",
        "https://sns.eu-west-1.amazonaws.com@evil.example/x.pem",
        "https://user@sns.eu-west-1.amazonaws.com/x.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/x.pem",
        "https://sns.eu-west-1.amazonaws.com\\@evil.example/x.pem",
        "https://sns.eu-west-1.amazonaws.com\n.evil.example/x.pem",
        "https://bucket.s3.amazonaws.com/x.pem",
        "https://sns.a.amazonaws.com/x.pem",
        "https://169.254.169.254/x.pem",
        "file:///etc/x.pem",
        "https://[::1/x.pem",
        "",
    ],
)
def test_a_certificate_from_elsewhere_is_never_fetched(place: Place, url: str) -> None:
    (reply,) = place.send(place.amazon.says(ALARM, SigningCertURL=url))
    assert (reply.status, place.amazon.fetched) == (403, [])
    assert not Event.objects.exists()


def test_china_has_its_own_addresses(place: Place) -> None:
    url = CERTIFICATE.replace("eu-west-1.amazonaws.com", "cn-north-1.amazonaws.com.cn")
    assert place.send(place.amazon.says(ALARM, SigningCertURL=url))[0].status == 200


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ("2026-03-04T11:00:00.000Z", 200),  # an hour ago
        ("2026-03-04T10:59:59.999Z", 403),
        ("2026-03-04T12:15:00.000Z", 200),  # clocks differ
        ("2026-03-04T12:15:00.001Z", 403),
        ("yesterday", 403),
        ("", 403),
    ],
)
def test_what_is_older_than_an_hour_is_refused(place: Place, sent: str, status: int) -> None:
    (reply,) = place.send(place.amazon.says(ALARM, Timestamp=sent))
    assert reply.status == status
    assert Event.objects.exists() == (status == 200)


def test_a_message_that_comes_again_is_answered_as_before_and_stored_once(place: Place) -> None:
    message = place.amazon.says(ALARM)
    replies = place.send(message, message)
    assert [reply.status for reply in replies] == [200, 200]
    assert replies[0].body == replies[1].body
    assert Event.objects.count() == 1
    assert place.send(message | {"Message": "another"})[0].status == 403


def test_only_topics_that_are_expected(place: Place) -> None:
    place.expects("arn:aws:sns:eu-west-1:999999999999:alarms")
    (reply,) = place.send(place.amazon.says(ALARM))
    assert reply.status == 403
    assert "its topic" in reply.body.decode()
    assert place.send(place.amazon.asks())[0].status == 403  # nor may another topic invite itself
    assert place.send(place.amazon.ends())[0].status == 403
    assert not Event.objects.exists()


def test_the_first_topic_may_introduce_itself_but_not_send(place: Place) -> None:
    place.expects()
    assert place.send(place.amazon.says(ALARM))[0].status == 403
    assert place.send(place.amazon.asks())[0].status == 200
    assert Event.objects.count() == 1


def test_a_topic_that_was_learned_a_moment_ago_is_known(place: Place) -> None:
    """SNS does not send again what was refused with 403."""
    place.expects()

    async def work() -> list[int]:
        ingest = Ingest(store_for(connection), now=lambda: NOON, certificates=Certificates(place.amazon.fetch))
        await ingest.open()
        statuses = []
        for message in (place.amazon.asks(), place.amazon.says(ALARM)):
            statuses.append((await call(ingest, PATH, message)).status)
            await asyncio.to_thread(_in_thread, lambda: place.expects(TOPIC))
        await ingest.close()
        return statuses

    assert asyncio.run(work()) == [200, 200]


def _in_thread(work: Callable[[], None]) -> None:
    work()
    connection.close()


def test_one_fetch_is_enough_for_many(place: Place) -> None:
    messages = [place.amazon.says(f"message {number}") for number in range(4)]

    async def work() -> list[int]:
        ingest = Ingest(store_for(connection), now=lambda: NOON, certificates=Certificates(place.amazon.fetch))
        await ingest.open()
        replies = await asyncio.gather(*(call(ingest, PATH, m) for m in messages))
        await ingest.close()
        return [reply.status for reply in replies]

    assert asyncio.run(work()) == [200] * 4
    assert place.amazon.fetched == [CERTIFICATE]


def test_while_the_certificate_cannot_be_had_sns_is_to_come_again(place: Place) -> None:
    place.amazon.is_away = True
    replies = place.send(place.amazon.says(ALARM), place.amazon.says(ALARM))
    assert [reply.status for reply in replies] == [503, 503]
    assert place.amazon.fetched == [CERTIFICATE]  # not for every message
    assert not Event.objects.exists()


def test_nobody_waits_long_for_a_certificate(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificates, "PATIENCE", 0.01)

    def slow(url: str) -> bytes:
        certificates.clock.sleep(0.2)
        return place.amazon.fetch(url)

    assert place.send(place.amazon.says(ALARM), fetch=slow)[0].status == 503


@pytest.mark.parametrize(
    "body", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]
)
def test_what_is_no_certificate_signs_nothing(place: Place, body: bytes) -> None:
    (reply,) = place.send(place.amazon.says(ALARM), fetch=lambda _: body)
    assert reply.status == 403
    assert "certificate" in reply.body.decode()


def test_a_certificate_that_is_over_signs_nothing(place: Place) -> None:
    old = Amazon.at(end=NOON.replace(hour=11))
    (reply,) = place.send(old.says(ALARM), fetch=old.fetch)
    assert (reply.status, Event.objects.count()) == (403, 0)


@pytest.mark.parametrize("message", [{"summary": "raw"}, {"Type": "Other"}, [], "x"], ids=str)
def test_what_is_no_message_of_sns_is_refused(place: Place, message: object) -> None:
    assert place.send(message)[0].status == 400


def test_a_wrong_key_makes_nobody_fetch_anything(place: Place) -> None:
    async def work(ingest: Ingest) -> Reply:
        return await call(ingest, "/in/sns/" + "f" * 32, place.amazon.says(ALARM))

    assert place.ground.run(work).status == 401
    assert place.amazon.fetched == []
