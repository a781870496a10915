"""Views of the alerts list that a person has saved."""

import pytest
from django.test import Client

from tests.pages.desk import at_the_desk, living, observer, text_of
from tocsin.alerts import saved
from tocsin.alerts.models import SavedView

pytestmark = pytest.mark.django_db


def save(client: Client, name: str, query: str) -> str:
    return text_of(client.post("/alerts/views/", {"name": name, "query": query}, follow=True))  # type: ignore[arg-type]


def test_a_view_is_saved_found_again_and_removed() -> None:
    client = at_the_desk(living().person("Ada"))
    assert 'aria-current="page">Bad ones</a>' in save(client, "  Bad   ones ", "severity=critical&page=3&nonsense=1")
    view = SavedView.objects.get()
    assert (view.name, view.query) == ("Bad ones", "severity=critical")
    client.post(f"/alerts/views/{view.pk}/remove/")
    assert not SavedView.objects.exists()


def test_the_same_name_takes_the_new_filters() -> None:
    client = at_the_desk(living().person("Ada"))
    save(client, "Mine", "severity=critical")
    save(client, "Mine", "urgency=low")
    assert SavedView.objects.get().query == "urgency=low"


@pytest.mark.parametrize("name", ["", "   ", "x" * 41], ids=["none", "blank", "too long"])
def test_a_view_needs_a_fitting_name(name: str) -> None:
    assert "at most 40 characters" in save(at_the_desk(living().person("Ada")), name, "severity=critical")
    assert not SavedView.objects.exists()


def test_there_is_an_end_to_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved, "MOST", 1)
    client = at_the_desk(living().person("Ada"))
    save(client, "One", "severity=critical")
    assert "Remove one first" in save(client, "Two", "severity=error")
    save(client, "One", "severity=error")
    assert SavedView.objects.get().query == "severity=error"


def test_views_are_ones_own() -> None:
    world = living()
    save(at_the_desk(world.person("Ada")), "Bad ones", "severity=critical")
    oscar = at_the_desk(observer(world))
    assert "Bad ones" not in text_of(oscar.get("/alerts/"))
    assert oscar.post(f"/alerts/views/{SavedView.objects.get().pk}/remove/").status_code == 404
    assert SavedView.objects.exists()
