"""What can be done without a browser, with the real command on a real database."""

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path
from time import monotonic, sleep

import pytest

from tests import databases, running


@dataclass
class Tocsin:
    environ: dict[str, str]

    def __call__(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tocsin.cli.main", *arguments],
            env={**self.environ, **environ},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def tocsin(tmp_path: Path) -> Tocsin:
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("TOCSIN_", "DJANGO_"))}
    url = databases.fresh(running.migrated())
    return Tocsin({**environ, "TOCSIN_DATA": str(tmp_path), "TOCSIN_DATABASE_URL": url})


def test_owners_and_tokens_are_made(tocsin: Tocsin) -> None:
    owner = ("admin", "create", "--name", "Ada", "--password", "a long enough one")
    assert "Ada <ada@example.org> is an owner." in tocsin(*owner, "--email", "ada@example.org").stdout
    assert "is an owner" in tocsin(*owner, "--email", "second@example.org").stdout
    again = tocsin(*owner, "--email", "ada@example.org")
    assert (again.returncode, "already exists" in again.stderr) == (1, True)
    token = tocsin("token", "create", "--scope", "read", "--user", "ada@example.org")
    assert re.fullmatch(r"toc_\S+\n", token.stdout)
    nobody = tocsin("token", "create", "--scope", "read", "--user", "x@example.org")
    assert "Nobody here has the address x@example.org" in nobody.stderr


def test_check_says_whether_tocsin_can_start(tocsin: Tocsin) -> None:
    assert "All is well" in tocsin("check").stdout
    empty = tocsin("check", TOCSIN_DATABASE_URL=databases.fresh())
    assert (empty.returncode, "`tocsin migrate` mends that" in empty.stderr) == (1, True)


def test_no_node_starts_with_another_key_than_the_database_was_sealed_with(tocsin: Tocsin) -> None:
    assert tocsin("migrate").returncode == 0
    other = {"TOCSIN_SECRET_KEY": "another key that is long enough too"}
    for arguments in (["serve", "--port", "0"], ["migrate"], ["check"]):
        done = tocsin(*arguments, **other)
        assert done.returncode != 0
        assert "TOCSIN_SECRET_KEY is not the key of this database" in done.stderr
        assert "Traceback" not in done.stderr
    assert "All is well" in tocsin("check").stdout


def test_a_key_that_is_lost_is_given_up_when_that_is_asked_for(tocsin: Tocsin) -> None:
    tocsin("migrate")
    other = {"TOCSIN_SECRET_KEY": "another key that is long enough too"}
    assert "cannot be read any more" in tocsin("migrate", "--lost-key", **other).stderr
    assert "All is well" in tocsin("check", **other).stdout
    assert "is not the key of this database" in tocsin("check").stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["admin", "create", "--email", "ada@example.org", "--name", "Ada", "--password", "a long enough one"],
        ["token", "create", "--scope", "read"],
        ["slo", "export"],
    ],
)
def test_a_database_without_tables_is_said(tocsin: Tocsin, arguments: list[str]) -> None:
    done = tocsin(*arguments, TOCSIN_DATABASE_URL=databases.fresh())
    assert (done.returncode, "`tocsin migrate` mends that" in done.stderr) == (2, True)
    assert "Traceback" not in done.stderr


def test_a_wrong_setting_stops_every_command_with_a_sentence(tocsin: Tocsin) -> None:
    done = tocsin("serve", TOCSIN_SECRET_KEY="short")
    assert done.returncode == 2
    assert done.stderr.startswith("tocsin: TOCSIN_SECRET_KEY has 5 characters")


@pytest.mark.parametrize(
    ("arguments", "environ", "said"),
    [
        # nobody listens there
        (
            ["check"],
            {"TOCSIN_DATABASE_URL": "postgresql://u:p@127.0.0.1:1/x"},
            "Connection refused. Start it, or correct",
        ),
        (["serve", "--port", "0"], {"TOCSIN_DATABASE_URL": "postgresql://u:p@127.0.0.1:1/x"}, "Start it, or correct"),
        # a file that is something else
        (["migrate"], {"TOCSIN_DATABASE_URL": f"sqlite:///{__file__}"}, "file is not a database. Start it, or correct"),
        # not read at all
        (["check"], {"TOCSIN_DATABASE_URL": "postgresql://u:p@h:abc/x"}, "TOCSIN_DATABASE_URL cannot be read"),
        (["check"], {"TOCSIN_PUBLIC_URL": "http://["}, "Use http://host or https://host"),
        # no port that there is
        (["serve", "--port", "70000"], {}, "70000 is not in the range 0<=x<=65535"),
    ],
)
def test_what_cannot_be_started_says_why_in_a_sentence(
    tocsin: Tocsin, arguments: list[str], environ: dict[str, str], said: str
) -> None:
    done = tocsin(*arguments, **environ)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("process", ["tocsin.engine.loop", "tocsin.config.asgi, tocsin.config.urls"])
