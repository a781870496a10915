"""Several engines and several people at the same moment: real transactions, real threads."""

from datetime import datetime, timedelta

import pytest

from tests.apps.domain import NOW, as_, hours, person, schedule, weekly
from tests.apps.test_people_races import at_once
from tocsin.care.models import ShiftRecord
from tocsin.care.recording import record
from tocsin.core.handover import State
from tocsin.handoffs import actions
from tocsin.handoffs.keeping import keep
from tocsin.handoffs.models import Handoff
from tocsin.outbox.models import Message

pytestmark = pytest.mark.django_db(transaction=True)
HANDOFF_AT = datetime.fromisoformat("2026-03-09T09:00+01:00")


def test_several_engines_write_one_record() -> None:
    schedule("Primary", weekly(person("Ada"), person("Grace")))
    record(NOW)
    assert at_once(*[lambda at=at: record(hours(at)) for at in (1, 2, 2, 3)]) == ["done"] * 4
    record(hours(4))
    assert list(ShiftRecord.objects.values_list("starts_at", "ends_at")) == [(NOW, hours(4))]


def test_several_engines_make_one_draft_and_remind_once() -> None:
    schedule("Primary", weekly(person("Ada", email=True), person("Grace", email=True)))
    before = HANDOFF_AT - timedelta(hours=1)
    assert at_once(*[lambda: keep(before)] * 3) == ["done"] * 3
    assert (Handoff.objects.count(), Message.objects.count()) == (1, 1)


def test_note_is_signed_once_and_the_other_is_told() -> None:
    ada, olga = person("Ada", email=True), person("Grace", email=True)
    schedule("Primary", weekly(ada, olga))
    at = HANDOFF_AT - timedelta(hours=1)
    keep(at)
    copies = [Handoff.objects.select_related("schedule").get() for _ in range(2)]
    ends = at_once(
        *[lambda copy=copy, n=n: actions.sign(as_(ada), copy, f"Note {n}.", at) for n, copy in enumerate(copies)]
    )
    assert sorted(end == "done" for end in ends) == [False, True]
    row = Handoff.objects.get()
    assert (row.state, row.body) == (State.SIGNED, f"Note {ends.index('done')}.")
