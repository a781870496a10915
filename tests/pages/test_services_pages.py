"""Services: what can break, and what is at hand when it does."""

import pytest

from tests.pages.desk import at_the_desk, checkout, living, observer, text_of
from tests.world import Monitoring, Person, World
from tocsin.audit.models import Record
from tocsin.services.models import Integration, Service

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return living()


@pytest.fixture
def cast(world: World) -> tuple[Person, Person, Monitoring]:
    return checkout(world)


def filled(service: Service, **changes: object) -> dict[str, object]:
    fields = {"name": service.name, "policy": service.policy_id, "tier": service.tier, "group_minutes": 0}
    return fields | changes


def test_say_what_they_are_for_before_there_are_any(world: World) -> None:
    client = at_the_desk(world.owner())
    assert "Make the first service" in text_of(client.get("/services/"))
    assert "Make an escalation policy" in text_of(client.get("/services/new/"))
    assert "Make a service" in text_of(client.get("/integrations/new/"))
    assert "Make the first integration" in text_of(client.get("/integrations/"))


def test_a_service_is_made_with_a_form_and_leads_on_to_its_integration(world: World) -> None:
    ada = world.person("Ada")
    policy = world.policy([ada])
    data = {
        "name": "Search",
        "policy": policy.pk,
        "tier": 1,
        "group_minutes": 5,
        "runbook_url": "wiki.example.org/search",
        "rollback": "helm rollback search",
    }
    response = at_the_desk(ada).post("/services/new/", data, follow=True)
    assert response.redirect_chain == [("/services/search/", 302)]
    page = text_of(response)
    for words in (
        "Add an integration",
        "https://wiki.example.org/search",
        "helm rollback search",
        "alerts within 5 min",
    ):
        assert words in page, words
    assert Service.objects.get().tier == 1
    assert Record.objects.filter(object_name="Search", verb="created").exists()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": ""}, "This field is required."),
        ({"policy": ""}, "This field is required."),
        ({"policy": "4711"}, "Select a valid choice."),
        ({"tier": "9"}, "Select a valid choice."),
        ({"group_minutes": "-1"}, "greater than or equal to 0"),
        ({"runbook_url": "javascript:alert(1)"}, "Enter a valid URL."),
        ({"name": "x" * 200}, "at most 80 characters"),
        ({"name": "Checkout"}, "already exists"),
    ],
    ids=["no name", "no policy", "unknown policy", "tier", "minutes", "url", "long name", "taken name"],
)
def test_wrong_input_is_said_beside_the_field_and_what_was_typed_is_kept(
    world: World, cast: tuple[Person, Person, Monitoring], wrong: dict[str, str], said: str
) -> None:
    data = filled(cast[2].service, name="Search", description="It searches.") | wrong
    page = text_of(at_the_desk(cast[0]).post("/services/new/", data))
    assert said in page
    assert "It searches." in page
    assert Service.objects.count() == 1


def test_a_second_post_of_the_same_form_makes_no_second_service(
    world: World, cast: tuple[Person, Person, Monitoring]
) -> None:
    client, data = at_the_desk(cast[0]), filled(cast[2].service, name="Search")
    assert [client.post("/services/new/", data).status_code for _ in range(2)] == [302, 200]
    assert Service.objects.filter(name="Search").count() == 1


def test_a_service_is_changed_and_keeps_its_address(world: World, cast: tuple[Person, Person, Monitoring]) -> None:
    data = filled(cast[2].service, name="Checkout EU", tier=1)
    response = at_the_desk(cast[0]).post("/services/checkout/edit/", data, follow=True)
    assert response.redirect_chain == [("/services/checkout/", 302)]
    assert "Checkout EU was saved." in text_of(response)


