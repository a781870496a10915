"""API tokens."""

import re

import pytest
from django.urls import reverse

from tests.pages.desk import at_the_desk, living, text_of
from tests.world import World
from tocsin import clock
from tocsin.people.models import ApiToken
from tocsin.people.queries import actor_of_token

pytestmark = pytest.mark.django_db
TOKENS = reverse("tokens")
TYPED = {"name": "Terraform", "scopes": ["read", "configure"], "acts_as": "me", "days": "90"}


@pytest.fixture
def world() -> World:
    return living()


def test_token_is_shown_once_and_works(world: World) -> None:
    ada = world.person("Ada")
    browser = at_the_desk(ada)
    answer = browser.post(TOKENS, TYPED)
    assert answer["Cache-Control"] == "no-store"
    raw = re.search(r"toc_[\w-]{20,}", text_of(answer))
    assert raw
    actor = actor_of_token(raw[0], clock.now())
    assert actor is not None
    assert actor.user_id == ada.user.pk
    assert raw[0] not in text_of(browser.get(TOKENS))


def test_form_sent_twice_makes_one_token(world: World) -> None:
    browser = at_the_desk(world.person("Ada"))
    assert browser.post(TOKENS, TYPED).status_code == 200
    again = browser.post(TOKENS, TYPED)
    assert again.status_code == 422
    assert 'value="Terraform"' in text_of(again)
    assert ApiToken.objects.count() == 1


def test_token_without_scope_is_refused_and_keeps_its_name(world: World) -> None:
    answer = at_the_desk(world.person("Ada")).post(TOKENS, {**TYPED, "scopes": []})
    assert answer.status_code == 422
    assert 'value="Terraform"' in text_of(answer)


def test_only_who_manages_people_makes_tokens_that_act_as_nobody(world: World) -> None:
    at_the_desk(world.person("Ada")).post(TOKENS, {**TYPED, "acts_as": "tocsin"})
    assert ApiToken.objects.get().user is not None
    at_the_desk(world.owner()).post(TOKENS, {**TYPED, "name": "Board", "acts_as": "tocsin"})
    assert ApiToken.objects.get(name="Board").user is None


def test_revoked_token_stops_working_and_its_name_is_free_again(world: World) -> None:
    browser = at_the_desk(world.person("Ada"))
    browser.post(TOKENS, TYPED)
    where = reverse("token_revoke", args=[ApiToken.objects.get().pk])
    for _ in range(2):
        assert browser.post(where).status_code == 302
    assert "Revoked" in text_of(browser.get(TOKENS))
    assert browser.post(TOKENS, TYPED).status_code == 200


def test_token_of_somebody_else_is_not_there(world: World) -> None:
    at_the_desk(world.person("Ada")).post(TOKENS, TYPED)
    grace = at_the_desk(world.person("Grace"))
    assert "Terraform" not in re.sub(r"such as “Terraform”", "", text_of(grace.get(TOKENS)))
    assert grace.post(reverse("token_revoke", args=[ApiToken.objects.get().pk])).status_code == 404
    assert ApiToken.objects.get().revoked_at is None
