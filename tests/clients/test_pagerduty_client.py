"""PagerDuty's own Python client, over TLS, which it insists on."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pagerduty
import pytest
import trustme

from tests import databases, running
from tests.clients import beside


@dataclass(kw_only=True)
class Server:
    url: str
    certificate: str
    environ: dict[str, str]
    key: str

    def seen(self) -> list[list[str]]:
        found: list[list[str]] = beside.run(self.environ, "tests.clients.seen")["events"]
        return found

    def paged(self) -> list[list[str]]:
        """What has been put into the outbox so far."""
        found: list[list[str]] = beside.run(self.environ, "tests.clients.turn")["messages"]
        return found

    def turned(self, dedup_key: str) -> dict[str, Any]:
        """The group of this alert, after a turn of the engine."""
        groups = beside.run(self.environ, "tests.clients.turn")["groups"]
        (group,) = (found for found in groups if dedup_key in found["alerts"])
        assert isinstance(group, dict)
        return group


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    data, port = databases.scratch(), running.free_port()
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    authority.cert_pem.write_to_path(data / "authority.pem")
    certificate.private_key_and_cert_chain_pem.write_to_path(data / "server.pem")
    url = f"https://localhost:{port}"
    environ = {
        **os.environ,
        "TOCSIN_DATA": str(data),
        "TOCSIN_DATABASE_URL": databases.fresh(running.migrated()),
        "TOCSIN_PUBLIC_URL": url,
        "DJANGO_SETTINGS_MODULE": "tocsin.config.settings",
    }
    keys = beside.run(environ, "tests.clients.seed", "ada@example.org")
    command = [sys.executable, "-m", "uvicorn", "tocsin.config.asgi:application", "--port", str(port)]
    with beside.program([*command, "--ssl-certfile", str(data / "server.pem")], data / "log.txt", environ):
        beside.until(lambda: _listens(port), f"server: {(data / 'log.txt').read_text()}")
        yield Server(url=url, certificate=str(data / "authority.pem"), environ=environ, key=keys["pagerduty"])


def _listens(port: int) -> bool:
    probe = f"import socket; socket.create_connection(('127.0.0.1', {port}), 1)"
    return subprocess.run([sys.executable, "-c", probe], check=False, capture_output=True).returncode == 0


@pytest.fixture
def client(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[pagerduty.EventsApiV2Client]:
    monkeypatch.setenv("SSL_CERT_FILE", server.certificate)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", server.certificate)
    made = pagerduty.EventsApiV2Client(server.key, base_url=server.url)
    yield made
    made.close()


def test_an_alert_is_paged_acknowledged_and_resolved(server: Server, client: pagerduty.EventsApiV2Client) -> None:
    dedup_key = client.trigger(
        "Checkout is down", "checkout-1", severity="critical", custom_details={"p99": "8 s"}, links=[]
    )
    assert len(dedup_key) == 32
    group = server.turned(dedup_key)
    assert (group["title"], group["severity"], group["state"]) == ("Checkout is down", "critical", "triggered")
    assert (group["states"], group["escalations"]) == (["triggered"], ["running"])
    assert server.paged() == [["email", "page", "ada@example.org"]]
    assert client.acknowledge(dedup_key) == dedup_key
    group = server.turned(dedup_key)
    assert (group["state"], group["states"], group["escalations"]) == (
        "acknowledged",
        ["acknowledged"],
        ["acknowledged"],
    )
    assert client.resolve(dedup_key) == dedup_key
    group = server.turned(dedup_key)
    assert (group["state"], group["states"], group["escalations"]) == ("resolved", ["resolved"], ["ended"])


def test_its_own_dedup_key_comes_back(client: pagerduty.EventsApiV2Client) -> None:
    assert client.trigger("Disk full", "db1", dedup_key="db1/disk") == "db1/disk"


def test_a_wrong_key_is_an_error_that_the_client_reports(server: Server, client: pagerduty.EventsApiV2Client) -> None:
    stranger = pagerduty.EventsApiV2Client("f" * 32, base_url=server.url)
    with pytest.raises(pagerduty.HttpError) as caught:
        stranger.trigger("x", "y")
    assert caught.value.response.status_code == 400
    assert "routing_key" in caught.value.response.text
    stranger.close()


def test_change_events_are_taken_by_the_same_key(server: Server, client: pagerduty.EventsApiV2Client) -> None:
    before = len(server.seen())
    link = {"href": "https://ci.example.org/9", "text": "Build 9"}
    # this release of the client cannot make a time itself
    at = "2026-03-04T12:00:00Z"
    client.submit("Deploy v9", source="ci", custom_details={"build": 9}, links=[link], timestamp=at)
    client.send_change_event(payload={"summary": "Firewall opened"})
    assert server.seen()[before:] == [["pagerduty", "new"]] * 2
    stranger = pagerduty.EventsApiV2Client("f" * 32, base_url=server.url)
    with pytest.raises(pagerduty.HttpError) as caught:
        stranger.submit("x", timestamp=at)
    assert caught.value.response.status_code == 400
    stranger.close()
