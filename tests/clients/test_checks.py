"""Jobs that ping with curl, as the page of a heartbeat says it, and a site that goes away: the real server notices."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.channels import servers
from tests.clients import beside
from tests.running import Running, serving

RID = "0d5cc0b1-68f1-4b30-8a7c-64d0e715b1e5"


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with serving() as running:
        beside.run(running.environ, "tests.clients.seed", "ada@example.com")
        yield running


def make(server: Running, kind: str, name: str, **config: object) -> Any:
    return beside.run(server.environ, "tests.clients.seed_check", kind, name, json.dumps(config))


def seen(server: Running, name: str) -> Any:
    return next(c for c in beside.run(server.environ, "tests.clients.seen_checks") if c["name"] == name)


def groups(server: Running, words: str) -> list[str]:
    found = beside.run(server.environ, "tests.clients.seen")["groups"]
    return [group["state"] for group in found if words in group["title"]]


def shell(script: str) -> str:
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_cron_job_pings_with_curl(server: Running, tmp_path: Path) -> None:
    url = make(server, "heartbeat", "Backup", period=3600, grace=0)["url"]
    curl = "curl -fsS -m 10 --retry 5"
    # the line that the page shows for a crontab, with a job that fails
    said = shell(f"u={url}; {curl} $u/start; sh -c 'exit 3'; {curl} $u/$?")
    assert said == "OKOK"
    beside.until(lambda: groups(server, "Backup failed with exit code 3") == ["triggered"], "page for the failure")
    log = tmp_path / "log.txt"
    log.write_text("x" * 200_000)
    assert shell(f"{curl} --data-binary @{log} '{url}/?rid={RID}'") == "OK"
    assert shell(f"{curl} --head -o /dev/null -w '%{{http_code}}' {url}/log/") == "200"
    beside.until(lambda: groups(server, "Backup failed") == ["resolved"], "resolution by the next success")
    check = beside.until(lambda: (c := seen(server, "Backup")) and len(c["pings"]) == 4 and c, "ping of the log")
    assert check["state"] == "up"
    start, failed, success, logged = check["pings"]
    assert (start[:2], failed[:2], failed[3]) == (["start", None], ["fail", 3], True)
    assert (success[0], len(success[2]), success[4], logged[0]) == ("success", 10_000, RID, "log")


def test_an_address_that_is_nobodys_fails_for_curl(server: Running) -> None:
    done = subprocess.run(["curl", "-fsS", f"{server.url}/ping/{'e' * 32}"], capture_output=True, check=False)
    assert done.returncode == 22  # curl's word for an HTTP error


def test_a_job_that_is_not_heard_of_pages_until_it_is(server: Running) -> None:
    url = make(server, "heartbeat", "Sync", period=1, grace=0)["url"]
    assert shell(f"curl -fsS {url}") == "OK"
    beside.until(lambda: groups(server, "Sync was not heard of in time") == ["triggered"], "page for the missed ping")
    shell(f"curl -fsS {url}/start")
    shell(f"curl -fsS {url}")
    beside.until(lambda: "resolved" in groups(server, "Sync was not heard of in time"), "resolution")


def test_a_site_that_goes_away_pages_and_comes_back(server: Running) -> None:
    with servers.receiver() as site:
        site.answers = [(503, {}, b"maintenance")]
        make(server, "http", "Front", url=site.url, interval=10, retries=0)
        beside.until(lambda: groups(server, "Front is down: it answered 503") == ["triggered"], "page for the site")
        site.answers = [(200, {}, b"hello")]
        beside.until(lambda: groups(server, "Front is down") == ["resolved"], "resolution of the site")
