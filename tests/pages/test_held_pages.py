"""What a person sees of an alert that is held back."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from tests.world import SETUP, World
from tocsin.alerts.models import Event
from tocsin.rules import silences

pytestmark = pytest.mark.django_db


def test_a_held_alert_says_why_and_until_when(client: Client) -> None:
    world = World()
    olga = world.owner("Olga")
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
    assert "recorded only" not in page  # which would blame its severity
    assert "Silenced by test until 2026-03-04 13:00 UTC: Moving it." in page
    assert "Silenced by test until" in receipt
