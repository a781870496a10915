"""Checks as rows: made with their way in and their way out, heard, judged, paused, changed and deleted."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from tests.apps.domain import role
from tests.apps.hearing import make_integration
from tests.apps.watching import HOURLY, Job, heartbeat, probe
from tests.world import SETUP, World
from tocsin.alerts.models import Alert, Event, Quarantine, Waiting
from tocsin.audit.models import Record
from tocsin.checks import actions, hearing, probing, queries, settling, watching
from tocsin.checks.models import Check, Ping, Site, Spell
from tocsin.core.permissions import Denied, Role
from tocsin.health.problems import open_problems
from tocsin.people.problems import Refused
from tocsin.services import actions as services
from tocsin.services import queries as reading
from tocsin.services.models import Integration, Service
from tocsin.sources.registry import OWN

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    made = World()
    made.owner()
    return made


@pytest.fixture
def shop(world: World) -> Service:
    return world.monitoring(world.policy([world.person("Ada")])).service


@pytest.fixture
def job(world: World, shop: Service) -> Job:
    return heartbeat(world, shop)


def states() -> list[tuple[str, str]]:
    return list(Alert.objects.order_by("id").values_list("summary", "state"))


def test_a_heartbeat_comes_with_an_address_and_the_service_with_one_outlet(world: World, shop: Service) -> None:
    made, key = actions.create_check(SETUP, shop, "heartbeat", "Backup", world.now, config={})
    other = heartbeat(world, shop, "Sync").check
    assert len(key) == 32
    assert (made.integration and made.integration.kind, made.integration and made.integration.key_hint) == (
        "heartbeat",
        key[:4],
    )
    assert made.outlet == other.outlet
    assert made.outlet.kind == "checks"
    assert queries.ping_url("0123456789abcdef0123456789abcdef").endswith("/ping/01234567-89ab-cdef-0123-456789abcdef")


def test_what_belongs_to_checks_is_neither_made_nor_deleted_nor_listed_by_hand(job: Job, shop: Service) -> None:
    for kind in OWN:
        with pytest.raises(Refused, match="made by itself"):
            services.create_integration(SETUP, shop, kind, "Mine", job.world.now)
    for own in (job.check.outlet, job.check.integration):
        assert own
        with pytest.raises(Refused, match="goes by itself"):
            services.delete_integration(SETUP, own, job.world.now)
    assert {i.kind for i in reading.service(SETUP, shop.slug).integrations.all()} == {"pagerduty"}


@pytest.mark.parametrize(
    ("kind", "config", "field"),
    [
        ("heartbeat", {"period": 0}, "period"),
        ("heartbeat", {"grace": -1}, "grace"),
        ("heartbeat", {"rhythm": "cron", "expression": "every day"}, "expression"),
        ("heartbeat", {"rhythm": "cron", "expression": "0 3 * * *", "time_zone": "Mars/Olympus"}, "time_zone"),
        ("http", {"url": "ftp://x"}, "url"),
        ("http", {"url": "http://169.254.169.254/"}, "url"),
        ("http", {"url": "https://a:b@example.org/"}, "url"),
        ("http", {"url": "https://x", "status": "2xx"}, "status"),
        ("http", {"url": "https://x", "status": "300-200"}, "status"),
        ("http", {"url": "https://x", "expression": "a["}, "expression"),
        ("http", {"url": "https://x", "equals": "1"}, "equals"),
        ("http", {"url": "https://x", "method": "BREW"}, "method"),
        ("http", {"url": "https://x", "interval": 5}, "interval"),
        ("http", {"url": "https://x", "timeout": 90}, "timeout"),
        ("http", {"url": "https://x", "regions": ["EU west"]}, "regions"),
        ("http", {"url": "https://x", "regions": ["eu"], "regions_down": 2}, "regions_down"),
        ("tcp", {"host": "https://x", "port": 80}, "host"),
        ("tcp", {"host": "x", "port": 0}, "port"),
        ("dns", {"host": ""}, "host"),
        ("dns", {"host": "x", "type": "HTTP"}, "type"),
        ("dns", {"host": "x", "resolver": "dns.example"}, "resolver"),
        ("tls", {"host": "x", "days": 9999}, "days"),
    ],
)
def test_a_config_that_cannot_work_is_refused_at_its_field(
    world: World, shop: Service, kind: str, config: dict[str, Any], field: str
) -> None:
    with pytest.raises(Refused) as refused:
        actions.create_check(SETUP, shop, kind, "X", world.now, config=config)
    assert field in refused.value.fields
    assert not Check.objects.exists()


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        ("http", {}),
        ("http", {"url": 7}),
        ("http", {"url": "https://x", "flurb": 1}),
        ("smoke", {}),
        ("tcp", {"host": "x"}),
    ],
    ids=range(5),
)
def test_a_config_of_another_shape_is_refused(world: World, shop: Service, kind: str, config: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="config cannot be used"):
        actions.create_check(SETUP, shop, kind, "X", world.now, config=config)


@pytest.mark.parametrize(
    ("kind", "config", "field"),
    [
        ("http", {"url": "http://localhost:8080/"}, "url"),  # a name that leads there now
        ("tcp", {"host": "10.0.0.7", "port": 22}, "host"),
        ("tls", {"host": "localhost"}, "host"),
        ("dns", {"host": "x", "resolver": "192.168.0.1"}, "resolver"),
    ],
)
def test_a_target_where_tocsin_does_not_go_is_refused_when_it_is_saved(
    world: World, shop: Service, settings: Settings, kind: str, config: dict[str, Any], field: str
) -> None:
    made = probe(world, shop, kind, **config)
    settings.ALLOW_PRIVATE = False
    with pytest.raises(Refused, match="Tocsin does not go there") as refused:
        actions.create_check(SETUP, shop, kind, "X", world.now, config=config)
    assert list(refused.value.fields) == [field]
    with pytest.raises(Refused, match="Tocsin does not go there"):
        actions.change_check(SETUP, made, world.now, config={**config, "interval": 300})
    assert Check.objects.get() == made
    # what cannot be resolved now may be tomorrow
    probe(world, shop, url="https://tomorrow.invalid/")


def test_checks_that_cannot_run_are_a_problem_until_they_can(world: World, shop: Service) -> None:
    for name in ("Shop front", "Stock"):
        blocked = probe(world, shop, name=name, url="https://x")
        Check.objects.filter(pk=blocked.pk).update(state="blocked", reason="It is not a public address.")
    assert probing.tell_blocked(world.now) == 2
    (problem,) = open_problems()
    assert problem.detail == (
        "Shop front: It is not a public address. Until that is changed, its target is not watched. "
        "So it is with 2 checks in all."
    )
    Check.objects.all().delete()
    assert (probing.tell_blocked(world.now), open_problems().count()) == (0, 0)


def test_checks_whose_integration_is_switched_off_are_a_problem_until_they_can_tell(
    world: World, shop: Service
) -> None:
    made = [probe(world, shop, name=name, url="https://x") for name in ("Shop front", "Stock")]
    outlet = made[0].outlet
    Integration.objects.filter(pk=outlet.pk).update(is_enabled=False)
    assert probing.tell_mute(world.now) == 2
    (problem,) = open_problems()
    assert problem.detail == (
        f"The integration “{outlet.name}” of {shop.name} is switched off, and what its checks find pages nobody: "
        "Shop front, and so 2 in all. Switch it on, or pause the checks."
    )
    Check.objects.update(is_paused=True)
    assert (probing.tell_mute(world.now), open_problems().count()) == (0, 0)
    Check.objects.update(is_paused=False)
    Integration.objects.update(is_enabled=True)
    assert probing.tell_mute(world.now) == 0


def test_a_run_whose_start_is_not_known_took_as_long_as_it_says(job: Job) -> None:
    job.pings("success", seconds=0.12)
    assert Ping.objects.latest("pk").seconds == 0.12


def test_pings_are_kept_with_what_they_said_and_how_long_the_run_took(world: World, job: Job) -> None:
    job.pings("start", run_id="a")
    job.pings("start", run_id="b", at=world.now + timedelta(seconds=10))
    job.pings("success", run_id="a", at=world.now + timedelta(seconds=30), body="fine")
    ping = Ping.objects.latest("pk")
    assert (ping.kind, ping.run_id, ping.seconds, ping.body) == ("success", "a", 30, "fine")
    job.check.refresh_from_db()
    assert list(job.check.runs) == ["b"]
    assert job.check.expected_at == world.now + timedelta(seconds=3630)


def test_a_ping_that_waits_to_be_absorbed_keeps_its_heartbeat_from_being_judged(world: World, job: Job) -> None:
    job.pings()
    late = world.now + timedelta(hours=5)
    job.pings(at=world.now + timedelta(minutes=30), settle=False)  # the engine was away
    assert watching.watch_due(late) == 0
    world.forward(minutes=85)
    assert (job.state, states()) == ("up", [])


def test_many_pings_at_once_leave_the_last_word(world: World, job: Job) -> None:
    for second, kind in enumerate(["success", "fail", "success", "fail", "success"]):
        job.pings(kind, at=world.now + timedelta(seconds=second), settle=False)
    world.settle()
    assert job.state == "up"
    assert {state for _, state in states()} == {"resolved"}
    assert not Quarantine.objects.exists()


def test_a_name_is_found_as_it_is_written_and_none_is_made(world: World, shop: Service) -> None:
    way = make_integration(shop, "generic", "Opsgenie")
    made, key = actions.create_check(SETUP, shop, "heartbeat", "backup", world.now, config=HOURLY, integration=way)
    assert key == ""
    told = [_told(world, way, name) for name in ("Backup", "backup", "sync")]
    hearing.hear(told, world.now)
    assert [p.check_of for p in Ping.objects.all()] == [made]
    with pytest.raises(Refused, match="no ping address"):
        actions.new_key(SETUP, made, world.now)
    with pytest.raises(Refused):
        actions.create_check(SETUP, shop, "heartbeat", "backup", world.now, config=HOURLY, integration=way)


def _told(world: World, way: Integration, name: str) -> Any:
    from_way = Job(world, Check(integration=way)).pings(settle=False)
    Waiting.objects.filter(pk=from_way.pk).delete()
    return hearing.Told(event=from_way, integration=way, what=hearing.Beat(name=name))


def test_the_verdict_and_its_telling_are_kept_together_or_not_at_all(
    world: World, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine dies between the two: at its next turn both happen."""
    job.pings()
    late = world.now + timedelta(minutes=71)

    def dies(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(settling, "post", dies)
        assert watching.watch_due(late) == 0
    assert (job.state, job.check.is_alerting, Spell.objects.filter(state="down").count()) == ("up", False, 0)
    world.now = late
    world.settle()
    assert (job.state, states()) == ("down", [("Backup was not heard of in time", "triggered")])


def test_two_engines_judge_a_heartbeat_once(world: World, job: Job) -> None:
    job.pings()
    late = world.now + timedelta(minutes=71)
    assert watching.watch_due(late) + watching.watch_due(late) == 1
    assert Event.objects.filter(kind="checks").count() == 1


def test_paused_it_keeps_pings_and_expects_none_and_its_alert_is_over(world: World, job: Job) -> None:
    job.pings()
    world.forward(minutes=71)
    assert states() == [("Backup was not heard of in time", "triggered")]
    actions.pause(SETUP, job.check, world.now)
    world.forward(minutes=600)
    job.pings("fail")
    assert (job.state, states()[0][1], job.check.pings.count()) == ("paused", "resolved", 2)
    actions.resume(SETUP, job.check, world.now)
    assert job.state == "new"  # the failure of the pause is not held against it
    world.forward(minutes=69)
    assert job.state == "late"
    world.forward(minutes=2)
    assert (job.state, len(states())) == ("down", 2)


def test_one_that_was_never_heard_is_waited_for_only_from_its_first_success(world: World, job: Job) -> None:
    actions.pause(SETUP, job.check, world.now)
    actions.resume(SETUP, job.check, world.now)
    world.forward(minutes=600)
    assert job.state == "new"


def test_another_rhythm_counts_from_now(world: World, job: Job) -> None:
    job.pings()
    actions.change_check(SETUP, job.check, world.now, config={**HOURLY, "period": 600, "grace": 0})
    world.forward(minutes=9)
    assert job.state == "up"
    world.forward(minutes=1)
    assert job.state == "down"


def test_deleted_it_leaves_its_alert_resolved_and_its_address_dead(world: World, job: Job) -> None:
    job.pings("fail")
    actions.delete_check(SETUP, job.check, world.now)
    world.settle()
    assert [state for _, state in states()] == ["resolved"]
    assert Integration.objects.get(kind="heartbeat").deleted_at == world.now
    assert not Ping.objects.exists()


def test_a_service_that_had_no_alert_is_deleted_with_its_checks(world: World, job: Job, shop: Service) -> None:
    services.delete_service(SETUP, shop, world.now)
    assert not Check.objects.exists()


def test_headers_are_sealed_not_audited_and_forgotten_with_their_host(world: World, shop: Service) -> None:
    config = {"url": "https://shop.example.org/a"}
    made, _ = actions.create_check(SETUP, shop, "http", "Shop", world.now, config=config, headers="X-Key: s3cret")
    assert "s3cret" not in str(list(Record.objects.values()))
    assert Check.objects.get().headers == "X-Key: s3cret"
    actions.change_check(SETUP, made, world.now, config={"url": "https://shop.example.org/b"})
    assert Check.objects.get().headers == "X-Key: s3cret"
    actions.change_check(SETUP, Check.objects.get(), world.now, config={"url": "https://elsewhere.example.org/"})
    assert Check.objects.get().headers == ""


def test_regions_come_and_go(world: World, shop: Service) -> None:
    made = probe(world, shop, url="https://x", regions=["eu", "us"], regions_down=2)
    assert [s.region for s in made.sites.all()] == ["eu", "us"]
    actions.change_check(SETUP, made, world.now, config={"url": "https://x", "regions": ["us", "ap"]})
    assert [s.region for s in made.sites.all()] == ["ap", "us"]
    actions.pause(SETUP, made, world.now)
    assert not Site.objects.filter(next_due__isnull=False).exists()
    actions.resume(SETUP, made, world.now)
    assert Site.objects.filter(next_due=world.now).count() == 2


def test_what_was_done_is_in_the_audit_log(world: World, job: Job) -> None:
    actions.pause(SETUP, job.check, world.now)
    actions.resume(SETUP, job.check, world.now)
    actions.change_check(SETUP, job.check, world.now, note="Look at the disk.")
    actions.delete_check(SETUP, job.check, world.now)
    verbs = list(Record.objects.filter(object_kind="check").order_by("id").values_list("verb", flat=True))
    assert verbs == ["created", "paused", "resumed", "changed", "deleted"]


@pytest.mark.parametrize("name", ["pause", "resume", "delete_check", "new_key", "look_soon"])
def test_an_observer_looks_and_changes_nothing(world: World, job: Job, name: str) -> None:
    observer = role(Role.OBSERVER)
    assert queries.check(observer, job.check.pk) == job.check
    with pytest.raises(Denied):
        getattr(actions, name)(observer, job.check, world.now)
    with pytest.raises(Denied):
        actions.create_check(observer, job.check.service, "heartbeat", "X", world.now, config={})
    with pytest.raises(Denied):
        actions.try_probe(observer, "http", {"url": "https://x"}, "", world.now)
