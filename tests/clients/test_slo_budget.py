"""A real Prometheus scrapes a shop and has Tocsin's rules; what is left of the budget stands on the service's page."""

import contextlib
import json
import shutil
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests import databases, running
from tests.clients import beside
from tests.core.slos import ERRORS, slo
from tests.pages.desk import at_the_desk, checkout, living, text_of
from tests.world import SETUP
from tocsin.core.slo_rules import rules_file
from tocsin.slos import actions, reading
from tocsin.slos.models import Reading

pytestmark = pytest.mark.django_db

CONFIG = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{rules}]
scrape_configs: [{{job_name: shop, static_configs: [{{targets: ["127.0.0.1:{target}"]}}]}}]
"""


class Shop(BaseHTTPRequestHandler):
    """Half a request of a thousand fails."""

    seen = 0

    def do_GET(self) -> None:
        Shop.seen += 1
        good, bad = 999.5 * Shop.seen, 0.5 * Shop.seen
        self.send_response(200)
        self.end_headers()
        lines = f'http_requests_total{{code="200"}} {good}\nhttp_requests_total{{code="500"}} {bad}\n'
        self.wfile.write(lines.encode())

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def shop() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def prometheus() -> Iterator[str]:
    """Its address, once it has recorded what the rules say."""
    home, port = databases.scratch(), running.free_port()
    with shop() as target:
        (home / "rules.yml").write_text(rules_file([slo(slug="checkout-availability", service="checkout")]))
        (home / "prometheus.yml").write_text(CONFIG.format(rules=home / "rules.yml", target=target))
        with beside.program(_command(home, port), home / "prometheus.log"):
            url = f"http://127.0.0.1:{port}"
            recorded = 'slo:errors_per_request:ratio_rate1h{slo="checkout-availability"} > 0'
            beside.until(
                lambda: asked(url, recorded), f"recorded ratio; {(home / 'prometheus.log').read_text()[-800:]}"
            )
            yield url


def _command(home: Path, port: int) -> list[str]:
    found = shutil.which("prometheus")
    assert found, "prometheus is missing; script/setup installs it"
    return [
        found,
        f"--config.file={home / 'prometheus.yml'}",
        f"--storage.tsdb.path={home / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]


def asked(url: str, query: str) -> list[Any]:
    try:
        with urllib.request.urlopen(f"{url}/api/v1/query?{urllib.parse.urlencode({'query': query})}") as answer:
            return json.load(answer)["data"]["result"]  # type: ignore[no-any-return]
    except OSError:
        return []


def test_half_of_the_budget_is_left_on_the_page_of_the_service(prometheus: str) -> None:
    world = living()
    ada, _, monitoring = checkout(world)
    fields = {"objective": Decimal("99.9"), "kind": "errors", "part": ERRORS.part, "total": ERRORS.total}
    actions.create_slo(SETUP, monitoring.service, "Availability", world.now, **fields)
    actions.set_server(SETUP, prometheus, world.now)
    now = living().now
    assert reading.read_due(now) == 1, Reading.objects.get().error
    page = text_of(at_the_desk(ada).get("/services/checkout/"))
    assert "50.0 % left" in page
    assert "burns 0.5 times" in page
    read = Reading.objects.get()
    assert read.days[-1] == pytest.approx(0.5)
    assert read.days[:-1] == [None] * 29


def test_queries_that_it_cannot_read_are_said_in_its_words(prometheus: str) -> None:
    world = living()
    _, _, monitoring = checkout(world)
    broken = {"part": "rate(nonsense{[$window]})", "total": "rate(x[$window])"}
    fields = {"objective": Decimal("99.9"), "kind": "errors", **broken}
    actions.create_slo(SETUP, monitoring.service, "Broken", world.now, **fields)
    actions.set_server(SETUP, prometheus, world.now)
    assert reading.read_due(world.now + timedelta(minutes=1)) == 0
    assert "parse error" in Reading.objects.get().error
