"""What is replayed comes out as it did when it was real: the same groups, pages and reasons."""

import random
from collections.abc import Callable, Iterable
from datetime import time, timedelta

import pytest

from tests.world import SETUP, Monitoring, Person, World
from tocsin.alerts import naming
from tocsin.alerts import rulebook as rulebooks
from tocsin.alerts.absorbing import read_all
from tocsin.alerts.models import Alert, AlertGroup, Event, Outcome
from tocsin.alerts.rows import EventRow
from tocsin.core.signals import Urgency
from tocsin.rules import inhibitions, maintenance, routing, silences, urgency
from tocsin.services.models import Integration
from tocsin.tuning.replaying import Replayed, replay

pytestmark = pytest.mark.django_db

NAMES = ("key", "at", "state", "severity", "urgency", "held", "why", "events", "group")
Step = tuple[object, ...]


@pytest.fixture
def world(db: None) -> World:
    return World()


@pytest.fixture
def ada(world: World) -> Person:
    return world.person("Ada")


def monitoring(world: World, ada: Person, **fields: object) -> Monitoring:
    """Nobody is paged a second time for the same: each page is a time that paging begins."""
    made = world.monitoring(world.policy([ada], delay=1440, ack_timeout=1440), **fields)
    Integration.objects.update(is_routed=True)
    return made


def live(tool: Monitoring, steps: Iterable[Step]) -> None:
    """A number: so many minutes pass. Else what is said at one instant: key, severity (empty: it recovers), labels."""
    for step in steps:
        if isinstance(step[0], int | float):
            tool.world.forward(minutes=step[0])
            tool.world.settle()
            continue
        tool.world.now += timedelta(milliseconds=1)  # what is said at one instant is taken at once
        for key, severity, labels in step:  # type: ignore[misc]
            if severity:
                tool.source.triggers(key, severity, f"{key} is down", at=tool.world.now, **labels)
            else:
                tool.source.resolves(key, at=tool.world.now)
        tool.world.settle()


def replayed(world: World) -> Replayed:
    rows = [
        EventRow(e.pk, e.integration_id, e.kind, bytes(e.body), e.received_at) for e in Event.objects.order_by("id")
    ]
    book = rulebooks.load({row.integration_id for row in rows}, world.now)
    read, errors = read_all(rows, book)
    assert not errors
    called = naming.by_key([(r.integration.id, signal) for r in read for signal in r.signals], is_past=True)
    return replay(read, called, book, world.now)


def agrees(world: World, ada: Person) -> Replayed:
    run = replayed(world)
    assert run.receipts == {(o.event_id, o.position): (o.reason, o.why) for o in Outcome.objects.all()}
    assert _alerts_of(run) == _alerts()
    assert _groups_of(run) == _groups()
    assert run.pages == len([a for a, content in world.network.arrived if a in ada.addresses])
    return run


def _alerts() -> list[dict[str, object]]:
    places = {pk: place for place, pk in enumerate(AlertGroup.objects.order_by("id").values_list("pk", flat=True))}
    names = "dedup_key", "opened_at", "state", "severity", "urgency", "held", "held_reason", "event_count"
    rows = Alert.objects.order_by("id").values_list(*names, "group_id")
    return [dict(zip(NAMES, (*row[:-1], places[row[-1]]), strict=True)) for row in rows]


def _alerts_of(run: Replayed) -> list[dict[str, object]]:
    places = _places(run)
    rows = [run.tales[place].row for place in sorted(run.tales)]
    return [
        dict(zip(NAMES, (a.dedup_key, a.opened_at, a.state, a.severity, a.urgency, a.held, a.held_reason,
                         a.event_count, places[a.group.id or 0]), strict=True))
        for a in rows
    ]  # fmt: skip


def _groups() -> list[tuple[object, ...]]:
    names = "title", "state", "urgency", "severity", "held", "alert_count", "service_id", "policy_id", "resolved_at"
    rows = AlertGroup.objects.order_by("id").values_list(*names)
    return [(*row[:4], bool(row[4]), *row[5:]) for row in rows]  # by what: one of those that are in hand is named


def _groups_of(run: Replayed) -> list[tuple[object, ...]]:
    groups = {tale.row.group.id: tale.row.group for tale in run.tales.values()}
    return [
        (g.title, g.state, g.urgency, g.severity, bool(g.held), g.alert_count, g.service_id, g.policy_id, g.resolved_at)
        for _, g in sorted(groups.items())
    ]


def _places(run: Replayed) -> dict[int, int]:
    ids = sorted({tale.row.group.id or 0 for tale in run.tales.values()})
    return {pk: place for place, pk in enumerate(ids)}


