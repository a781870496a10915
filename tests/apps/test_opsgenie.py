"""What Opsgenie's clients do to an alert after they have made it, by its alias, its id or its number."""

import uuid
from datetime import timedelta

import msgspec
import pytest

from tests.apps.hearing import NOON, make_integration, make_service
from tocsin.alerts.absorbing import absorb
from tocsin.alerts.models import Alert, Entry, Event, Outcome
from tocsin.services.models import Integration

pytestmark = pytest.mark.django_db

ID = str(uuid.UUID(int=0x0198_7654_3210_7000_8000_0000_0000_0001))


@pytest.fixture
def opsgenie() -> Integration:
    return make_integration(make_service("checkout"), kind="opsgenie")


def create(**fields: object) -> dict[str, object]:
    made = {"message": "Latency is 8 s", "alias": "latency", "priority": "P2", "tags": ["eu"], **fields}
    return {**made, "tocsin": {"verb": "create", "id": ID}}


def act(verb: str, by: str = "alias", identifier: str = "latency", **fields: object) -> dict[str, object]:
    return {**fields, "tocsin": {"verb": verb, "by": by, "identifier": identifier}}


def say(opsgenie: Integration, *requests: dict[str, object]) -> list[str]:
    """All in one batch; the reasons."""
    Outcome.objects.all().delete()
    for number, request in enumerate(requests):
        at, body = NOON + timedelta(seconds=number), msgspec.json.encode(request)
        Event.objects.create(receipt=uuid.uuid4(), integration=opsgenie, kind="opsgenie", body=body, received_at=at)
    assert absorb(NOON, lambda *_: None).quarantined == 0
    return list(Outcome.objects.order_by("event_id").values_list("reason", flat=True))


def test_an_alert_is_found_by_its_alias_its_id_and_its_number(opsgenie: Integration) -> None:
    assert say(opsgenie, create()) == ["opened"]
    number = str(Alert.objects.get().pk)
    assert say(opsgenie, act("notes", "id", ID, note="by id")) == ["noted"]
    assert say(opsgenie, act("notes", "tiny", number, note="by number")) == ["noted"]
    assert say(opsgenie, act("close", "id", str(uuid.uuid4()))) == ["nothing open"]
    assert say(opsgenie, act("close", "tiny", "9" * 30)) == ["nothing open"]
    assert say(opsgenie, act("close", "id", ID)) == ["resolved"]


@pytest.mark.parametrize(("by", "name"), [("tiny", "4711"), ("id", ID[:-1] + "2")])
def test_a_number_or_an_id_that_is_unknown_is_nobody_elses_alias(opsgenie: Integration, by: str, name: str) -> None:
    assert say(opsgenie, create(alias=name)) == ["opened"]
    assert say(opsgenie, act("close", by, name), act("acknowledge", by, name)) == ["nothing open"] * 2
    assert Alert.objects.get().state == "triggered"
    assert say(opsgenie, act("close", "alias", name)) == ["resolved"]


def test_an_alert_that_was_made_in_the_same_batch_is_found_too(opsgenie: Integration) -> None:
    assert say(opsgenie, create(), act("acknowledge", "id", ID)) == ["opened", "acknowledged by source"]
    assert Alert.objects.get().state == "acknowledged"


def test_the_ids_of_another_integration_are_unknown(opsgenie: Integration) -> None:
    say(opsgenie, create())
    other = make_integration(make_service("search"), kind="opsgenie")
    assert say(other, act("close", "id", ID)) == ["nothing open"]
    assert say(other, act("close", "tiny", str(Alert.objects.get().pk))) == ["nothing open"]


def test_notes_are_in_the_history_with_their_author(opsgenie: Integration) -> None:
    say(opsgenie, create(note="It began at noon.", user="Grace"), act("close", note="Mended.", user="Grace"))
    notes = list(Entry.objects.filter(kind="note").order_by("id").values_list("text", flat=True))
    assert notes == ["Grace: It began at noon.", "Grace: Mended."]


def test_an_acknowledgement_is_taken_back(opsgenie: Integration) -> None:
    say(opsgenie, create(), act("acknowledge"))
    assert say(opsgenie, act("unacknowledge"), act("unacknowledge")) == ["unacknowledged by source", "not acknowledged"]
    assert Alert.objects.get().group.state == "triggered"


def test_a_part_of_what_it_says_changes_and_the_rest_stays(opsgenie: Integration) -> None:
    changes = (
        act("message", message="Latency is 12 s"),
        act("tags", tags=["eu", "checkout"]),
        act("details", details={"region": "west"}),
        act("description", description="Since noon."),
    )
    assert say(opsgenie, create(), *changes) == ["opened", "changed", "changed", "changed", "changed"]
    assert say(opsgenie, act("details", details={"zone": "a"})) == ["changed"]  # in a later batch
    alert = Alert.objects.get()
    assert (alert.summary, alert.group.title, alert.severity) == ("Latency is 12 s", "Latency is 12 s", "error")
    assert alert.details["tags"] == ["eu", "checkout"]
    assert alert.details["details"] == {"region": "west", "zone": "a"}
    assert alert.details["description"] == "Since noon."


def test_a_higher_priority_raises_the_severity_and_keeps_what_it_says(opsgenie: Integration) -> None:
    say(opsgenie, create())
    assert say(opsgenie, act("priority", priority="P1"), act("priority", priority="P1")) == [
        "severity raised",
        "changed",
    ]
    alert = Alert.objects.get()
    assert (alert.severity, alert.summary, alert.details["tags"]) == ("critical", "Latency is 8 s", ["eu"])
