"""Everything that leaves, to look at and to send again."""

import pytest

from tests.pages.desk import HX, at_the_desk, checkout, living, observer, queries_of, text_of
from tests.world import Monitoring, Person, World
from tocsin.outbox.models import Message

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return living()


@pytest.fixture
def cast(world: World) -> tuple[Person, Person, Monitoring]:
    return checkout(world)


def test_say_what_they_are_for_before_there_are_any(world: World) -> None:
    page = text_of(at_the_desk(world.owner()).get("/deliveries/"))
    assert "Nothing has left yet" in page
    assert 'href="/profile/"' in page


def test_a_failed_page_is_shown_with_its_reason_and_sent_again(
    world: World, cast: tuple[Person, Person, Monitoring]
) -> None:
    ada, _, monitoring = cast
    ada.cannot_be_reached()
    monitoring.fires("checkout is down")
    client, failed = at_the_desk(ada), Message.objects.get(state="failed")
    page = text_of(client.get("/deliveries/?state=failed"))
    assert "550 no such mailbox" in page
    assert "checkout is down" in page
    data = {"next": "/deliveries/?state=failed"}
    response = client.post(f"/deliveries/{failed.pk}/retry/", data, follow=True)
    assert response.redirect_chain == [("/deliveries/?state=failed", 302)]
    assert "It is being sent again." in text_of(response)
    ada.provider_is_back()
    world.forward(minutes=1)
    failed.refresh_from_db()
    assert failed.state == "sent"
    again = client.post(f"/deliveries/{failed.pk}/retry/", follow=True)
    assert "There is nothing to send again" in text_of(again)


def test_one_delivery_has_its_tries(world: World, cast: tuple[Person, Person, Monitoring]) -> None:
    ada, _, monitoring = cast
    ada.provider_is_down()
    monitoring.fires("checkout is down")
    message = Message.objects.order_by("pk")[0]
    page = text_of(at_the_desk(ada).get(f"/deliveries/{message.pk}/"))
    assert "connection refused" in page
    assert "Tried again later" in page
    assert "Send again now" in page


def test_addresses_are_shown_to_their_person_and_to_who_manages_people_only(
    world: World, cast: tuple[Person, Person, Monitoring]
) -> None:
    ada, grace, monitoring = cast
    monitoring.fires("checkout is down")
    url = f"/deliveries/{Message.objects.get().pk}/"
    admin = world.owner("Orla")
    assert [ada.addresses[0] in text_of(at_the_desk(who).get(url)) for who in (ada, grace, admin)] == [
        True,
        False,
        True,
    ]


def test_what_a_message_says_is_never_shown(world: World, cast: tuple[Person, Person, Monitoring]) -> None:
    cast[2].fires("checkout is down")
    token = cast[0].expect_page("checkout").ack_url.rstrip("/").rsplit("/", 1)[1]
    client = at_the_desk(world.owner("Orla"))
    for url in ("/deliveries/", f"/deliveries/{Message.objects.get().pk}/"):
        assert token not in text_of(client.get(url))


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 2),
        ("state=sent", 1),
        ("state=failed", 1),
        ("state=cancelled", 0),
        ("kind=email", 2),
        ("kind=ntfy", 0),
        ("purpose=page", 2),
        ("purpose=invitation", 0),
        ("state=rubbish&kind=rubbish&purpose=rubbish&page=-3", 2),
    ],
)
def test_filters_are_in_the_url(world: World, cast: tuple[Person, Person, Monitoring], query: str, count: int) -> None:
    ada, _, monitoring = cast
    ada.cannot_be_reached()
    monitoring.fires("checkout is down")
    assert text_of(at_the_desk(ada).get(f"/deliveries/?{query}")).count("data-row") == count


def test_the_live_part_comes_alone(world: World, cast: tuple[Person, Person, Monitoring]) -> None:
    cast[2].fires("checkout is down")
    part = text_of(at_the_desk(cast[0]).get("/deliveries/", headers=HX))
    assert "<html" not in part
    assert "checkout is down" in part


def test_who_only_looks_cannot_send_again(world: World, cast: tuple[Person, Person, Monitoring]) -> None:
    ada, _, monitoring = cast
    ada.cannot_be_reached()
    monitoring.fires("checkout is down")
    failed = Message.objects.get(state="failed")
    client = at_the_desk(observer(world))
    assert "Send again</button>" not in text_of(client.get("/deliveries/?state=failed"))
    assert client.post(f"/deliveries/{failed.pk}/retry/").status_code == 403
    failed.refresh_from_db()
    assert failed.state == "failed"


def test_what_is_not_there_is_not_found(world: World) -> None:
    assert at_the_desk(world.owner()).get("/deliveries/4711/").status_code == 404


def test_a_list_needs_the_same_number_of_queries_however_long(
    world: World, cast: tuple[Person, Person, Monitoring]
) -> None:
    client = at_the_desk(cast[0])
    cast[2].fires("one")
    few = queries_of(client, "/deliveries/")
    for number in range(8):
        cast[2].fires(f"alert {number}")
    assert queries_of(client, "/deliveries/") == few
