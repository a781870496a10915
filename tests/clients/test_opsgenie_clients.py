"""Opsgenie's own clients for Python and for Node, with nothing changed but their host."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import running
from tests.clients import beside

HERE = Path(__file__).parent
TOOLS = HERE.parents[1] / ".tools"  # script/packages installs the clients there


@dataclass(frozen=True, kw_only=True)
class Server:
    running: running.Running
    key: str

    def tells(self, *command: str | Path) -> Any:
        """What a client prints."""
        assert Path(command[0]).exists(), f"{command[0]} is missing; script/packages installs it"
        whole = [*map(str, command), self.running.url, self.key]
        done = subprocess.run(whole, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr + self.running.tail()
        return json.loads(done.stdout)

    def group(self, title: str) -> Any:
        (found,) = [g for g in beside.run(self.running.environ, "tests.clients.seen")["groups"] if g["title"] == title]
        return found


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running.serving() as made:
        key = beside.run(made.environ, "tests.clients.seed", "ada@example.org")["opsgenie"]
        yield Server(running=made, key=key)


def test_an_alert_from_its_making_to_its_end_with_the_python_client(server: Server) -> None:
    said = server.tells(TOOLS / "python/bin/python", HERE / "opsgenie_story.py")
    assert said["created"] == ["Request will be processed", True, "Create", "Created alert"]
    assert said["acknowledged"] == [True, "Acknowledge", "Acknowledged alert"]
    assert said["noted"] == [True, "AddNote", "Added note"]
    assert said["got"] == [True, "orders/queue age", "Queue of orders is old", "open", True, "P1"]
    details = {"queue": "orders"}
    assert said["more"] == ["The oldest is 12 minutes old.", details, ["eu", "orders"], "orders", "cron-1"]
    assert said["times"] == [0.0, True]
    assert (said["open"], said["count"]) == (["orders/queue age"], 1)
    assert said["closed"] == [True, "Close", "Closed alert"]
    assert said["after"][-1] == "closed"
    assert said["ping"] == ["PONG - Heartbeat received", True]
    assert said["refused"] == [401, 401]
    group = server.group("Queue of orders is old")
    assert (group["state"], group["severity"], group["escalations"]) == ("resolved", "critical", ["ended"])


def test_an_alert_is_made_and_closed_with_the_client_for_node(server: Server) -> None:
    node = shutil.which("node")
    assert node, "node is missing; script/packages installs it"
    said = server.tells(node, HERE / "opsgenie_story.js", TOOLS / "node/node_modules/opsgenie-sdk")
    assert said["created"] == [True, "Created alert"]
    assert said["acknowledged"] == [True, "Acknowledged alert"]
    assert said["got"] == ["Disk is full", True, "P3"]
    assert said["listed"] == ["node-alias"]
    assert said["closed"] == [True, "Closed alert"]
    assert said["pinged"] == "PONG - Heartbeat received"
    assert server.group("Disk is full")["state"] == "resolved"
