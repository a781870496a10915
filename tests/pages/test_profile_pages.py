"""One's own profile."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from tests.apps import domain
from tests.pages.desk import at_the_desk, living, text_of
from tests.world import Person, World
from tocsin.core.permissions import Role
from tocsin.core.signals import Urgency
from tocsin.outbox.models import Message
from tocsin.paging.models import Escalation
from tocsin.people.models import ContactMethod, User
from tocsin.schedules.actions import add_override

pytestmark = pytest.mark.django_db
PROFILE = reverse("profile")


@pytest.fixture
def world() -> World:
    return living()


@pytest.fixture
def ada(world: World) -> Person:
    return world.person("Ada")


def code_of(method: ContactMethod) -> str:
    message = Message.objects.filter(purpose="verification").latest("pk")
    return str(message.payload["data"]["code"])


def test_profile_says_how_and_when_one_is_reached(ada: Person) -> None:
    page = text_of(at_the_desk(ada).get(PROFILE))
    assert "ada.0@example.org" in page
    assert "At once: ada.0@example.org" in page


def test_profile_shows_ones_shifts_across_schedules_and_colleagues_see_them(world: World, ada: Person) -> None:
    grace = world.person("Grace")
    domain.schedule("Primary", domain.weekly(ada.user, grace.user), zone="UTC")
    secondary = domain.schedule("Secondary", domain.weekly(grace.user), zone="UTC")
    domain.schedule("Theirs", domain.weekly(grace.user), zone="UTC")
    add_override(
        ada.actor, secondary, ada.user, world.now + timedelta(days=1), world.now + timedelta(days=2), world.now
    )
    for browser, page in ((ada, PROFILE), (grace, ada.user.get_absolute_url())):
        shown = text_of(at_the_desk(browser).get(page))
        assert "Primary" in shown
        assert "Secondary" in shown
        assert "Theirs" not in shown


def test_profile_of_somebody_with_only_a_tab_warns(ada: Person) -> None:
    ada.user.contact_methods.all().delete()
    assert "nobody could reach you" in text_of(at_the_desk(ada).get(PROFILE))


def test_profile_is_saved(ada: Person) -> None:
    typed = {"name": "Ada Lovelace", "email": "ada@example.org", "time_zone": "Europe/London"}
    answer = at_the_desk(ada).post(PROFILE, typed)
    assert answer.status_code == 302
    ada.user.refresh_from_db()
    assert (ada.user.name, ada.user.time_zone) == ("Ada Lovelace", "Europe/London")


def test_wrong_address_keeps_what_was_typed(ada: Person) -> None:
    answer = at_the_desk(ada).post(PROFILE, {"name": "Countess", "email": "no address", "time_zone": "UTC"})
    assert answer.status_code == 422
    assert 'value="Countess"' in text_of(answer)
    assert 'value="no address"' in text_of(answer)


def test_address_of_somebody_else_is_refused_beside_the_field(world: World, ada: Person) -> None:
    grace = world.person("Grace")
    answer = at_the_desk(ada).post(PROFILE, {"name": "Ada", "email": grace.user.email, "time_zone": "UTC"})
    assert answer.status_code == 422
    assert User.objects.get(pk=ada.user.pk).email == "ada@example.org"


def test_contact_method_is_used_after_its_code_was_typed(ada: Person) -> None:
    browser = at_the_desk(ada)
    answer = browser.post(reverse("method_new") + "?kind=email", {"address": "night@example.org", "label": "Night"})
    method = ContactMethod.objects.get(label="Night")
    assert answer.url == reverse("method_verify", args=[method.pk])
    assert method.verified_at is None
    wrong = browser.post(answer.url, {"code": "nonsense"})
    assert wrong.status_code == 422
    assert "not the code" in text_of(wrong) or "Wrong code" in text_of(wrong)
    assert browser.post(answer.url, {"code": code_of(method)}).url == PROFILE
    method.refresh_from_db()
    assert method.verified_at is not None


def test_verified_method_sends_its_page_on(ada: Person) -> None:
    method = ada.user.contact_methods.get()
    assert at_the_desk(ada).get(reverse("method_verify", args=[method.pk])).url == PROFILE


def test_verification_goes_on_only_to_pages_of_this_site(ada: Person) -> None:
    browser = at_the_desk(ada)
    browser.post(reverse("method_new") + "?kind=email", {"address": "night@example.org"})
    method = ContactMethod.objects.latest("pk")
    where = reverse("method_verify", args=[method.pk])
    answer = browser.post(where, {"code": code_of(method), "next": "https://evil.example/"})
    assert answer.url == PROFILE


def test_address_that_cannot_be_one_is_kept_with_a_sentence(ada: Person) -> None:
    answer = at_the_desk(ada).post(reverse("method_new") + "?kind=ntfy", {"address": "ftp://example.org/topic"})
    assert answer.status_code == 422
    assert 'value="ftp://example.org/topic"' in text_of(answer)


def test_same_address_twice_makes_one_method(ada: Person) -> None:
    browser = at_the_desk(ada)
    for status in (302, 422):
        sent = browser.post(reverse("method_new") + "?kind=email", {"address": "night@example.org"})
        assert sent.status_code == status
    assert ada.user.contact_methods.count() == 2


def test_second_code_at_once_is_refused_and_says_so(ada: Person) -> None:
    browser = at_the_desk(ada)
    browser.post(reverse("method_new") + "?kind=email", {"address": "night@example.org"})
    method = ContactMethod.objects.latest("pk")
    where = reverse("method_verify", args=[method.pk])
    answer = browser.post(
        reverse("method_code", args=[method.pk]), follow=True, headers={"referer": f"http://testserver{where}"}
    )
    assert "half a minute" in text_of(answer)


def test_method_is_removed_once(ada: Person) -> None:
    method = ada.user.contact_methods.get()
    browser = at_the_desk(ada)
    assert browser.post(reverse("method_delete", args=[method.pk])).status_code == 302
    assert browser.post(reverse("method_delete", args=[method.pk])).status_code == 404


def test_method_of_somebody_else_is_not_there(world: World, ada: Person) -> None:
    theirs = world.person("Grace").user.contact_methods.get()
    browser = at_the_desk(ada)
    assert browser.get(reverse("method_verify", args=[theirs.pk])).status_code == 404
    assert browser.post(reverse("method_delete", args=[theirs.pk])).status_code == 404


def test_preview_says_the_rules_in_words_and_saves_nothing(world: World) -> None:
    ada = world.person("Ada", methods=(0, 120))
    first, second = ada.user.contact_methods.order_by("pk")
    typed = {f"high-{first.pk}": "0", f"high-{second.pk}": "300", f"low-{first.pk}": "0", f"low-{second.pk}": ""}
    answer = at_the_desk(ada).post(reverse("rules"), {**typed, "act": "preview"})
    page = re.sub(r"\s+", " ", text_of(answer))
    assert "After 5 min, unless somebody has acknowledged by then: ada.1@example.org." in page
    assert ada.user.rules.get(urgency="high", method=second).delay_seconds == 120


def test_rules_are_saved(world: World) -> None:
    ada = world.person("Ada", methods=(0, 120))
    first, second = ada.user.contact_methods.order_by("pk")
    typed = {f"high-{first.pk}": "60", f"high-{second.pk}": "", f"low-{first.pk}": "0", f"low-{second.pk}": ""}
    answer = at_the_desk(ada).post(reverse("rules"), {**typed, "act": "save"})
    assert answer.status_code == 302
    saved = ada.user.rules.filter(urgency=Urgency.HIGH).values_list("method", "delay_seconds")
    assert list(saved) == [(first.pk, 60)]


def test_rules_that_reach_nobody_are_refused_and_kept_as_typed(world: World) -> None:
    ada = world.person("Ada", methods=(0,))
    method = ada.user.contact_methods.get()
    typed = {f"high-{method.pk}": "", f"low-{method.pk}": "600", "act": "save"}
    answer = at_the_desk(ada).post(reverse("rules"), typed)
    assert answer.status_code == 422
    assert "nobody could reach you" in text_of(answer)
    assert '<option value="600" selected>' in text_of(answer)


def test_test_of_the_pager_pages_and_is_acknowledged(world: World, ada: Person) -> None:
    browser = at_the_desk(ada)
    page = browser.post(reverse("test_pager")).url
    assert "on its way" in text_of(browser.get(page))
    world.forward(seconds=30)
    ada.expect_page("Test of your pager")
    assert "ada.0@example.org" in text_of(browser.get(page))
    assert "Your pager works" in text_of(browser.post(f"{page}acknowledge/", follow=True))


def test_test_pressed_twice_is_one_test(ada: Person) -> None:
    browser = at_the_desk(ada)
    assert browser.post(reverse("test_pager")).url == browser.post(reverse("test_pager")).url
    assert Escalation.objects.count() == 1


def test_test_of_somebody_else_is_not_there(world: World, ada: Person) -> None:
    page = at_the_desk(ada).post(reverse("test_pager")).url
    other = at_the_desk(world.person("Grace"))
    assert other.get(page).status_code == 404
    assert other.post(f"{page}acknowledge/").status_code == 404


def test_observer_has_a_profile_too(world: World) -> None:
    assert at_the_desk(world.person("Oscar", Role.OBSERVER)).get(PROFILE).status_code == 200
