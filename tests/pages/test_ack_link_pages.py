"""The page behind the link in a page: no login, one button, and never by a GET."""

import pytest
from django.test import Client

from tests.pages.desk import checkout, living, text_of
from tests.world import Monitoring, Person, World
from tocsin.paging import actions
from tocsin.people.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return living()


@pytest.fixture
def cast(world: World) -> tuple[Person, Person, Monitoring]:
    return checkout(world, rollback="Run deploy rollback checkout")


@pytest.fixture
def link(world: World, cast: tuple[Person, Person, Monitoring]) -> str:
    cast[2].fires("checkout is down")
    return path_of(cast[0].expect_page("checkout is down").ack_url)


def path_of(url: str) -> str:
    return "/" + url.split("/", 3)[3]


@pytest.fixture
def phone() -> Client:
    return Client(enforce_csrf_checks=True)


def test_says_what_since_when_and_for_whom_with_one_button(phone: Client, link: str) -> None:
    response = phone.get(link)
    page = text_of(response)
    for words in ("checkout is down", "Checkout", "Since", "Ada", "Run deploy rollback checkout", "Triggered"):
        assert words in page, words
    assert page.count("<button") == 1
    assert "no-store" in response["Cache-Control"]


def test_opening_the_link_never_acknowledges(phone: Client, world: World, link: str) -> None:
    for _ in range(3):
        assert phone.get(link).status_code == 200
        assert phone.head(link).status_code == 200
    assert world.group().state == "triggered"


def test_pressing_the_button_acknowledges_as_the_person_who_was_paged(
    phone: Client, world: World, cast: tuple[Person, Person, Monitoring], link: str
) -> None:
    response = phone.post(link, follow=True)
    assert "Acknowledged: it is yours, Ada." in text_of(response)
    assert world.group().acknowledged_by == cast[0].user
    world.forward(minutes=10)
    world.nothing_else()


def test_pressing_twice_is_the_same_as_pressing_once(phone: Client, world: World, link: str) -> None:
    for _ in range(2):
        page = text_of(phone.post(link, follow=True))
        assert "Acknowledged: it is yours, Ada." in page
        assert "<button" not in page
    assert world.history().count("acknowledged") == 1


def test_says_who_was_faster(phone: Client, world: World, cast: tuple[Person, Person, Monitoring], link: str) -> None:
    cast[1].acknowledges()
    for page in (text_of(phone.get(link)), text_of(phone.post(link, follow=True))):
        assert "Grace has acknowledged it already." in page
        assert "<button" not in page


def test_says_that_it_is_over(phone: Client, world: World, cast: tuple[Person, Person, Monitoring], link: str) -> None:
    cast[2].recovers()
    for page in (text_of(phone.get(link)), text_of(phone.post(link, follow=True))):
        assert "It is resolved. There is nothing left to acknowledge." in page
        assert "<button" not in page


def test_the_button_is_back_when_it_pages_again(
    phone: Client, world: World, cast: tuple[Person, Person, Monitoring], link: str
) -> None:
    phone.post(link)
    actions.unacknowledge(world.group().pk, cast[0].actor, world.now)
    assert "<button" in text_of(phone.get(link))


@pytest.mark.parametrize(
    "token", ["x", "nonsense", "a" * 2000, "%00", "%F0%9F%94%94"], ids=["x", "word", "long", "nul", "bell"]
)
def test_a_link_that_is_not_known_says_what_to_do(phone: Client, db: None, token: str) -> None:
    for response in (phone.get(f"/ack/{token}/"), phone.post(f"/ack/{token}/")):
        assert response.status_code == 404
        assert "This link is not good any more" in text_of(response)


def test_the_link_of_somebody_who_left_is_not_good(
    phone: Client, world: World, cast: tuple[Person, Person, Monitoring], link: str
) -> None:
    User.objects.filter(pk=cast[0].user.pk).update(is_active=False)
    assert phone.post(link).status_code == 404
    assert world.group().state == "triggered"


def test_who_guesses_is_slowed_down_and_a_good_link_still_works(phone: Client, world: World, link: str) -> None:
    answers = [phone.get("/ack/guess/").status_code for _ in range(40)]
    assert answers.count(404) == 30
    assert answers[-1] == 429
    phone.post(link)
    assert world.group().state == "acknowledged"


def test_a_pager_test_is_acknowledged_the_same_way(
    phone: Client, world: World, cast: tuple[Person, Person, Monitoring]
) -> None:
    ada = cast[0]
    actions.test_pager(ada.user.pk, ada.actor, world.now)
    world.settle()
    test_link = path_of(ada.expect_page("test of your pager").ack_url)
    assert "Test of your pager" in text_of(phone.get(test_link))
    assert "your pager works" in text_of(phone.post(test_link, follow=True))
    assert "your pager works" in text_of(phone.post(test_link, follow=True))
