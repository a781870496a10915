"""Checks in the browser: the list, a heartbeat with its address, a probe with its times, and trying one first."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client

from tests.apps.watching import Job, heartbeat, probe
from tests.channels import servers
from tests.channels.servers import Receiver
from tests.pages.desk import HX, at_the_desk, checkout, living, observer, queries_of, text_of
from tests.world import Monitoring, World
from tocsin.checks.models import Check, Result
from tocsin.sealing import fingerprint

pytestmark = pytest.mark.django_db

HTTP = {
    "name": "Shop front",
    "severity": "critical",
    "method": "GET",
    "status": "200-299",
    "interval": "1 min",
    "timeout": "5",
    "retries": "2",
    "recoveries": "1",
    "regions": "",
    "regions_down": "1",
    "max_ms": "0",
    "follow": "on",
    "verify": "on",
}
HEARTBEAT = {
    "name": "Backup",
    "severity": "error",
    "rhythm": "every",
    "period": "1 d",
    "expression": "",
    "time_zone": "UTC",
    "grace": "30 min",
    "longest_run": "1 h 30 min",
    "note": "",
}
CONFIGS = {"http": {"url": "https://x"}, "tcp": {"host": "x", "port": 1}, "dns": {"host": "x"}, "tls": {"host": "x"}}


@pytest.fixture
def world() -> World:
    return living()


@pytest.fixture
def shop(world: World) -> Monitoring:
    return checkout(world)[2]


@pytest.fixture
def client(world: World, shop: Monitoring) -> Client:
    return at_the_desk(world.person("Nina"))


@pytest.fixture
def server() -> Iterator[Receiver]:
    with servers.receiver() as made:
        yield made


def made() -> Check:
    return Check.objects.latest("pk")


def test_the_empty_list_says_what_it_is_for(client: Client, world: World) -> None:
    page = text_of(client.get("/checks/"))
    assert "Nothing is checked yet" in page
    assert "/checks/new/" in page
    assert "/checks/new/" not in text_of(at_the_desk(observer(world)).get("/checks/"))


def test_the_list_shows_the_worst_first_and_finds(client: Client, world: World, shop: Monitoring) -> None:
    heartbeat(world, shop.service, "Alpha").pings()
    heartbeat(world, shop.service, "Omega").pings("fail", exit_code=7)
    page = text_of(client.get("/checks/"))
    assert page.index("Omega") < page.index("Alpha")
    assert "The job ended with exit code 7." in page
    assert "Omega" not in text_of(client.get("/checks/?state=up"))
    assert "Omega" in text_of(client.get("/checks/?search=omeg&kind=heartbeat&service=checkout"))
    assert "Nothing matches" in text_of(client.get("/checks/?search=flurb"))


def test_a_long_list_asks_no_more_than_a_short_one(client: Client, world: World, shop: Monitoring) -> None:
    heartbeat(world, shop.service, "A")
    few = queries_of(client, "/checks/")
    for number in range(8):
        heartbeat(world, shop.service, f"B{number}")
    assert queries_of(client, "/checks/") == few


def test_a_new_heartbeat_shows_its_address_once(client: Client) -> None:
    assert "Heartbeat" in text_of(client.get("/checks/new/?service=checkout"))
    assert client.get("/checks/new/heartbeat/?service=checkout").status_code == 200
    answer = client.post("/checks/new/heartbeat/", {**HEARTBEAT, "service": "checkout"})
    check = made()
    assert (answer.status_code, answer["Location"]) == (302, f"/checks/{check.pk}/")
    assert (check.config["period"], check.config["grace"], check.config["longest_run"]) == (86_400, 1800, 5400)
    first = client.get(answer["Location"])
    key = re.findall(r'id="ping-url"[^>]*>[^<]*/ping/([0-9a-f-]{36})<', text_of(first))[0].replace("-", "")
    assert check.integration
    assert check.integration.key_hash == fingerprint(key)
    assert first["Cache-Control"] == "no-store"
    assert f"/api/push/{key}?status=up" in text_of(first)
    assert text_of(first).count("/ping/") > 3  # also in the crontab and the unit
    again = text_of(client.get(answer["Location"]))
    assert key[:8] not in again
    assert "YOUR-KEY" in again


def test_a_new_address_ends_the_old_one(client: Client, world: World, shop: Monitoring) -> None:
    check = heartbeat(world, shop.service).check
    assert check.integration
    before = check.integration.key_hash
    page = client.post(f"/checks/{check.pk}/key/", follow=True)
    assert 'id="ping-url"' in text_of(page)
    check.integration.refresh_from_db()
    assert check.integration.key_hash != before


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"period": "soon"}, "Write a number and a unit"),
        ({"rhythm": "cron", "expression": "every day"}, "is not a cron expression"),
        ({"name": ""}, "This field is required"),
        ({"service": ""}, "This field is required"),
    ],
)
def test_a_form_that_is_wrong_says_where(client: Client, changes: dict[str, str], words: str) -> None:
    answer = client.post("/checks/new/heartbeat/", {**HEARTBEAT, "service": "checkout", **changes})
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert not Check.objects.exists()


def test_a_heartbeats_page_shows_pings_with_what_they_said(client: Client, world: World, shop: Monitoring) -> None:
    job = heartbeat(world, shop.service, rhythm="cron", expression="0 3 * * *", time_zone="Europe/Berlin")
    job.pings("start")
    job.pings("fail", exit_code=3, body="<disk> full", at=world.now + timedelta(seconds=70))
    page = text_of(client.get(f"/checks/{job.check.pk}/"))
    for words in ("exit code 3", "&lt;disk&gt; full", "ran 1 min", "0 3 * * *", "Europe/Berlin", "Next times"):
        assert words in page
    part = text_of(client.get(f"/checks/{job.check.pk}/", headers=HX))
    assert "exit code 3" in part
    assert "<html" not in part


def test_an_address_where_tocsin_does_not_go_is_refused_beside_its_field(client: Client) -> None:
    asked = {**HTTP, "service": "checkout", "url": "http://169.254.169.254/"}
    for act in ({}, {"act": "try"}):
        answer = client.post("/checks/new/http/", {**asked, **act})
        assert "169.254.169.254 is not a public address, and Tocsin does not go there." in text_of(answer)
    assert not Check.objects.exists()


def test_a_probe_is_tried_before_it_is_saved(client: Client, server: Receiver) -> None:
    server.answers = [(503, {}, b"down")]
    asked = {**HTTP, "service": "checkout", "url": server.url, "headers": "X-Key: s3cret"}
    tried = client.post("/checks/new/http/", {**asked, "act": "try"})
    assert "It would fail: it answered 503; 200-299 was expected." in text_of(tried)
    assert not Check.objects.exists()
    assert server.heard[0].headers["x-key"] == "s3cret"
    server.answers = [(200, {}, b"up")]
    assert "All is well." in text_of(client.post("/checks/new/http/", {**asked, "act": "try"}))
    client.post("/checks/new/http/", asked)
    assert (made().config["url"], made().headers) == (server.url, "X-Key: s3cret")


def test_headers_are_never_shown_again_and_stay_when_nothing_is_typed(client: Client, server: Receiver) -> None:
    asked = {**HTTP, "service": "checkout", "url": server.url}
    client.post("/checks/new/http/", {**asked, "headers": "X-Key: s3cret"})
    url = f"/checks/{made().pk}/"
    assert "s3cret" not in text_of(client.get(url)) + text_of(client.get(f"{url}edit/"))
    for more, kept in (({"headers": ""}, "X-Key: s3cret"), ({"forget_headers": "on"}, "")):
        client.post(f"{url}edit/", {**asked, **more})
        assert made().headers == kept


def test_kept_headers_are_not_given_to_another_host(client: Client, server: Receiver) -> None:
    asked = {**HTTP, "service": "checkout", "url": "https://shop.example.org/"}
    client.post("/checks/new/http/", {**asked, "headers": "X-Key: s3cret"})
    client.post(f"/checks/{made().pk}/edit/", {**asked, "url": server.url, "act": "try"})
    assert "x-key" not in server.heard[0].headers


def test_a_probes_page_draws_its_times(client: Client, world: World, shop: Monitoring) -> None:
    check = probe(world, shop.service, url="https://shop.example.org/", regions=["eu"])
    url = f"/checks/{check.pk}/"
    assert "No result yet" in text_of(client.get(url))
    for hours, ok in ((3, True), (2, False), (1, True)):
        Result.objects.create(
            check_of=check, at=world.now - timedelta(hours=hours), is_ok=ok, seconds=0.25, region="eu",
            error="" if ok else "it answered 503", phases={"DNS": 0.01, "wait": 0.2}, facts={"status": 200},
        )  # fmt: skip
    page = text_of(client.get(url))
    assert page.count('class="bars-bar" data-ok="yes"') == 2
    assert page.count('class="bars-bar" data-ok="no"') == 1
    for words in ("250 ms on average", "1 of 3 failed", "It answered 503.", "DNS 10 ms", "https://shop.example.org/"):
        assert words in page


@pytest.mark.parametrize("kind", ["http", "tcp", "dns", "tls", "heartbeat"])
def test_every_kind_has_a_form_to_make_and_one_to_change(
    client: Client, world: World, shop: Monitoring, kind: str
) -> None:
    assert "Make the check" in text_of(client.get(f"/checks/new/{kind}/"))
    check = probe(world, shop.service, kind, "Mine", **CONFIGS.get(kind, {}))
    assert 'value="Mine"' in text_of(client.get(f"/checks/{check.pk}/edit/"))
    assert client.get(f"/checks/{check.pk}/").status_code == 200


def test_paused_resumed_looked_at_and_deleted_from_the_page(client: Client, world: World, shop: Monitoring) -> None:
    check = probe(world, shop.service, url="https://shop.example.org/")
    url = f"/checks/{check.pk}/"
    assert "is paused" in text_of(client.post(f"{url}pause/", follow=True))
    assert "Resume" in text_of(client.get(url))
    assert "watched again" in text_of(client.post(f"{url}resume/", follow=True))
    assert "being looked at" in text_of(client.post(f"{url}look/", follow=True))
    assert "was deleted" in text_of(client.post(f"{url}delete/", follow=True))


def test_an_observer_sees_no_buttons_and_is_refused(world: World, shop: Monitoring, client: Client) -> None:
    job: Job = heartbeat(world, shop.service)
    looking, url = at_the_desk(observer(world)), f"/checks/{job.check.pk}/"
    assert "/pause/" not in text_of(looking.get(url))
    for path in ("edit/", "../new/", "../new/http/"):
        assert (
            looking.get(f"{url}{path}" if not path.startswith("..") else path.replace("..", "/checks")).status_code
            == 403
        )
    assert looking.post(f"{url}pause/").status_code == 403


def test_the_service_shows_its_checks(client: Client, world: World, shop: Monitoring) -> None:
    card = "/checks/of/checkout/"
    assert card in text_of(client.get("/services/checkout/"))
    assert "Nothing is checked yet" in text_of(client.get(card))
    heartbeat(world, shop.service, "Nightly")
    assert "Nightly" in text_of(client.get(card))


def test_a_switched_off_outlet_is_said_on_the_page(client: Client, world: World, shop: Monitoring) -> None:
    check = heartbeat(world, shop.service).check
    check.outlet.is_enabled = False
    check.outlet.save()
    assert "Nobody is paged for it." in text_of(client.get(f"/checks/{check.pk}/"))
