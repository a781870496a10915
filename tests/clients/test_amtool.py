"""Debian's own amtool makes, lists and ends silences, and asks about alerts, as of an Alertmanager."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests import running
from tests.clients import beside


@dataclass(frozen=True, kw_only=True)
class Amtool:
    url: str  # of the integration

    def __call__(self, *arguments: str) -> str:
        program = shutil.which("amtool")
        assert program, "amtool is missing; script/setup installs it"
        command = [program, f"--alertmanager.url={self.url}", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def json(self, *arguments: str) -> Any:
        return json.loads(self(*arguments, "-o", "json"))


@pytest.fixture(scope="module")
def amtool() -> Iterator[Amtool]:
    with running.serving() as server:
        key = beside.run(server.environ, "tests.clients.seed", "ada@example.org")["alertmanager"]
        tool = Amtool(url=f"{server.url}/in/alertmanager/{key}")
        alerts = [{"labels": {"alertname": "Down", "severity": "page", "instance": name}} for name in ("db1", "db2")]
        assert httpx.post(f"{tool.url}/api/v2/alerts", json=alerts).status_code == 200
        beside.until(lambda: len(tool.json("alert", "query")) == 2, "alerts")
        yield tool


def test_silences_are_added_listed_updated_and_expired(amtool: Amtool) -> None:
    key = amtool("silence", "add", "--author=Ada", "--comment=Known", "--duration=1h", "severity=page", "instance=~db1")
    (found,) = amtool.json("silence", "query")
    assert (found["id"], found["createdBy"], found["comment"]) == (key, "Ada", "Known")
    assert [(m["name"], m["value"], m["isRegex"]) for m in found["matchers"]] == [
        ("instance", "db1", True), ("severity", "page", False)
    ] or sorted(m["name"] for m in found["matchers"]) == ["instance", "severity"]  # fmt: skip
    assert [a["labels"]["instance"] for a in amtool.json("alert", "query")] == ["db2"]
    assert [a["status"]["silencedBy"] for a in amtool.json("alert", "query", "--silenced")] == [[key]]
    assert amtool("silence", "query", "-q", "instance=~db1") == key
    amtool("silence", "update", "--duration=2h", key)
    (longer,) = amtool.json("silence", "query")
    assert (longer["id"], longer["endsAt"] > found["endsAt"]) == (key, True)
    amtool("silence", "expire", key)
    assert amtool.json("silence", "query") == []
    assert [s["id"] for s in amtool.json("silence", "query", "--expired")] == [key]
    assert len(amtool.json("alert", "query")) == 2


def test_silences_are_carried_from_one_alertmanager_to_another(amtool: Amtool, tmp_path: Any) -> None:
    amtool("silence", "add", "--author=Ada", "--comment=Carried", "alertname=Up")
    kept = tmp_path / "silences.json"
    kept.write_text(amtool("silence", "query", "-o", "json", "alertname=Up"))
    amtool("silence", "expire", *amtool("silence", "query", "-q", "alertname=Up").split())
    amtool("silence", "import", "--force", str(kept))
    assert [s["comment"] for s in amtool.json("silence", "query", "alertname=Up")] == ["Carried"]


def test_alerts_are_asked_about_by_matchers(amtool: Amtool) -> None:
    assert [a["labels"]["instance"] for a in amtool.json("alert", "query", "instance=db2")] == ["db2"]
    assert amtool.json("alert", "query", "alertname=Up") == []
    assert len(amtool.json("alert", "query", "--receiver=shop")) == 2


def test_the_configuration_it_shows_is_one_that_it_reads(amtool: Amtool) -> None:
    assert "receiver: shop" in amtool("config", "show")
    assert "shop" in amtool("config", "routes", "show")
    assert "disabled" in amtool("cluster", "show")
