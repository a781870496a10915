"""Debian's own Alertmanager tells one alert by three of its receivers at once, and each of them resolves it."""

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests import running
from tests.clients import beside
from tests.clients.test_prometheus import ROUTE, _binary

RECEIVERS = (
    "global: {{pagerduty_url: '{url}/v2/enqueue', opsgenie_api_url: '{url}/'}}\n"
    "receivers:\n"
    "- name: tocsin\n"
    "  pagerduty_configs: [{{routing_key: {pagerduty}, severity: critical}}]\n"
    "  opsgenie_configs: [{{api_key: {opsgenie}, priority: P1, note: Look, details: {{region: eu}}}}]\n"
    "  webhook_configs: [{{url: '{url}/in/alertmanager/{alertmanager}'}}]\n"
)


def test_an_alert_comes_by_all_three_receivers_and_is_resolved_by_all(tmp_path: Path) -> None:
    port, log = running.free_port(), tmp_path / "alertmanager.log"
    with running.serving() as server:
        keys = beside.run(server.environ, "tests.clients.seed", "ada@example.org")
        (tmp_path / "alertmanager.yml").write_text(ROUTE + RECEIVERS.format(url=server.url, **keys))

        def all_are(state: str) -> Any:
            seen = beside.run(server.environ, "tests.clients.seen")
            kinds = {kind for kind, absorbed in seen["events"] if absorbed == "absorbed"}
            states = [alert_state for group in seen["groups"] for alert_state in group["states"]]
            return seen if len(kinds) == 3 and states == [state] * 3 else None

        with beside.program(_command(port, tmp_path), log):
            beside.until(lambda: _says(port, "ShopDown"), f"Alertmanager; {log.read_text()}")
            fired = beside.until(lambda: all_are("triggered"), "alert of each receiver")
            assert {kind for kind, _ in fired["events"]} == {"pagerduty", "opsgenie", "alertmanager"}
            assert {group["severity"] for group in fired["groups"]} == {"critical"}
            assert _says(port, "ShopDown", f"--end={datetime.now(UTC).isoformat()}")  # by now it is the past
            beside.until(lambda: all_are("resolved"), "end of each alert")


def _says(port: int, name: str, *more: str) -> bool:
    """As a tool tells Alertmanager; false while it does not listen yet."""
    amtool = shutil.which("amtool")
    assert amtool, "amtool is missing; script/setup installs it"
    command = [amtool, f"--alertmanager.url=http://127.0.0.1:{port}", "alert", "add", *more]
    labels = [f"alertname={name}", "severity=critical", "--annotation=summary=The shop is down"]
    return subprocess.run([*command, *labels], capture_output=True, check=False).returncode == 0


def _command(port: int, home: Path) -> list[str]:
    return [
        _binary("prometheus-alertmanager"),
        f"--config.file={home / 'alertmanager.yml'}",
        f"--storage.path={home / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