def no_rules(world: World, tool: Monitoring) -> None:
    """Only what the service wants."""


def a_silence(world: World, tool: Monitoring) -> None:
    silences.create_silence(SETUP, 'region="eu"', world.now, world.now + timedelta(days=1), "Known.", world.now)


def an_inhibition(world: World, tool: Monitoring) -> None:
    fields = {"source": 'severity="critical"', "target": 'severity=~"warning|error"', "equal": ["cluster"]}
    inhibitions.save_inhibition(SETUP, None, world.now, name="outage", **fields)  # type: ignore[arg-type]


def a_window(world: World, tool: Monitoring) -> None:
    maintenance.create_maintenance(
        SETUP, [tool.service], world.now, name="Move", starts_at=None, ends_at=None, weekdays=[2], opens=time(12, 10),
        minutes=20,
    )  # fmt: skip


def urgencies(world: World, tool: Monitoring) -> None:
    urgency.save_urgency_rule(SETUP, None, world.now, name="Shop", matchers='tier="1"', urgency=Urgency.HIGH)


def hours(world: World, tool: Monitoring) -> None:
    """From a quarter past twelve to half past; the world begins at twelve."""
    for name, otherwise, tier in (("Night", Urgency.NONE, "1"), ("Day", Urgency.LOW, "2")):
        urgency.save_urgency_rule(
            SETUP, None, world.now, name=name, matchers=f'tier="{tier}"', urgency=Urgency.HIGH, otherwise=otherwise,
            starts=time(12, 15), ends=time(12, 30),
        )  # fmt: skip


def a_route(world: World, tool: Monitoring) -> None:
    other = world.monitoring(tool.service.policy, "Databases", group_minutes=10).service
    routing.save_route(SETUP, None, world.now, name="Db", matchers='team="db"', service=other)


def both(world: World, tool: Monitoring) -> None:
    a_silence(world, tool)
    hours(world, tool)


def all_at_once(world: World, tool: Monitoring) -> None:
    for each in (a_silence, an_inhibition, hours, urgencies, a_route):
        each(world, tool)


def up(*keys: str, severity: str = "critical", **labels: object) -> Step:
    return tuple((key, severity, labels) for key in keys)


def down(*keys: str) -> Step:
    return tuple((key, "", {}) for key in keys)


