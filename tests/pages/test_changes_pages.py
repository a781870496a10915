"""Changes in the browser: the list, one of them, the service's, and what changed before an alert."""

from datetime import timedelta

import pytest

from tests.pages.desk import at_the_desk, checkout, living, observer, queries_of, text_of
from tests.world import SETUP, Monitoring, Person, World
from tocsin.changes import actions
from tocsin.changes.models import Change
from tocsin.core import signals
from tocsin.services.models import Service

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return living()


@pytest.fixture
def cast(world: World) -> tuple[Person, Person, Monitoring]:
    return checkout(world, rollback="Roll back with `helm rollback checkout`")


def changed(world: World, service: Service | None, summary: str, before: float = 5, **said: object) -> Change:
    what = signals.Change(summary=summary, at=world.now - timedelta(minutes=before), **said)  # type: ignore[arg-type]
    return actions.record(SETUP, what, service, world.now)


def test_an_empty_list_says_what_it_is_for(world: World) -> None:
    page = text_of(at_the_desk(world.owner()).get("/changes/"))
    assert "No change has been told yet" in page
    assert "/integrations/new/?kind=github" in page


def test_the_list_has_filters_in_its_address_and_pages(world: World, cast: tuple[Person, Person, Monitoring]) -> None:
    client = at_the_desk(cast[0])
    for number in range(51):
        changed(world, cast[2].service, f"Deploy {number:02}", status="success", environment="production")
    changed(world, None, "Switch replaced", status="failure")
    page = text_of(client.get("/changes/?environment=production&page=2"))
    assert "Deploy 50" in page or "Deploy 00" in page
    assert "Switch replaced" not in page
    page = text_of(client.get("/changes/?status=failed&since=24h"))
    assert "Switch replaced" in page
    assert "Deploy 01" not in page
    assert "Nothing matches" in text_of(client.get("/changes/?service=nothing"))
    assert queries_of(client, "/changes/") < 20


def test_a_change_says_how_to_go_back_and_where_it_came_from(
    world: World, cast: tuple[Person, Person, Monitoring]
) -> None:
    link = signals.Link(href="https://ci.example.org/1", text="Run 1")
    row = changed(world, cast[2].service, "Deploy v9", rollback="`make back`", links=(link,), details={"pods": [1, 2]})
    page = text_of(at_the_desk(cast[0]).get(row.get_absolute_url()))
    for words in ("Deploy v9", "<code>make back</code>", "https://ci.example.org/1", "a person or a script", "pods"):
        assert words in page
    assert at_the_desk(cast[0]).get("/changes/4711/").status_code == 404


def test_one_without_a_way_back_shows_the_services(world: World, cast: tuple[Person, Person, Monitoring]) -> None:
    row = changed(world, cast[2].service, "Deploy v9")
    assert "<code>helm rollback checkout</code>" in text_of(at_the_desk(cast[0]).get(row.get_absolute_url()))


def test_one_is_recorded_with_a_form(world: World, cast: tuple[Person, Person, Monitoring]) -> None:
    client = at_the_desk(cast[0])
    assert client.post("/changes/new/", {"summary": ""}).status_code == 422
    data = {"summary": "New switch", "service": cast[2].service.pk, "status": "success", "rollback": "plug it back"}
    page = text_of(client.post("/changes/new/", data, follow=True))
    assert "The change is recorded." in page
    row = Change.objects.get()
    assert (row.summary, row.author, row.service) == ("New switch", "Ada", cast[2].service)
    assert at_the_desk(observer(world)).get("/changes/new/").status_code == 403


def test_the_service_shows_its_last_changes(world: World, cast: tuple[Person, Person, Monitoring]) -> None:
    client = at_the_desk(cast[0])
    assert "No change of it was ever told" in text_of(client.get("/services/checkout/"))
    changed(world, cast[2].service, "Deploy v9")
    changed(world, None, "Elsewhere")
    page = text_of(client.get("/services/checkout/"))
    assert "Deploy v9" in page
    assert "Elsewhere" not in page


def test_an_alert_says_what_changed_before_it_and_how_to_go_back(
    world: World, cast: tuple[Person, Person, Monitoring]
) -> None:
    ada, _, monitoring = cast
    changed(world, monitoring.service, "Deploy v8", before=90, status="success")
    changed(world, monitoring.service, "Deploy v9", before=4, status="failure", rollback="`make back`")
    changed(world, None, "Switch replaced", before=2)
    changed(world, monitoring.service, "Deploy v1", before=500)
    monitoring.fires()
    page = text_of(at_the_desk(ada).get(f"/alerts/{world.group().pk}/"))
    assert "on this service, 4 min before it began, it failed" in page
    assert page.index('id="go-back"') < page.index('id="what-changed"')
    assert "To go back: <code>make back</code>" in page
    order = [
        page.index(name, page.index('id="what-changed"')) for name in ("Deploy v9", "Deploy v8", "Switch replaced")
    ]
    assert order == sorted(order)
    assert "Deploy v1<" not in page


def test_without_a_sentence_of_its_own_the_services_stands_on_top(
    world: World, cast: tuple[Person, Person, Monitoring]
) -> None:
    changed(world, cast[2].service, "Deploy v9")
    cast[2].fires()
    page = text_of(at_the_desk(cast[0]).get(f"/alerts/{world.group().pk}/"))
    assert "To go back: Roll back with <code>helm rollback checkout</code>" in page


def test_when_nothing_was_told_the_alert_says_so(world: World, cast: tuple[Person, Person, Monitoring]) -> None:
    cast[2].fires()
    page = text_of(at_the_desk(cast[0]).get(f"/alerts/{world.group().pk}/"))
    assert "Nothing that anybody has told in the 2 h before it began" in page
    assert 'id="go-back"' not in page
