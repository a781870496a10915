"""What all channels share."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.channels.conftest import CONTENT
from tocsin.channels import inapp
from tocsin.channels.contract import Content, Letter, Retry, Sent
from tocsin.channels.registry import CHANNELS


def test_content_survives_the_database() -> None:
    assert Content.from_dict(json.loads(json.dumps(CONTENT.as_dict()))) == CONTENT


@pytest.mark.parametrize("body", [{}, {"purpose": "page", "title": "x", "text": "", "new": 1}, {"facts": 7}])
def test_what_is_no_content_is_refused(body: dict[str, object]) -> None:
    with pytest.raises((TypeError, ValueError)):
        Content.from_dict(body)


def test_every_channel_is_registered_under_its_kind() -> None:
    assert {k: c.kind for k, c in CHANNELS.items()} == {
        k: k for k in ("inapp", "email", "ntfy", "webhook", "chat", "sns")
    }
    assert all(c.label and (c.address_label or not c.needs_address) for c in CHANNELS.values())


def test_in_the_app_a_page_waits_for_a_tab(letter: Letter) -> None:
    assert inapp.send(replace(letter, watching=True)) == Sent()
    waits = inapp.send(letter)
    assert isinstance(waits, Retry)
    assert waits.after == timedelta(seconds=30)
    assert inapp.check("anything") == ""
