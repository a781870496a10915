"""What all channels share."""

import json
from dataclasses import replace
from datetime import timedelta
from time import monotonic

import pytest

from tests.channels import servers
from tests.channels.conftest import CONTENT
from tocsin.channels import http, inapp
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


@pytest.mark.parametrize("kind", ["webhook", "ntfy", "chat"])
def test_a_provider_that_never_comes_to_its_end_is_left_at_the_deadline(
    kind: str, letter: Letter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "DEADLINE", 0.3)
    with servers.dripping(b"HTTP/1.1 100 Continue\r\n", every=0.02) as port:
        begun = monotonic()
        result = CHANNELS[kind].send(replace(letter, kind=kind, target=f"http://127.0.0.1:{port}/topic"))
    assert monotonic() - begun < 1.5
    assert isinstance(result, Retry)
    assert "did not answer" in result.error
