"""A chat's incoming webhook, in Slack's format."""

import json
from dataclasses import replace

from pytest_django import Settings

from tests.channels.servers import Receiver
from tocsin.channels.chat import check, send, text
from tocsin.channels.contract import Failed, Letter, Retry, Sent


def test_a_channel_reads_what_happened_and_where_to_look(letter: Letter, receiver: Receiver) -> None:
    assert send(replace(letter, target=f"{receiver.url}/services/T0/B0/x")) == Sent()
    (heard,) = receiver.heard
    assert heard.headers["content-type"] == "application/json"
    first, *_, facts, url = json.loads(heard.body)["text"].split("\n")
    assert (heard.path, first) == ("/services/T0/B0/x", "Disk full on db1")
    assert (facts, url) == ("Value: 2 % &lt; 5 %", "http://tocsin.example/alerts/7/")


def test_nobody_acknowledges_for_a_person_from_a_channel(letter: Letter) -> None:
    assert letter.content.ack_url not in text(letter.content)


def test_what_an_alert_says_calls_nobody(letter: Letter) -> None:
    assert "<!channel>" not in text(replace(letter.content, title="<!channel> & <@U1>"))
    assert text(replace(letter.content, title="a & b")).startswith("a &amp; b\n")


def test_a_long_text_keeps_its_link(letter: Letter) -> None:
    long = text(replace(letter.content, text="ä" * 5000))
    assert len(long) < 4000
    assert long.endswith(letter.content.url)


def test_refusals(letter: Letter, receiver: Receiver, settings: Settings) -> None:
    receiver.answers = [(404, {}, b"no_service"), (429, {"Retry-After": "5"}, b"rate_limited")]
    letter = replace(letter, target=check(f"{receiver.url}/services/T0/B0/x"))
    assert isinstance(send(letter), Failed)
    assert isinstance(send(letter), Retry)
    settings.ALLOW_PRIVATE = False
    assert isinstance(send(letter), Failed)
