"""What a trial says: how much of what, what is different about which alert, and why. Nothing is written."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.world import SETUP, Monitoring, World
from tocsin.alerts.models import Event
from tocsin.core.matching import parse
from tocsin.core.signals import Urgency
from tocsin.rules import silences
from tocsin.tuning import trying
from tocsin.tuning.comparing import Tally
from tocsin.tuning.trying import Trial

pytestmark = pytest.mark.django_db

ROUTE = {"name": "Db", "matchers": "team=db", "urgency": "low", "parent": None, "goes_on": False, "service": None,
         "policy": None}  # fmt: skip
INHIBITION = {"name": "outage", "source": "severity=critical", "target": "severity=error", "equal": []}
WINDOW = {"name": "Move", "starts_at": None, "ends_at": None, "weekdays": list(range(7)), "opens": "00:00",
          "minutes": 1440, "zone": "UTC"}  # fmt: skip
URGENCY_RULE = {"name": "Night", "matchers": "team=db", "urgency": Urgency.NONE, "otherwise": None}
READING = ("SELECT", "DECLARE", "SAVEPOINT", "RELEASE SAVEPOINT")  # Django asks PostgreSQL about a row's constraints


@pytest.fixture
def world(db: None) -> World:
    return World()


@pytest.fixture
def tool(world: World) -> Monitoring:
    return world.monitoring(world.policy([world.person("Ada")]))


@pytest.fixture
def stored(world: World, tool: Monitoring) -> None:
    """An outage, what comes of it, and something else."""
    tool.fires("db is down", team="db")
    world.forward(minutes=1)
    tool.fires("shop is slow", "error", team="shop")
    world.forward(minutes=1)
    tool.recovers("db is down")
    world.forward(minutes=1)


def test_a_storm_is_tried_on_what_came_at_once(world: World, tool: Monitoring) -> None:
    for number in range(4):
        tool.source.triggers(f"k{number}", "critical", f"alert {number}", at=world.now)
    world.settle()
    trial = trying.of_noise(SETUP, tool.service, {"storm_threshold": 2}, world.now)
    assert trial.before == Tally(alerts=4, groups=4, held=0, pages=4)
    assert trial.after == Tally(alerts=4, groups=2, held=1, pages=1)
    assert trial.counts["would be part of a storm"] == 3


def silence(text: str) -> Callable[[World, Monitoring], Trial]:
    return lambda world, _: trying.of_silence(SETUP, None, parse(text), world.now)


TRIALS: dict[str, tuple[Callable[[World, Monitoring], Trial], dict[str, int], Tally]] = {
    "a silence": (silence("team=db"), {"would be silenced": 1}, Tally(alerts=2, groups=2, held=1, pages=1)),
    "a silence of nothing": (silence("team=web"), {}, Tally(alerts=2, groups=2, held=0, pages=2)),
    "maintenance": (
        lambda world, tool: trying.of_maintenance(SETUP, None, [tool.service], WINDOW, world.now),
        {"would be in maintenance": 2}, Tally(alerts=2, groups=2, held=2, pages=0),
    ),
    "an inhibition": (
        lambda world, _: trying.of_inhibition(SETUP, None, INHIBITION, world.now),
        {"would be inhibited": 1, "would page later": 1}, Tally(alerts=2, groups=2, held=1, pages=2),
    ),
    "a route": (
        lambda world, _: trying.of_route(SETUP, None, {**ROUTE, "matchers": ""}, world.now),
        {}, Tally(alerts=2, groups=2, held=0, pages=2),  # nothing of it is routed
    ),
    "an urgency rule": (
        lambda world, _: trying.of_urgency_rule(SETUP, None, URGENCY_RULE, world.now),
        {"would have no urgency": 1}, Tally(alerts=2, groups=2, held=0, pages=1),
    ),
}  # fmt: skip


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize("name", TRIALS)
def test_a_trial_counts_what_would_come_of_it_and_writes_nothing(world: World, tool: Monitoring, name: str) -> None:
    run, counts, after = TRIALS[name]
    with CaptureQueriesContext(connection) as asked:
        trial = run(world, tool)
    assert not [q["sql"] for q in asked.captured_queries if not q["sql"].lstrip("(").startswith(READING)]
    assert (trial.events, trial.unreadable, trial.is_cut) == (3, 0, False)
    assert trial.since == world.now - timedelta(minutes=3)
    assert trial.before == Tally(alerts=2, groups=2, held=0, pages=2)
    assert (trial.counts, trial.after) == (counts, after)
    assert trial.is_same is (not counts)


@pytest.mark.usefixtures("stored")
def test_each_difference_says_what_was_decided_and_why(world: World, tool: Monitoring) -> None:
    trial = trying.of_inhibition(SETUP, None, INHIBITION, world.now)
    (receipt, told), *others = trial.differences
    assert not others
    assert receipt == Event.objects.order_by("id")[1].receipt
    assert told.summary == "shop is slow"
    assert told.words == ("would be inhibited", "would page later")
    assert told.before == "Opened a new alert and a new alert group, which is paged. Error alerts have high urgency."
    assert told.after == (
        "Recorded as a new alert. A worse one is open, and nobody is paged for this one. Inhibited by “db is down”, "
        "which is open (rule “outage”). It pages from 2026-03-04 12:02 UTC on."
    )


@pytest.mark.usefixtures("stored")
def test_a_silence_that_is_on_is_taken_as_if_it_always_had_been(world: World, tool: Monitoring) -> None:
    made = silences.create_silence(SETUP, "team=db", world.now, world.now + timedelta(hours=1), "Known.", world.now)
    trial = trying.of_silence(SETUP, made, parse("team=shop"), world.now)
    assert trial.counts == {"would page": 1, "would be silenced": 1}
    assert (trial.before.held, trial.after.held) == (1, 1)


@pytest.mark.usefixtures("stored")
def test_a_trial_takes_so_much_and_says_when_there_was_more(
    world: World, tool: Monitoring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trying, "EVENTS", 2)
    trial = silence("team=db")(world, tool)
    assert (trial.events, trial.before.alerts, trial.is_cut) == (2, 1, False)
    monkeypatch.setattr(trying, "MOST_SIGNALS", 1)
    trial = silence("team=db")(world, tool)
    assert (trial.events, trial.before.alerts, trial.is_cut) == (1, 0, True)


def test_a_trial_of_nothing_says_nothing(world: World, tool: Monitoring) -> None:
    trial = silence("team=db")(world, tool)
    assert (trial.events, trial.since, trial.is_same, trial.after) == (0, None, True, Tally())


@pytest.mark.usefixtures("stored")
def test_what_cannot_be_read_is_counted(world: World, tool: Monitoring) -> None:
    tool.source.sends(b"?", at=world.now)
    trial = silence("team=db")(world, tool)
    assert (trial.events, trial.unreadable) == (4, 1)


NOISE = {
    # what is set, what is different, and what comes of it
    "a pause": ({"pause_minutes": 2}, {"would wait before it pages": 2, "would page later": 1, "would not page": 1},
                Tally(alerts=3, groups=3, held=3, pages=1)),
    "groups": ({"group_minutes": 10}, {"would join an open group": 2}, Tally(alerts=3, groups=1, held=0, pages=1)),
    "groups by a label": ({"group_minutes": 10, "group_by": ["team"]}, {}, Tally(alerts=3, groups=3, held=0, pages=2)),
    "a storm of what comes slowly": ({"storm_threshold": 1}, {}, Tally(alerts=3, groups=3, held=0, pages=2)),
    "resolving by itself": ({"resolve_minutes": 5}, {}, Tally(alerts=3, groups=3, held=0, pages=2)),
    "as it is": ({}, {}, Tally(alerts=3, groups=3, held=0, pages=2)),
}  # fmt: skip


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize("name", NOISE)
def test_noise_settings_are_tried_on_the_messages_of_their_service(world: World, tool: Monitoring, name: str) -> None:
    other = world.monitoring(tool.service.policy, "Other")
    other.fires("not of this service")
    tool.fires("for the record", "info")
    fields, counts, after = NOISE[name]
    trial = trying.of_noise(SETUP, tool.service, fields, world.now)
    assert trial.before == Tally(alerts=3, groups=3, held=0, pages=2)
    assert (trial.counts, trial.after) == (counts, after)
    tool.service.refresh_from_db()
    assert (tool.service.pause_minutes, tool.service.group_minutes) == (0, 0)
