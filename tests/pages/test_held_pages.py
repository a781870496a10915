"""What a person sees of an alert that is held back."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from tests.api.caller import Caller
from tests.world import SETUP, World
from tocsin.alerts.models import Event
from tocsin.core.lifecycle import shown
from tocsin.home.queries import triggered
from tocsin.people.models import User
from tocsin.rules import silences

pytestmark = pytest.mark.django_db


def test_a_held_alert_says_why_and_until_when(client: Client) -> None:
    world = World()
    olga = world.owner("Olga")
    User.objects.update(time_zone="Asia/Tokyo")
    olga.user.refresh_from_db()
    monitoring = world.monitoring(world.policy([olga]))
    silences.create_silence(SETUP, 'team="db"', world.now, world.now + timedelta(hours=1), "Moving it.", world.now)
    monitoring.fires("database is down", team="db")
    client.force_login(olga.user)
    listed = client.get("/alerts/").content.decode()
    page = client.get(world.group().get_absolute_url()).content.decode()
    receipt = client.get(reverse("event", args=[Event.objects.get().receipt])).content.decode()
    for html in (listed, page):
        assert "Suppressed" in html
    assert "held back, pages nobody for now" in page
    assert "It is held back, and pages nobody until that ends" in page
    assert page.count("Held back") == 1
    assert page.index("Held back") < page.index("Who was paged")  # nobody scrolls for it
    assert "recorded only" not in page  # which would blame its severity
    # the hour is the viewer's, once, and not the UTC of the stored sentence
    for html in (page, receipt):
        assert re.search(r"Silenced by test until <time [^>]+>Wed 4 Mar[^<]*, 22:00</time>: Moving it.", html)
        assert "UTC: Moving it." not in html
    assert "looked at again" not in page
    for html in (client.get("/services/checkout/"), client.get("/"), client.get("/services/")):
        assert "Triggered" not in html.content.decode().replace("Triggered</a>", "")
    assert "Suppressed" in client.get("/services/checkout/").content.decode()
    assert "1 held back" in client.get("/services/").content.decode()
    assert triggered(olga.actor) == 0  # the number beside “Alerts”
    assert world.group().title in client.get("/alerts/?state=suppressed").content.decode()
    assert world.group().title not in client.get("/alerts/?state=triggered").content.decode()
    status = Caller(olga.user).get("/status")
    assert (status["groups_triggered"], status["groups_suppressed"]) == (0, 1)


@pytest.mark.parametrize(
    ("state", "held", "word"),
    [
        ("triggered", "", "triggered"),
        ("triggered", "silence", "suppressed"),
        ("triggered", "maintenance", "maintenance"),
        # somebody has it, whatever holds it back
        ("acknowledged", "silence", "acknowledged"),
        ("resolved", "silence", "resolved"),
    ],
)
def test_one_word_for_a_state_everywhere(state: str, held: str, word: str) -> None:
    assert shown(state, held) == word
