"""The dead-man's switch, with a real server outside."""

from datetime import datetime

import pytest
from pytest_django import Settings

from tests.channels.servers import Receiver
from tocsin.engine import heartbeat
from tocsin.health import problems

pytestmark = pytest.mark.django_db


def test_somebody_outside_hears_that_tocsin_lives(now: datetime, settings: Settings, receiver: Receiver) -> None:
    settings.ALLOW_PRIVATE = False  # the operator's own address may be private all the same
    settings.HEARTBEAT_URL = f"{receiver.url}/ping/7"
    assert heartbeat.send(now)
    assert [(h.method, h.path) for h in receiver.heard] == [("GET", "/ping/7")]
    assert not problems.open_problems()


def test_a_heartbeat_that_nobody_takes_is_shown_until_it_is_taken(
    now: datetime, settings: Settings, receiver: Receiver
) -> None:
    settings.HEARTBEAT_URL = receiver.url
    receiver.answers = [(404, {}, b"unknown check"), (200, {}, b"OK")]
    assert not heartbeat.send(now)
    (problem,) = problems.open_problems()
    assert "unknown check" in problem.detail
    assert heartbeat.send(now)
    assert not problems.open_problems()


def test_nobody_there_is_shown(now: datetime, settings: Settings) -> None:
    settings.HEARTBEAT_URL = "http://127.0.0.1:1/"
    assert not heartbeat.send(now)
    assert problems.open_problems()


def test_without_an_address_there_is_nothing_to_do(now: datetime, settings: Settings) -> None:
    settings.HEARTBEAT_URL = ""
    assert heartbeat.send(now)
