"""Commands of the crash tests that run beside a server, in its environment."""

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from tests.running import Running


def seed(server: Running, webhook_url: str) -> str:
    """The key of an integration each of whose alerts pages somebody by this webhook."""
    return seed_services(server, webhook_url, 1, 0)[0]


def seed_services(server: Running, webhook_url: str, count: int, storm: int = 20) -> list[str]:
    """The keys of integrations of so many services, all of which page the same person by this webhook."""
    return _run(server.environ, "tests.crash.seed", webhook_url, str(count), str(storm)).split()


def seed_stories(server: Running, url: str) -> dict[str, Any]:
    """See tests.crash.seed_stories: `keys` of integrations by their policy, and a `token`."""
    made: dict[str, Any] = json.loads(_run(server.environ, "tests.crash.seed_stories", url))
    return made


def told(server: Running, receipts: Mapping[str, str]) -> dict[str, Any]:
    """See tests.crash.told.Told."""
    path = server.data / "receipts.json"
    path.write_text(json.dumps(receipts))
    found: dict[str, Any] = json.loads(_run(server.environ, "tests.crash.told", str(path)))
    return found


def make_rules(environ: Mapping[str, str]) -> None:
    """See tests.crash.rules."""
    _run(environ, "tests.crash.rules")


def inspect(environ: Mapping[str, str], *options: str) -> dict[str, object]:
    """See tests.crash.inspection.Seen."""
    found: dict[str, object] = json.loads(_run(environ, "tests.crash.inspection", *options))
    return found


def _run(environ: Mapping[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *arguments], env=dict(environ), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
