"""SLOs as rows: made, changed, given out as files; their budgets, from a Prometheus that is not always there."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import pytest
from pytest_django import Settings

from tests.apps.hearing import NOON, make_service
from tests.channels import servers
from tests.core.slos import ERRORS
from tocsin.audit.models import Record
from tocsin.core.permissions import NOBODY, TOCSIN, Denied
from tocsin.people.problems import Refused
from tocsin.services.models import Service
from tocsin.slos import actions, chart, queries, reading
from tocsin.slos.models import Objective, Reading, Server

pytestmark = pytest.mark.django_db


def make_slo(service: Service | None = None, name: str = "Availability", **fields: Any) -> Objective:
    given = {"objective": Decimal("99.9"), "kind": "errors", "part": ERRORS.part, "total": ERRORS.total}
    return actions.create_slo(TOCSIN, service or make_service("shop"), name, NOON, **(given | fields))


@pytest.fixture
def prometheus() -> Iterator[servers.Receiver]:
    with servers.receiver() as made:
        yield made


def says(*values: str) -> tuple[int, dict[str, str], bytes]:
    result = [{"metric": {}, "value": [0, value]} for value in values]
    return 200, {}, json.dumps({"status": "success", "data": {"resultType": "vector", "result": result}}).encode()


def says_days(now: datetime, *ratios: str) -> tuple[int, dict[str, str], bytes]:
    first = now.timestamp() - 86_400 * (len(ratios) - 1)
    values = [[first + 86_400 * i, ratio] for i, ratio in enumerate(ratios)]
    return 200, {}, json.dumps({"status": "success", "data": {"result": [{"metric": {}, "values": values}]}}).encode()


def asked(prometheus: servers.Receiver) -> list[tuple[str, str]]:
    return [(h.path, parse_qs(h.body.decode())["query"][0]) for h in prometheus.heard]


def test_an_slo_is_made_changed_and_audited_and_keeps_its_slug() -> None:
    row = make_slo()
    assert row.slug == "shop-availability"
    actions.change_slo(TOCSIN, row, NOON, name="Uptime", objective=Decimal("99.5"))
    assert Objective.objects.get(slug="shop-availability").objective == Decimal("99.5")
    actions.delete_slo(TOCSIN, row, NOON)
    assert [r.verb for r in Record.objects.order_by("id")] == ["created", "changed", "deleted"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"objective": Decimal(100)}, "objective"),
        ({"window_days": 3}, "window_days"),
        ({"total": "rate(x[5m])"}, "total"),
        ({"kind": "luck"}, "kind"),
        ({"kind": "latency"}, "histogram"),
        ({"name": ""}, "name"),
    ],
)
def test_what_cannot_be_used_is_refused_beside_its_field_and_nothing_is_changed(
    changes: dict[str, Any], field: str
) -> None:
    row = make_slo()
    with pytest.raises(Refused) as refused:
        actions.change_slo(TOCSIN, row, NOON, **changes)
    assert field in refused.value.fields
    row.refresh_from_db()
    assert (row.objective, row.window_days, row.kind, row.name) == (Decimal("99.9"), 30, "errors", "Availability")
    with pytest.raises(Refused):
        make_slo(row.service, **({"name": "Other"} | changes))


def test_one_file_has_the_rules_of_all() -> None:
    shop = make_slo()
    make_slo(make_service("search"), window_days=7)
    everything = queries.rules_file(TOCSIN)
    assert everything.index("slo-search-availability-burn") < everything.index("slo-shop-availability-burn")
    assert "search" not in queries.rules_file(TOCSIN, shop.slug)
    assert queries.rules_file(TOCSIN) == everything


def test_tests_are_made_of_those_they_can_be_made_of() -> None:
    make_slo()
    make_slo(make_service("site"), part="sum_over_time(up[$window])", total="count_over_time(up[$window])", kind="good")
    text, left_out = queries.unit_tests(TOCSIN)
    assert "shop-availability" in text
    assert "site" not in text
    assert len(left_out) == 1


def test_the_budget_is_read_and_kept_with_its_age_while_prometheus_is_away(prometheus: servers.Receiver) -> None:
    row = make_slo()
    actions.set_server(TOCSIN, prometheus.url, NOON, user="tocsin", secret="s3cret")
    prometheus.answers = [says("0.00025"), says("0.002"), says_days(NOON, "0.0005", "NaN", "0.004")]
    assert reading.read_due(NOON) == 1
    read = Reading.objects.get(objective=row)
    assert (read.left, read.burn, read.read_at, read.error) == (pytest.approx(0.75), pytest.approx(2), NOON, "")
    assert read.days == [None] * 27 + [pytest.approx(0.5), None, pytest.approx(4)]
    assert asked(prometheus)[0] == (
        "/api/v1/query",
        'slo:errors_per_request:ratio_rate30d{slo="shop-availability"}',
    )
    assert prometheus.heard[0].headers["authorization"].startswith("Basic ")
    assert reading.read_due(NOON + timedelta(seconds=30)) == 0  # not yet again

    prometheus.answers = [(503, {}, b"starting")]
    later = NOON + timedelta(minutes=2)
    assert reading.read_due(later) == 0
    read.refresh_from_db()
    assert (read.left, read.read_at) == (pytest.approx(0.75), NOON)
    assert "503: starting" in read.error
    prometheus.answers = [says("0.0005"), says("0")]
    assert reading.read_due(later + timedelta(minutes=2)) == 1  # the days only once an hour
    read.refresh_from_db()
    assert (read.left, read.burn, read.error) == (pytest.approx(0.5), 0, "")


def test_without_recorded_rules_the_queries_themselves_are_asked(prometheus: servers.Receiver) -> None:
    make_slo()
    actions.set_server(TOCSIN, prometheus.url, NOON, secret="a token")
    prometheus.answers = [says(), says("0.001"), says(), says("NaN"), says_days(NOON)]
    assert reading.read_due(NOON) == 1
    read = Reading.objects.get()
    assert (read.left, read.burn) == (pytest.approx(0), None)
    assert "[30d]" in asked(prometheus)[1][1]
    assert prometheus.heard[0].headers["authorization"] == "Bearer a token"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (says(), "found no events"),
        ((200, {}, b"<html>"), "answered 200: <html>"),
        ((400, {}, b'{"status":"error","error":"parse error"}'), "parse error"),
        ((200, {}, b'{"status":"success","data":{"result":[{"value":[0,"x"]}]}}'), "no series of numbers"),
        ((200, {}, b'{"status":"success","data":{"result":{}}}'), "answered 200"),
        ((200, {}, b'{"status":"success","data":{"result":[7]}}'), "no series of numbers"),
        ((302, {"Location": "http://127.0.0.1/"}, b""), "answered 302"),
        ((200, {}, b"[" * 50_000), "answered 200"),
    ],
)
def test_whatever_answers_instead_is_said_and_nothing_breaks(
    prometheus: servers.Receiver, answer: tuple[int, dict[str, str], bytes], said: str
) -> None:
    make_slo()
    actions.set_server(TOCSIN, prometheus.url, NOON)
    prometheus.answers = [answer]
    assert reading.read_due(NOON) == 0
    assert said in Reading.objects.get().error


def test_a_private_address_is_not_asked_unless_that_is_allowed(
    settings: Settings, prometheus: servers.Receiver
) -> None:
    make_slo()
    actions.set_server(TOCSIN, prometheus.url, NOON)
    settings.ALLOW_PRIVATE = False
    assert reading.read_due(NOON) == 0
    assert "not a public address" in Reading.objects.get().error
    assert not prometheus.heard
    with pytest.raises(Refused, match="not a public address"):
        actions.set_server(TOCSIN, "http://127.0.0.1:9090", NOON)


def test_a_secret_goes_to_no_other_address(prometheus: servers.Receiver) -> None:
    actions.set_server(TOCSIN, prometheus.url, NOON, secret="a token")
    with pytest.raises(Refused, match="another one"):
        actions.set_server(TOCSIN, "https://elsewhere.example.org", NOON)
    actions.set_server(TOCSIN, prometheus.url, NOON, user="ada")
    assert Server.objects.get().secret == "a token"
    assert "a token" not in json.dumps(list(Record.objects.values("before", "after")))
    actions.forget_server(TOCSIN, NOON)
    assert reading.read_due(NOON) == 0


def test_figures_of_another_promise_are_forgotten(prometheus: servers.Receiver) -> None:
    row = make_slo()
    actions.set_server(TOCSIN, prometheus.url, NOON)
    prometheus.answers = [says("0"), says("0"), says_days(NOON, "0")]
    reading.read_due(NOON)
    actions.change_slo(TOCSIN, row, NOON, description="Told to customers.")
    assert Reading.objects.exists()
    actions.change_slo(TOCSIN, row, NOON, objective=Decimal("99.99"))
    assert not Reading.objects.exists()


@pytest.mark.parametrize(
    ("left", "burn", "state"),
    [(None, None, "unknown"), (0.5, 0.4, "ok"), (0.5, None, "ok"), (0.5, 1.4, "defect"), (-0.1, 0.0, "failed")],
)
def test_a_budget_is_shown_with_its_state(left: float | None, burn: float | None, state: str) -> None:
    row = make_slo()
    days = [0.5, None, 9.0]
    Reading.objects.create(objective=row, left=left, burn=burn, read_at=NOON, days=days, days_read_at=NOON)
    (shown,) = chart.of_service(TOCSIN, row.service)
    assert shown.state == state
    assert shown.chart is not None
    assert [(bar.tone, bar.height) for bar in shown.chart.bars] == [("green", 5.0), ("red", 40.0)]
    assert "1 of 2" in shown.chart.words


def test_nobody_reads_or_changes_anything() -> None:
    row = make_slo()
    for attempt in (
        lambda: actions.create_slo(NOBODY, row.service, "x", NOON),
        lambda: actions.change_slo(NOBODY, row, NOON, name="x"),
        lambda: actions.delete_slo(NOBODY, row, NOON),
        lambda: actions.set_server(NOBODY, "https://x.example.org", NOON),
        lambda: actions.forget_server(NOBODY, NOON),
        lambda: queries.slos(NOBODY),
        lambda: queries.server(NOBODY),
        lambda: queries.rules_file(NOBODY),
        lambda: queries.unit_tests(NOBODY),
    ):
        with pytest.raises(Denied):
            attempt()
