"""ntfy, on a server that answers as ntfy does."""

import json
from dataclasses import replace

import pytest
from pytest_django import Settings

from tests.channels.servers import Receiver
from tocsin.channels.contract import BadAddress, Failed, Letter, Retry, Sent
from tocsin.channels.ntfy import check, payload, send


def test_a_page_reaches_its_topic_with_buttons(letter: Letter, receiver: Receiver) -> None:
    receiver.answers = [(200, {}, b'{"id":"sPs71M8A2T","event":"message"}')]
    result = send(replace(letter, target=f"{receiver.url}/ops-ada", secret="tk_1"))
    assert result == Sent(provider_id="sPs71M8A2T")
    (heard,) = receiver.heard
    body = json.loads(heard.body)
    assert (heard.path, heard.headers["authorization"]) == ("/", "Bearer tk_1")
    assert (body["topic"], body["title"], body["priority"]) == ("ops-ada", "Disk full on db1", 5)
    assert body["message"].endswith("Service: Checkout\nValue: 2 % < 5 %")
    assert body["actions"][0] == {"action": "view", "label": "Acknowledge", "url": "http://tocsin.example/ack/abc/"}
    assert body["click"] == "http://tocsin.example/alerts/7/"


def test_a_page_sent_again_takes_the_place_of_the_first(letter: Letter) -> None:
    ids = [payload("t", sent)["sequence_id"] for sent in (letter, letter, replace(letter, key="other"))]
    assert ids[0] == ids[1] != ids[2]


def test_low_urgency_does_not_shout(letter: Letter) -> None:
    low = replace(letter, content=replace(letter.content, urgency="low"))
    assert payload("t", low)["priority"] == 3


def test_a_long_text_stays_a_message(letter: Letter) -> None:
    long = replace(letter, content=replace(letter.content, text="ä" * 5000))
    assert len(str(payload("t", long)["message"]).encode()) <= 4096


def test_an_odd_answer_is_still_sent(letter: Letter, receiver: Receiver) -> None:
    assert send(replace(letter, target=f"{receiver.url}/t")) == Sent()


def test_refusals(letter: Letter, receiver: Receiver, settings: Settings) -> None:
    receiver.answers = [(403, {}, b"forbidden"), (429, {}, b"limit")]
    letter = replace(letter, target=f"{receiver.url}/t")
    assert isinstance(send(letter), Failed)
    assert isinstance(send(letter), Retry)
    assert isinstance(send(replace(letter, target="http://127.0.0.1:1/t")), Retry)
    settings.ALLOW_PRIVATE = False
    assert isinstance(send(letter), Failed)


@pytest.mark.parametrize(
    ("typed", "taken"),
    [
        ("my-topic", "https://ntfy.sh/my-topic"),  # a topic alone is one of ntfy.sh
        (" https://ntfy.example.com/ops/ ", "https://ntfy.example.com/ops"),
        ("https://example.com/ntfy/ops", "https://example.com/ntfy/ops"),  # a server below a path
    ],
)
def test_good_addresses(typed: str, taken: str) -> None:
    assert check(typed) == taken


@pytest.mark.parametrize("typed", ["", "my topic", "https://ntfy.sh", "https://ntfy.sh/a.b", "ftp://ntfy.sh/a"])
def test_bad_addresses(typed: str) -> None:
    with pytest.raises(BadAddress):
        check(typed)