def test_shows_what_is_wrong_with_it_now_and_what_was(world: World, cast: tuple[Person, Person, Monitoring]) -> None:
    ada, _, monitoring = cast
    client = at_the_desk(ada)
    assert "Nothing is wrong with it now" in text_of(client.get("/services/checkout/"))
    monitoring.fires("disk is full")
    assert "1 open" in text_of(client.get("/services/"))
    assert "disk is full" in text_of(client.get("/services/checkout/"))
    monitoring.recovers("disk is full")
    page = text_of(client.get("/services/checkout/"))
    assert "Nothing is wrong with it now" in page
    assert "Lately" in page


def test_one_with_a_history_stays(world: World, cast: tuple[Person, Person, Monitoring]) -> None:
    cast[2].fires("disk is full")
    response = at_the_desk(cast[0]).post("/services/checkout/delete/", follow=True)
    assert "Nothing was deleted." in text_of(response)
    assert Service.objects.count() == 1


def test_one_without_is_deleted_with_its_integrations(world: World, cast: tuple[Person, Person, Monitoring]) -> None:
    client = at_the_desk(cast[0])
    response = client.post("/services/checkout/delete/", follow=True)
    assert "Checkout was deleted." in text_of(response)
    assert not Service.objects.exists()
    assert not Integration.objects.exists()
    assert client.post("/services/checkout/delete/").status_code == 404


def test_are_found_by_their_words(world: World, cast: tuple[Person, Person, Monitoring]) -> None:
    client = at_the_desk(cast[0])
    assert "Checkout</a>" in text_of(client.get("/services/?q=check"))
    assert "No service matches" in text_of(client.get("/services/?q=nonsense"))


def test_who_only_looks_changes_nothing(world: World, cast: tuple[Person, Person, Monitoring]) -> None:
    client = at_the_desk(observer(world))
    for url in ("/services/", "/services/checkout/"):
        page = text_of(client.get(url))
        assert "Checkout" in page
        assert "/edit/" not in page
        assert "/new/" not in page
    for url in ("/services/new/", "/services/checkout/edit/"):
        assert client.get(url).status_code == 403
        assert client.post(url, filled(cast[2].service, name="Search")).status_code == 403
    assert client.post("/services/checkout/delete/").status_code == 403
    assert Service.objects.get().name == "Checkout"


def test_what_is_not_there_is_not_found(world: World) -> None:
    client = at_the_desk(world.owner())
    assert client.get("/services/nothing/").status_code == 404
    assert client.get("/services/nothing/edit/").status_code == 404
    assert client.get("/services/checkout/delete/").status_code == 405


def test_what_keeps_a_service_from_noise_is_set_on_its_form_and_shown_on_its_page(
    cast: tuple[Person, Person, Monitoring],
) -> None:
    boss, service = at_the_desk(cast[0]), cast[2].service
    page = text_of(boss.get(f"/services/{service.slug}/edit/"))
    assert "Calm what flaps" in page
    assert "0: page at once" in page
    typed = {"name": service.name, "policy": service.policy.pk, "tier": 2, "group_minutes": "5"}
    noise = {"group_by": "alertname, cluster,", "pause_minutes": "3", "resolve_minutes": "", "storm_threshold": "0"}
    boss.post(f"/services/{service.slug}/edit/", {**typed, **noise})
    service.refresh_from_db()
    assert (service.group_by, service.group_hours, service.pause_minutes) == (["alertname", "cluster"], 24, 3)
    assert (service.resolve_minutes, service.calms_flapping, service.storm_threshold) == (0, False, 0)
    page = text_of(boss.get(service.get_absolute_url()))
    assert "alike in alertname, cluster" in page
    assert "3 min before paging" in page
    assert "alertname, cluster" in text_of(boss.get(f"/services/{service.slug}/edit/"))


def test_an_integration_is_routed_by_a_tick(cast: tuple[Person, Person, Monitoring]) -> None:
    boss, integration = at_the_desk(cast[0]), cast[2].source.integration
    boss.post(f"/integrations/{integration.pk}/edit/", {"name": "Prod", "is_enabled": "on", "is_routed": "on"})
    integration.refresh_from_db()
    assert integration.is_routed
