"""Debian's own Prometheus sends here by itself: there is no Alertmanager."""

from tests import databases, running
from tests.clients import beside
from tests.clients.test_prometheus import RULES, _binary, target_on

CONFIG = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{rules}]
alerting: {{alertmanagers: [{{path_prefix: /in/alertmanager/{key}, static_configs: [{{targets: ["{host}"]}}]}}]}}
scrape_configs: [{{job_name: shop, static_configs: [{{targets: ["127.0.0.1:{target}"]}}]}}]
"""


def test_a_target_that_fails_is_an_alert_until_it_is_back() -> None:
    home, target = databases.scratch(), running.free_port()
    with running.serving() as server:
        key = beside.run(server.environ, "tests.clients.seed", "ada@example.org")["alertmanager"]

        def group(state: str) -> dict[str, object] | None:
            groups = beside.run(server.environ, "tests.clients.seen")["groups"]
            assert len(groups) < 2, groups
            return groups[0] if groups and groups[0]["state"] == state else None

        host = server.url.removeprefix("http://")
        (home / "rules.yml").write_text(RULES)
        (home / "prometheus.yml").write_text(CONFIG.format(rules=home / "rules.yml", key=key, host=host, target=target))
        command = [
            _binary("prometheus"),
            f"--config.file={home / 'prometheus.yml'}",
            f"--storage.tsdb.path={home / 'prometheus'}",
            f"--web.listen-address=127.0.0.1:{running.free_port()}",
            "--rules.alert.resend-delay=1s",
        ]
        with beside.program(command, home / "prometheus.log"):
            fired = beside.until(lambda: group("triggered"), "alert")
            assert (fired["title"], fired["severity"]) == ("The shop is down", "critical")
            with target_on(target):
                resolved = beside.until(lambda: group("resolved"), "resolution")
        assert resolved["alerts"] == fired["alerts"]
