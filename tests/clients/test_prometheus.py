"""Debian's own Prometheus and Alertmanager watch a target that fails and comes back."""

import contextlib
import email
import email.policy
import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from aiosmtpd.controller import Controller

from tests import databases, running
from tests.clients import beside

PROMETHEUS = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{rules}]
alerting: {{alertmanagers: [{{static_configs: [{{targets: ["127.0.0.1:{alertmanager}"]}}]}}]}}
scrape_configs: [{{job_name: shop, static_configs: [{{targets: ["127.0.0.1:{target}"]}}]}}]
"""
RULES = """
groups:
  - name: shop
    rules:
      - alert: ShopDown
        expr: up{job="shop"} == 0
        labels: {severity: critical}
        annotations: {summary: The shop is down, runbook_url: "https://wiki.example.org/ShopDown"}
"""
ROUTE = "route: {receiver: tocsin, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}\n"
BY_PAGERDUTY = (
    "global: {{pagerduty_url: '{url}/v2/enqueue'}}\n"
    "receivers: [{{name: tocsin, pagerduty_configs: [{{routing_key: {key}, severity: critical}}]}}]\n"
)
BY_WEBHOOK = "receivers: [{{name: tocsin, webhook_configs: [{{url: '{url}/in/alertmanager/{key}'}}]}}]\n"


@dataclass
class Mailbox:
    """An SMTP server that keeps what comes."""

    mails: list[EmailMessage] = field(default_factory=list)

    async def handle_DATA(self, _server: object, _session: object, envelope: object) -> str:  # noqa: N802 - aiosmtpd's
        content: bytes = envelope.content  # type: ignore[attr-defined]
        self.mails.append(email.message_from_bytes(content, policy=email.policy.default))  # type: ignore[arg-type]
        return "250 OK"


class Target(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"shop_orders_total 1\n")

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def target_on(port: int) -> Iterator[None]:
    server = ThreadingHTTPServer(("127.0.0.1", port), Target)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    box, port = Mailbox(), running.free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, port
    controller.stop()


@contextlib.contextmanager
def monitoring(receiver: str, target: int, home: Path) -> Iterator[None]:
    """Prometheus and Alertmanager, as Debian ships them."""
    alertmanager, prometheus = running.free_port(), running.free_port()
    (home / "rules.yml").write_text(RULES)
    (home / "alertmanager.yml").write_text(ROUTE + receiver)
    (home / "prometheus.yml").write_text(
        PROMETHEUS.format(rules=home / "rules.yml", alertmanager=alertmanager, target=target)
    )
    notify = [
        _binary("prometheus-alertmanager"),
        f"--config.file={home / 'alertmanager.yml'}",
        f"--storage.path={home / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{alertmanager}",
        "--cluster.listen-address=",
    ]
    watch = [
        _binary("prometheus"),
        f"--config.file={home / 'prometheus.yml'}",
        f"--storage.tsdb.path={home / 'prometheus'}",
        f"--web.listen-address=127.0.0.1:{prometheus}",
        "--rules.alert.resend-delay=1s",
    ]
    with beside.program(notify, home / "alertmanager.log"), beside.program(watch, home / "prometheus.log"):
        yield


def _binary(name: str) -> str:
    found = shutil.which(name)
    assert found, f"{name} is missing; script/setup installs it"
    return found


def follow_link(mail: EmailMessage) -> None:
    """Opens the link of a mail and presses the one button there."""
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    link = re.search(r"http://\S+/ack/\S+", text)
    assert link, text
    with httpx.Client(follow_redirects=True, timeout=30) as browser:
        page = browser.get(link[0])
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert page.status_code == 200
        assert token, page.text
        answer = browser.post(page.url, data={"csrfmiddlewaretoken": token[1]}, headers={"Referer": str(page.url)})
        assert answer.status_code == 200


@pytest.mark.parametrize(
    ("kind", "receiver"), [("pagerduty", BY_PAGERDUTY), ("alertmanager", BY_WEBHOOK)], ids=["pagerduty_url", "webhook"]
)
def test_a_target_that_fails_pages_by_mail_and_resolves_when_it_is_back(
    kind: str, receiver: str, mailbox: tuple[Mailbox, int]
) -> None:
    box, smtp_port = mailbox
    home, target = databases.scratch(), running.free_port()
    with running.serving(TOCSIN_SMTP_URL=f"smtp://127.0.0.1:{smtp_port}") as server:
        key = beside.run(server.environ, "tests.clients.seed", "ada@example.org")[kind]

        def group(state: str) -> dict[str, object] | None:
            groups = beside.run(server.environ, "tests.clients.seen")["groups"]
            assert len(groups) < 2, groups
            return groups[0] if groups and groups[0]["state"] == state else None

        with monitoring(receiver.format(url=server.url, key=key), target, home):
            beside.until(lambda: box.mails, f"mail; {server.tail()}")
            assert "ada@example.org" in str(box.mails[0]["To"])
            assert "ShopDown" in str(box.mails[0]) or "shop is down" in str(box.mails[0]).lower()
            follow_link(box.mails[0])
            acknowledged = beside.until(lambda: group("acknowledged"), "acknowledgement")
            assert acknowledged["escalations"] == ["acknowledged"]
            assert acknowledged["severity"] == "critical"
            with target_on(target):
                resolved = beside.until(lambda: group("resolved"), "resolution")
        assert resolved["escalations"] == ["ended"]
        assert len(resolved["alerts"]) == 1  # type: ignore[arg-type]
        assert len([mail for mail in box.mails if "/ack/" in str(mail)]) == 1