def test_what_few_use_is_not_loaded_before_somebody_does(tocsin: Tocsin, process: str) -> None:
    code = f"from tocsin.config import django_setup; django_setup.setup(); import sys, {process}; print(*sys.modules)"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=tocsin.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    seldom = {"icalendar", "recurring_ical_events", "dns", "holidays", "nh3"}
    assert not loaded & (seldom | {"sqlite3" if databases.IS_POSTGRESQL else "psycopg"})


def test_a_port_in_use_is_named(tocsin: Tocsin) -> None:
    with running.occupied() as port:
        done = tocsin("serve", "--port", str(port))
    assert (done.returncode, f"cannot listen on 127.0.0.1 port {port}" in done.stderr) == (2, True)


def test_the_openapi_document_is_printed(tocsin: Tocsin) -> None:
    assert json.loads(tocsin("openapi").stdout)["info"]["title"] == "Tocsin"


class Visitor:
    """Signs in with a form and reads pages, without a browser."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def get(self, path: str) -> str:
        return str(self.opener.open(self.url + path, timeout=20).read().decode())

    def sign_in(self, email: str, password: str) -> None:
        page = self.get("/accounts/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token
        fields = {"csrfmiddlewaretoken": token[1], "login": email, "password": password}
        data = "&".join(f"{k}={urllib.request.quote(v)}" for k, v in fields.items()).encode()  # type: ignore[attr-defined]
        request = urllib.request.Request(self.url + "/accounts/login/", data, {"Referer": self.url})
        assert self.opener.open(request, timeout=20).url == self.url + "/"


@pytest.fixture(scope="module")
def demo() -> Iterator[running.Running]:
    with running.serving("--demo") as server:
        yield server


def signed_in(demo: running.Running) -> Visitor:
    end = monotonic() + 30
    while not (login := re.search(r"sign in as (\S+) with the password: (.+)", demo.tail())):
        assert monotonic() < end, demo.tail()
        sleep(0.05)
    visitor = Visitor(demo.url)
    visitor.sign_in(login[1], login[2])
    return visitor


def resident(pid: int) -> float:
    """MB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024 / 1024


def test_the_demo_shows_a_paged_alert_to_whoever_uses_the_printed_login(demo: running.Running) -> None:
    visitor, end = signed_in(demo), monotonic() + 30
    while "Checkout p95 latency" not in (alerts := visitor.get("/alerts/")):
        assert monotonic() < end, alerts
        sleep(0.05)
    group = re.search(r'href="(/alerts/\d+/)"', alerts)
    assert group
    while "Ada Lovelace" not in (page := visitor.get(group[1])):
        assert monotonic() < end, page
        sleep(0.05)


def test_passwords_that_were_checked_leave_no_memory_behind(demo: running.Running) -> None:
    signed_in(demo)
    before = resident(demo.children()["web"])
    for _ in range(4):
        signed_in(demo)
    assert resident(demo.children()["web"]) - before < 10  # one takes 16 while it is checked


def test_children_end_with_a_supervisor_that_is_killed(demo: running.Running) -> None:
    children = demo.children()
    assert set(children) == {"web", "engine", "demo"}
    demo.process.kill()
    end = monotonic() + 20
    while left := [pid for pid in children.values() if Path(f"/proc/{pid}").exists()]:
        assert monotonic() < end, f"{left} of {children} are still there"
        sleep(0.05)


def test_rules_of_slos_are_printed_for_prometheus(tocsin: Tocsin) -> None:
    assert tocsin("slo", "export").stdout == "groups: []\n"
    assert "tests: []" in tocsin("slo", "export", "--tests").stdout
    unknown = tocsin("slo", "export", "--slo", "nothing")
    assert (unknown.returncode, "There is no SLO called nothing" in unknown.stderr) == (1, True)
