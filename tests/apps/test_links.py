"""The links at hand on the page of an alert."""

from types import SimpleNamespace
from typing import Any, cast

from tocsin.alerts import links
from tocsin.services.models import Service

SERVICE = Service(
    name="Checkout", runbook_url="https://example.org/checkout", dashboard_url="https://example.org/board"
)


def names(*brought: tuple[str, str]) -> list[str]:
    said: Any = SimpleNamespace(links=[{"href": href, "text": text} for href, text in brought], images=[])
    return [link.text for link in links.of_group(SERVICE, [cast("Any", said)])]


def test_two_runbooks_are_told_apart() -> None:
    assert names(("https://example.org/latency", "Runbook")) == ["Runbook", "Runbook of Checkout", "Dashboard"]
    assert names(("https://example.org/latency", "runbook: latency")) == [
        "Runbook: latency", "Runbook of Checkout", "Dashboard",
    ]  # fmt: skip


def test_one_address_is_there_once_by_the_name_that_the_alert_gives_it() -> None:
    assert names(("https://example.org/checkout", "What to do")) == ["What to do", "Dashboard"]
    assert names(("https://example.org/checkout", "Runbook")) == ["Runbook", "Dashboard"]
    assert names(("javascript:alert(1)", "Runbook")) == ["Runbook", "Dashboard"]
