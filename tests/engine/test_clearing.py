"""What is forgotten, and what never is."""

from datetime import timedelta

import pytest

from tests.apps.hearing import set_aside
from tests.world import Monitoring, Person, World
from tocsin.alerts import retention
from tocsin.alerts.models import Alert, AlertGroup, Event, Flap, Outcome
from tocsin.engine import clearing
from tocsin.engine.clearing import clear
from tocsin.health import beats, presence, problems
from tocsin.health import settings as made_in_browser
from tocsin.outbox.models import Message, State
from tocsin.paging.models import Notification
from tocsin.people import actions as people

DAY = timedelta(days=1)


def test_what_is_old_and_over_is_forgotten(world: World, ada: Person, monitoring: Monitoring) -> None:
    monitoring.fires()
    problems.report("a", "A", "", "", world.now)
    problems.over("a", world.now)
    presence.seen("tab", 1, world.now)
    beats.beat("web", world.now)
    done = clear(world.now + 200 * DAY)
    assert done["messages"] == 1  # the e-mail; in the app, the page still waits
    assert {k: done[k] for k in ("events", "problems", "tabs", "beats")} == {
        "events": 1,
        "problems": 1,
        "tabs": 1,
        "beats": 1,
    }
    assert AlertGroup.objects.count() == Alert.objects.count() == 1
    assert Notification.objects.count() > 0  # the history of who was paged stays


def test_more_is_forgotten_in_a_pass_than_at_once(
    world: World, monitoring: Monitoring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clearing, "LIMIT", 2)
    monkeypatch.setattr(retention, "BITE", 2)
    for _ in range(5):
        monitoring.fires()
    assert clear(world.now + 200 * DAY)["events"] == 5
    assert not Event.objects.exists()
    assert not Outcome.objects.exists()  # a receipt goes with its event


def test_flaps_that_are_long_quiet_are_forgotten_and_those_of_open_alerts_are_not(
    world: World, monitoring: Monitoring
) -> None:
    for key in ("quiet", "open"):
        monitoring.fires(key=key)
        monitoring.recovers(key)
    monitoring.fires(key="open")
    assert set(Flap.objects.values_list("dedup_key", flat=True)) == {"quiet", "open"}
    assert clear(world.now + 29 * DAY)["flaps"] == 0
    assert clear(world.now + 31 * DAY)["flaps"] == 1
    assert Flap.objects.get().dedup_key == "open"


def test_what_is_young_stays(world: World, monitoring: Monitoring) -> None:
    monitoring.fires()
    assert not any(clear(world.now + DAY).values())


def test_what_waits_is_never_forgotten(world: World, ada: Person, monitoring: Monitoring) -> None:
    ada.provider_is_down()
    monitoring.fires()
    monitoring.source.triggers("new", "critical", "Unread", at=world.now)
    monitoring.source.triggers("bad", "critical", "Unreadable", at=world.now)
    set_aside(Event.objects.latest("pk"), "odd")
    done = clear(world.now + 2000 * DAY)
    assert (done["messages"], done["events"]) == (0, 1)
    assert {event.state for event in Event.objects.all()} == {"new", "quarantined"}
    assert Message.objects.count() > 0


def test_how_long_is_set_in_the_browser(world: World, monitoring: Monitoring) -> None:
    monitoring.fires()
    made_in_browser.put("keep_events_days", 7)
    made_in_browser.put("keep_messages_days", "for ever")  # odd: as if it were not there
    done = clear(world.now + 15 * DAY)  # a week that is over whole
    assert (done["events"], done["messages"]) == (1, 0)


def test_where_pages_went_is_forgotten_with_the_method_that_was_removed(
    world: World, ada: Person, monitoring: Monitoring
) -> None:
    monitoring.fires()
    method = ada.user.contact_methods.exclude(kind="inapp").get()
    page = Notification.objects.get(method=method)
    assert clear(world.now)["addresses"] == 0
    people.remove_method(ada.actor, method, world.now)
    assert clear(world.now)["addresses"] == 1
    assert clear(world.now)["addresses"] == 0
    message = Message.objects.get(notification=page)
    assert (message.target, message.secret, message.state) == ("", "", State.SENT)