K = [f"k{number}" for number in range(30)]
FLAPS = [step for _ in range(6) for step in (up("a"), (1,), down("a"), (1,))]
STORIES: dict[str, tuple[dict[str, object], Callable[[World, Monitoring], None], list[Step], int]] = {
    # settings of the service, its rules, what happens, and how often paging begins
    "each alone": ({}, no_rules, [up("a"), up("b"), (5,), down("a"), up("a")], 3),
    "grouped until it is quiet": ({"group_minutes": 10}, no_rules, [up("a"), (5,), up("b"), (11,), up("c")], 2),
    "grouped by labels": (
        {"group_minutes": 10, "group_by": ["region"]}, no_rules,
        [up("a", region="eu"), up("b", region="us"), up("c", region="eu"), down("a", "c"), up("d", region="eu")], 3,
    ),
    "a group has a longest time": (
        {"group_minutes": 50, "group_hours": 1}, no_rules, [up("a"), (40,), up("b"), (40,), up("c")], 2,
    ),
    "a pause that ends and one that need not": (
        {"pause_minutes": 3}, no_rules, [up("a", "b"), (2,), down("b"), (5,)], 1,
    ),
    "flapping": ({}, no_rules, [*FLAPS, up("a"), (16,)], 5),
    "a storm in one instant": ({"storm_threshold": 5}, no_rules, [up(*K), (6,), up("late")], 2),
    "a storm over a while": ({"storm_threshold": 5}, no_rules, [s for k in K for s in (up(k), (0.005,))], 1),
    "a storm that gathers slowly": ({"storm_threshold": 5}, no_rules, [s for k in K for s in (up(k), (0.5,))], 6),
    "a storm that gets worse": (
        {"storm_threshold": 5}, no_rules, [up(*K[:9], severity="warning"), up(K[9], severity="error"), up(K[10])], 3,
    ),
    "a storm that goes on for more than an hour": (
        {"storm_threshold": 5}, no_rules, [up(*K[:9]), *(s for k in K[9:] for s in ((4,), up(k)))], 8,
    ),
    "a storm as bad as those that waited": (
        {"storm_threshold": 5}, no_rules,
        [up("a", severity="warning"), up("b", "c"), up(*K[:9], severity="warning"), (1,)], 2,
    ),
    "one that waited gets worse": (
        {"storm_threshold": 5}, no_rules, [up(*K[:9], severity="warning"), (1,), up(K[2]), (1,)], 2,
    ),
    "a storm that is over": (
        {"storm_threshold": 5}, no_rules, [up(*K[:10]), (6,), down(*K[5:10]), (1,), up("again"), up("more"), (1,)], 3,
    ),
    "few that wait for a storm": ({"storm_threshold": 5}, no_rules, [up("a"), up("b"), (1,)], 2),
    "a storm in groups": ({"storm_threshold": 5, "group_minutes": 5}, no_rules, [up(*K), (6,)], 1),
    "resolves by itself": ({"resolve_minutes": 10}, no_rules, [up("a"), (5,), up("a"), (9,), up("b"), (11,)], 2),
    "urgency none": ({}, no_rules, [up("a", severity="info"), up("a"), up("b", severity="warning")], 2),
    "a silence": ({}, a_silence, [up("a", region="eu"), up("b", region="us"), (5,)], 1),
    "labels that come to match a silence": (
        {}, a_silence, [up("a", region="us"), up("a", region="eu"), (5,), up("a", region="us")], 2,
    ),
    "silenced in an acknowledged group": (
        {"group_minutes": 10}, a_silence, [up("a"), up("b", region="eu"), down("a"), (1,), up("c")], 2,
    ),
    "an inhibition": (
        {}, an_inhibition,
        [up("a", severity="error", cluster="eu"), up("b", cluster="eu"), (1,), up("c", severity="error", cluster="eu"),
         (1,), down("b"), (1,)], 4,
    ),
    "inhibited in the same instant": (
        {}, an_inhibition, [up("b", cluster="eu") + up("a", severity="error", cluster="eu"), (1,)], 1,
    ),
    "a source whose labels change": (
        {}, an_inhibition,
        [up("b", cluster="eu"), up("a", severity="error", cluster="eu"), up("b", cluster="us"), (1,)], 2,
    ),
    "a window that opens over what is open": (
        {}, a_window, [up("a"), (10,), up("b"), (19,), (1,), up("c")], 4,
    ),
    "urgency by rule": ({}, urgencies, [up("a", severity="info", tier="1"), up("b", severity="info")], 1),
    "hours that begin and end": (
        {}, hours,
        [up("a", tier="1"), up("b", tier="2"), up("c", tier="1"), (5,), down("c"), (30,), up("d", tier="1")], 3,
    ),
    "many whose hours begin at once": ({"storm_threshold": 5}, hours, [up(*K, tier="1"), (20,)], 1),
    "a few whose hours begin at once": ({"storm_threshold": 5}, hours, [up(*K[:3], tier="1"), (20,)], 3),
    "hours and a silence": (
        {}, both, [up("a", tier="1", region="eu"), (20,), up("a", tier="1", region="us"), (20,)], 1,
    ),
    "a route": ({}, a_route, [up("a", team="db"), up("b", team="db"), up("c", team="web")], 2),
}  # fmt: skip


@pytest.mark.parametrize("name", STORIES)
def test_a_replay_tells_what_really_happened(world: World, ada: Person, name: str) -> None:
    fields, rules, steps, pages = STORIES[name]
    tool = monitoring(world, ada, **fields)
    rules(world, tool)
    world.settle()
    live(tool, steps)
    assert agrees(world, ada).pages == pages


@pytest.mark.parametrize("seed", range(6))
def test_a_replay_of_anything_tells_what_really_happened(world: World, ada: Person, seed: int) -> None:
    dice = random.Random(seed)
    tool = monitoring(
        world, ada, group_minutes=dice.choice((0, 3)), pause_minutes=dice.choice((0, 2)), storm_threshold=6,
        resolve_minutes=dice.choice((0, 15)), group_by=dice.choice(([], ["region"])),
    )  # fmt: skip
    all_at_once(world, tool)
    world.settle()
    live(tool, _anything(dice))
    agrees(world, ada)


def _anything(dice: random.Random) -> list[Step]:
    steps: list[Step] = []
    for _ in range(25):
        said = [_said(dice) for _ in range(dice.choice((1, 1, 1, 2, 8)))]
        steps += [tuple(said), (dice.choice((0.02, 0.5, 1, 3, 7)),)]
    return steps


def _said(dice: random.Random) -> tuple[str, str, dict[str, object]]:
    labels = {"region": ("eu", "us"), "cluster": ("one", "two"), "tier": ("1", "2"), "team": ("db", "web", "web")}
    severity = dice.choice(("critical", "error", "warning", "info", "", ""))
    return dice.choice("abcdefghij"), severity, {name: dice.choice(values) for name, values in labels.items()}
