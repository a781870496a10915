"""A POST with an Idempotency-Key that waits for somebody outside: alerts come in meanwhile, and it is done once."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection

from tests.api.caller import Answered as Answer
from tests.api.caller import Caller
from tests.apps import domain
from tests.apps.hearing import Source
from tests.world import Person, World
from tocsin import clock
from tocsin.audit.models import Answered
from tocsin.channels import http
from tocsin.schedules import importing
from tocsin.schedules.models import ImportedCalendar

pytestmark = pytest.mark.django_db(transaction=True)
CALENDAR = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n"
Fetching = Callable[[], http.Answer]


@pytest.fixture
def world(transactional_db: None) -> World:
    return World(clock.now())


@pytest.fixture
def olga(world: World) -> Person:
    olga = world.owner()
    domain.schedule("Weekly", domain.weekly(olga.user))
    return olga


@pytest.fixture
def caller(olga: Person) -> Caller:
    return Caller(olga.user)


def imports(caller: Caller) -> Answer:
    body = {"name": "Theirs", "url": "https://calendar.example.org/a.ics"}
    return caller.call("POST", "/schedules/weekly/calendars", body, **{"Idempotency-Key": "once"})


def serve(monkeypatch: pytest.MonkeyPatch, fetching: Fetching) -> None:
    monkeypatch.setattr(importing.http, "request", lambda *_, **__: fetching())


def fetched() -> http.Answer:
    return http.Answer(status=200, body=CALENDAR, headers={})


def in_a_thread(work: Callable[[], object]) -> threading.Event:
    done = threading.Event()

    def run() -> None:
        try:
            work()
            done.set()
        finally:
            connection.close()

    threading.Thread(target=run, daemon=True).start()
    return done


def test_an_alert_comes_in_while_a_calendar_is_fetched(
    world: World, olga: Person, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    source: Source = world.monitoring(world.policy([olga])).source
    waited: list[bool] = []

    def slow() -> http.Answer:
        waited.append(in_a_thread(lambda: source.triggers("disk", at=world.now)).wait(5))
        return fetched()

    serve(monkeypatch, slow)
    assert imports(caller).status == 201
    assert waited == [True]


def test_a_repeat_while_it_is_under_way_is_told_so_and_gets_the_answer_afterwards(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile: list[int] = []

    def slow() -> http.Answer:
        meanwhile.append(imports(caller).status)
        return fetched()

    serve(monkeypatch, slow)
    first, again = imports(caller), imports(caller)
    assert (first.status, meanwhile) == (201, [409])
    assert (again.status, again.body) == (201, first.body)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert ImportedCalendar.objects.count() == 1


def test_nothing_stays_of_work_that_broke(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks() -> http.Answer:
        raise ZeroDivisionError

    serve(monkeypatch, breaks)
    with pytest.raises(ZeroDivisionError):
        imports(caller)
    assert not Answered.objects.exists()
    serve(monkeypatch, fetched)
    assert imports(caller).status == 201


def test_work_whose_process_died_is_carried_out_when_it_is_asked_for_again(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(monkeypatch, fetched)
    imports(caller)
    ImportedCalendar.objects.all().delete()
    Answered.objects.update(status=0, at=clock.now() - timedelta(minutes=4))
    assert imports(caller).status == 409
    Answered.objects.update(at=clock.now() - timedelta(minutes=6))
    assert imports(caller).status == 201
    assert ImportedCalendar.objects.count() == 1
