"""The one long story. Later chapters go on where this one ends."""

from datetime import timedelta

import pytest

from tests.apps import domain
from tests.world import World
from tocsin.alerts import queries as alerts
from tocsin.core.lifecycle import GroupState
from tocsin.health.problems import open_problems
from tocsin.paging import actions, queries


@pytest.mark.django_db
def test_checkout_goes_down_one_afternoon() -> None:
    # a small shop: Ada and Grace take turns by the week, Linus leads, Olga owns the place
    world = World()
    olga = world.owner("Olga")
    ada = world.person("Ada", methods=(0, 60), zone="Europe/Vienna")
    grace, linus = world.person("Grace"), world.person("Linus")
    primary = domain.schedule("Primary", domain.weekly(ada.user, grace.user))
    secondary = domain.schedule("Secondary", domain.weekly(grace.user, ada.user))
    monitoring = world.monitoring(
        world.policy([primary], [secondary], [linus], repeats=1),
        "Checkout",
        runbook_url="https://wiki.example.org/checkout",
        dashboard_url="https://graphs.example.org/checkout",
        rollback="kubectl rollout undo deploy/checkout",
        team=world.team("Shop", ada),
    )

    # she tests her pager at the beginning of her shift
    actions.test_pager(ada.user.pk, ada.actor, world.now)
    world.settle()
    answer = ada.follows(ada.expect_page("test of your pager"))
    assert answer is not None
    assert answer.group is None
    world.forward(minutes=30)
    world.nothing_else()

    # monitoring finds that payments fail: she is paged at once, with all that she needs on one screen
    event = monitoring.source.triggers("payments", "critical", "Payments fail with 503", at=world.now, region="eu-1")
    world.settle()
    page = ada.expect_page("Payments fail with 503")
    facts = dict(page.facts)
    assert page.title == "Checkout: Payments fail with 503"
    assert page.severity == "critical"
    assert (facts["Service"], facts["Owner"]) == ("Checkout", "Shop")
    assert facts["Runbook"] == "https://wiki.example.org/checkout"
    assert facts["Dashboard"] == "https://graphs.example.org/checkout"
    assert facts["To go back"] == "kubectl rollout undo deploy/checkout"
    assert facts["Since"] == "Wed 13:30 CET"
    assert facts["region"] == "eu-1"

    # the page says who is next, and she does not hear the first one
    coming = queries.next_up(ada.actor, world.group(), world.now)
    assert coming is not None
    assert (coming.people, coming.at) == (("Grace",), world.now + timedelta(minutes=5))
    world.forward(minutes=1)
    ada.expect_page("Payments fail", at=1)

    # monitoring repeats itself; nobody is paged for that
    monitoring.source.triggers("payments", "critical", "Payments fail with 503", at=world.now)
    world.forward(minutes=1)
    world.nothing_else()

    # she presses the button in the mail, and it goes quiet
    answer = ada.follows(page)
    assert answer is not None
    assert answer.group is not None
    assert answer.group.state == GroupState.ACKNOWLEDGED
    world.forward(minutes=25)
    world.nothing_else()

    # she is deep in it and forgets: the acknowledgement runs out, and pages until Grace answers
    world.forward(minutes=5)
    ada.expect_page("Payments fail")
    world.forward(minutes=1)
    ada.expect_page("Payments fail", at=1)
    world.forward(minutes=4)
    grace.expect_page("Payments fail")
    grace.acknowledges()

    # payments are back, monitoring says so, and it is over
    world.forward(minutes=10)
    monitoring.recovers("payments")
    world.forward(minutes=120)
    world.nothing_else()
    group = world.group()
    assert group.state == GroupState.RESOLVED

    # afterwards everybody can see what happened, and who was told when
    assert [kind for kind in world.history() if kind != "opened"] == [
        "paged",
        "acknowledged",
        "timed_out",
        "paged",
        "paged",
        "acknowledged",
        "recovered",
        "resolved",
    ]
    assert {n.user.name for n in queries.pages_of(olga.actor, group)} == {"Ada", "Grace"}
    assert alerts.receipt(olga.actor, event.receipt) is not None
    assert list(open_problems()) == []
