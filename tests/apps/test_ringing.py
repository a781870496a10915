"""A page that found no open tab rings as soon as one opens."""

from datetime import timedelta

import pytest

from tests.apps.domain import as_, person
from tests.conftest import NOON
from tocsin.channels.contract import Retry
from tocsin.outbox import claims
from tocsin.outbox.models import Message
from tocsin.paging import ringing, running
from tocsin.paging.actions import test_pager as page
from tocsin.people.models import User

pytestmark = pytest.mark.django_db

SOON = NOON + timedelta(seconds=2)


@pytest.fixture
def ada() -> User:
    """She was paged with no tab open, so that the message waits for its next attempt."""
    ada = person("Ada")
    page(ada.pk, as_(ada), NOON)
    running.advance_due(NOON)
    for message in claims.lease("node", NOON, 10):
        claims.record(message, Retry(error="No tab is open.", after=timedelta(seconds=30)), NOON)
    assert not claims.lease("node", SOON, 10)
    return ada


def test_opening_a_tab_makes_it_due(ada: User) -> None:
    assert ringing.hasten({ada.pk}, SOON) == 1
    assert [m.kind for m in claims.lease("node", SOON, 10)] == ["inapp"]


def test_somebody_elses_tab_does_not(ada: User) -> None:
    assert ringing.hasten({person("Grace").pk}, SOON) == 0
    assert Message.objects.get().due_at == NOON + timedelta(seconds=30)


def test_what_was_sent_is_left_alone(ada: User) -> None:
    Message.objects.update(state="sent", due_at=None)
    assert ringing.hasten({ada.pk}, SOON) == 0
