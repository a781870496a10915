"""One turn of the clockwork."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.world import Monitoring, Person, World
from tocsin.alerts import absorbing
from tocsin.alerts.models import AlertGroup
from tocsin.engine.auditor import audit
from tocsin.engine.tick import tick
from tocsin.health import problems
from tocsin.outbox.models import Message
from tocsin.paging import running


def test_one_turn_leads_from_the_event_to_the_outbox(world: World, ada: Person, monitoring: Monitoring) -> None:
    monitoring.source.triggers("disk", "critical", "Disk full", at=world.now)
    worked = tick(world.now)
    assert (worked.events, worked.advanced, worked.failed) == (1, 1, [])
    assert worked.anything
    assert {m.target for m in Message.objects.filter(kind="email")} == {ada.addresses[0]}
    assert not tick(world.now).anything


def test_messages_need_not_wait_for_the_rest_of_the_turn(
    world: World, monitoring: Monitoring, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[str] = []
    monkeypatch.setattr(running, "release_due", _noted(running.release_due, "release_due", called))
    tick(world.now, lambda: called.append("ring"))
    assert called == ["release_due"]  # nothing to send, nobody rings
    monitoring.source.triggers("disk", "critical", "Disk full", at=world.now)
    tick(world.now, lambda: called.append("ring"))
    assert called == ["release_due", "ring", "release_due"]


@pytest.mark.parametrize(
    ("module", "name", "stage"),
    [
        (absorbing, "absorb", "absorb"),
        (absorbing, "expire", "expire"),
        (running, "advance_due", "advance"),
        (running, "release_due", "release"),
    ],
)
def test_a_stage_that_fails_stops_no_other(
    module: object, name: str, stage: str, world: World, monitoring: Monitoring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monitoring.source.triggers("disk", "critical", "Disk full", at=world.now)
    called: list[str] = []
    for owner, other in [
        (absorbing, "absorb"),
        (absorbing, "expire"),
        (running, "advance_due"),
        (running, "release_due"),
    ]:
        monkeypatch.setattr(owner, other, _noted(getattr(owner, other), other, called))
    monkeypatch.setattr(module, name, _broken)
    worked = tick(world.now)
    assert worked.failed == [stage]
    assert len(set(called)) == 3
    assert [p.title for p in problems.open_problems()] == [f"The engine cannot {stage}"]


def test_what_works_again_is_no_problem_any_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(absorbing, "expire", _broken)
        tick(world.now)
    audit(world.now + timedelta(seconds=30))
    assert problems.open_problems()  # it might fail again in a second
    audit(world.now + timedelta(seconds=90))
    assert not problems.open_problems()


def test_nothing_to_do_writes_nothing(world: World, monitoring: Monitoring) -> None:
    assert not tick(world.now).anything
    assert not AlertGroup.objects.exists()


def _broken(*_: object, **__: object) -> None:
    raise RuntimeError("broken on purpose")


def _noted(work: Callable[..., object], name: str, called: list[str]) -> Callable[..., object]:
    def noting(*arguments: object, **named: object) -> object:
        called.append(name)
        return work(*arguments, **named)

    return noting
