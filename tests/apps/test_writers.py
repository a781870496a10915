"""Everything that somebody can do and that writes: it asks whether they may, and leaves a record where it configures.

The functions are found, not listed: a new one is held to this, or named below with the reason.
"""

import pytest

from tests.apps.domain import role
from tests.apps.reaching import functions, reached, writes
from tests.apps.test_permissions import stand_ins
from tocsin.audit.actions import record
from tocsin.core.permissions import NOBODY, Actor, Denied, Role, require

WRITERS = {name: function for name, function in functions().items() if writes(function)}

ASKED_BEFORE = {
    "audit.actions.record": "writes down what was allowed",
    "people.writing.create": "how a row is saved, for functions that have asked",
    "people.writing.change": "likewise",
    "people.writing.delete": "likewise",
    "people.signing.renew": "behind new_secret of a contact method and of a place, which ask",
    "alerts.actions.enter": "a line of the timeline, for what was allowed",
    "alerts.actions.mark_acknowledged": "the state behind paging.acknowledge, which asks; the engine uses it too",
    "alerts.actions.mark_triggered": "likewise",
    "alerts.actions.mark_resolved": "likewise",
    "alerts.actions.hand_over": "behind paging.take_over, which asks",
    "paging.answering.answer": "what the answers to a page share; each of them has asked",
    "paging.answering.change": "likewise",
    "paging.actions.acknowledge_test": "asks whose test it is, when it has found it",
}
FOR_EVERYBODY = {
    "alerts.saved.save": "one's own view of a list",
    "alerts.saved.remove": "likewise",
    "people.devices.sign_out_elsewhere": "one's own sessions",
    "schedules.feeds.make_link": "a link to what one may see",
    "paging.queries.next_up": "looks",
}
NOT_RECORDED = {
    **ASKED_BEFORE,
    # answers to pages are lines of the alert group's history
    "alerts.actions.add_note": "a line of the history",
    "paging.actions.acknowledge": "likewise",
    "paging.actions.unacknowledge": "likewise",
    "paging.actions.resolve": "likewise",
    "paging.actions.escalate": "likewise",
    "paging.handing.add_responder": "likewise",
    "paging.handing.reassign_to_person": "likewise",
    "paging.handing.reassign_to_policy": "likewise",
    "paging.handing.snooze": "likewise",
    "paging.handing.take_over": "likewise",
    # what is done again or tried, and changes no setting
    "paging.actions.test_pager": "a test, in the history of tests",
    "paging.queries.next_up": "looks",
    "alerts.testing.test_alert": "an event with a receipt",
    "alerts.actions.requeue_event": "an event with a receipt",
    "checks.actions.look_soon": "a result like any other",
    "outbox.actions.retry": "an attempt, in the history of the delivery",
    "people.contacting.send_code": "a message, in the deliveries; that the method is verified is recorded",
    "schedules.importing.refresh": "what the calendar itself says",
    "handoffs.actions.write": "a draft; signing is recorded",
    # what is one's own to look at
    "alerts.saved.save": "one's own view of a list",
    "alerts.saved.remove": "likewise",
}
# a stand-in stops these before they ask; that they do is read from their source alone
STUMBLES = {"policies.saving.save", "schedules.saving.save", "schedules.feeds.drop_link", "rules.silences.extend"}


def is_trial(name: str) -> bool:
    """Takes back all that it writes."""
    return name.startswith("tuning.")


def test_the_writers_are_found_in_all_modules() -> None:
    assert len(WRITERS) > 120
    assert {"rules.silences.expire", "paging.handing.snooze", "schedules.swaps.accept"} <= WRITERS.keys()
    assert {"mailboxes.actions.save", "slos.actions.create_slo", "checks.actions.pause"} <= WRITERS.keys()
    assert (ASKED_BEFORE.keys() | FOR_EVERYBODY.keys() | NOT_RECORDED.keys() | STUMBLES) <= WRITERS.keys()


@pytest.mark.parametrize("name", sorted(WRITERS.keys() - ASKED_BEFORE.keys()))
def test_whoever_writes_asks_for_a_verb(name: str) -> None:
    assert require in reached(WRITERS[name])


@pytest.mark.parametrize("name", sorted(n for n in WRITERS.keys() - NOT_RECORDED.keys() if not is_trial(n)))
def test_whoever_configures_leaves_a_record(name: str) -> None:
    assert record in reached(WRITERS[name])


@pytest.mark.parametrize("name", sorted(NOT_RECORDED.keys() - {"audit.actions.record"}))
def test_no_exception_is_named_that_is_none(name: str) -> None:
    assert record not in reached(WRITERS[name]) or name.startswith(("people.writing.", "people.signing."))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "actor"),
    [
        pytest.param(name, actor, id=f"{name} {actor.name}")
        for name in sorted(WRITERS.keys() - ASKED_BEFORE.keys() - STUMBLES)
        for actor in (role(Role.OBSERVER), NOBODY)
        if not is_trial(name) and not (name in FOR_EVERYBODY and actor is not NOBODY)
    ],
)
def test_who_may_not_is_refused(name: str, actor: Actor) -> None:
    function = WRITERS[name]
    with pytest.raises(Denied):
        function(**{**stand_ins(function), "actor": actor})
