"""The signed webhook, on a real server."""

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from pytest_django import Settings

from tests.channels.servers import Receiver
from tocsin import clock
from tocsin.channels.contract import BadAddress, Failed, Letter, Retry, Sent
from tocsin.channels.webhook import check, send


def test_a_receiver_can_verify_who_sent_it_and_when(letter: Letter, receiver: Receiver) -> None:
    assert send(replace(letter, target=receiver.url + "/hook", secret="s3cret")) == Sent()
    (heard,) = receiver.heard
    timestamp = heard.headers["tocsin-timestamp"]
    expected = hmac.new(b"s3cret", timestamp.encode() + b"." + heard.body, hashlib.sha256).hexdigest()
    assert heard.headers["tocsin-signature"] == f"v1={expected}"
    assert abs(int(timestamp) - clock.now().timestamp()) < 5
    assert (heard.path, heard.headers["content-type"]) == ("/hook", "application/json")


def test_the_body_says_everything(letter: Letter, receiver: Receiver) -> None:
    send(replace(letter, target=receiver.url))
    body = json.loads(receiver.heard[0].body)
    assert body["title"] == "Disk full on db1"
    assert body["facts"] == {"Service": "Checkout", "Value": "2 % < 5 %"}
    assert body["ack_url"] == "http://tocsin.example/ack/abc/"
    assert body["data"] == {"group": 7}
    assert body["key"] == "page 7 of ada"


def test_every_attempt_has_the_same_key(letter: Letter, receiver: Receiver) -> None:
    receiver.answers = [(500, {}, b""), (200, {}, b"")]
    letter = replace(letter, target=receiver.url)
    assert isinstance(send(letter), Retry)
    assert send(letter) == Sent()
    assert [h.headers["idempotency-key"] for h in receiver.heard] == ["page 7 of ada"] * 2


def test_without_a_secret_nothing_is_signed(letter: Letter, receiver: Receiver) -> None:
    send(replace(letter, target=receiver.url))
    assert "tocsin-signature" not in receiver.heard[0].headers


def test_a_busy_receiver_says_when_to_come_again(letter: Letter, receiver: Receiver) -> None:
    receiver.answers = [(429, {"Retry-After": "30"}, b"slow down")]
    result = send(replace(letter, target=receiver.url))
    assert result == Retry(error="The other side answered 429: slow down", after=timedelta(seconds=30))


def test_a_receiver_that_says_no_is_not_asked_again(letter: Letter, receiver: Receiver) -> None:
    receiver.answers = [(404, {}, b"")]
    assert send(replace(letter, target=receiver.url)) == Failed(error="The other side answered 404: nothing else")


def test_a_private_address_fails_for_good(letter: Letter, receiver: Receiver, settings: Settings) -> None:
    settings.ALLOW_PRIVATE = False
    assert isinstance(send(replace(letter, target=receiver.url)), Failed)


def test_a_receiver_that_is_down_is_tried_again(letter: Letter) -> None:
    assert isinstance(send(replace(letter, target="http://127.0.0.1:1/")), Retry)


def test_the_address_must_be_a_url() -> None:
    assert check("https://example.com/hook") == "https://example.com/hook"
    with pytest.raises(BadAddress):
        check("example.com")
