"""The pages on which people silence alerts, plan maintenance and write rules, and try them first."""

from datetime import timedelta

import pytest
from django.test import Client

from tests.pages.desk import at_the_desk, checkout, living, observer, text_of
from tests.world import Monitoring, Person, World
from tocsin.alerts.models import Event
from tocsin.core.permissions import TOCSIN
from tocsin.rules import routing, silences, urgency
from tocsin.rules.models import Inhibition, Maintenance, Route, Silence, UrgencyRule
from tocsin.services.models import Integration, Service

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return living()


@pytest.fixture
def desk(world: World) -> tuple[Client, Person, Monitoring]:
    ada, _, tool = checkout(world)
    return at_the_desk(ada), ada, tool


def silence(world: World, matchers: str = 'service="checkout"', hours: int = 1) -> Silence:
    ends = world.now + timedelta(hours=hours)
    return silences.create_silence(TOCSIN, matchers, world.now, ends, "Known", world.now)


def test_a_group_is_silenced_from_its_page(world: World, desk: tuple[Client, Person, Monitoring]) -> None:
    client, _, tool = desk
    tool.fires("disk")
    group = world.group()
    assert f"/silences/new/?group={group.pk}" in text_of(client.get(group.get_absolute_url()))
    page = text_of(client.get(f"/silences/new/?group={group.pk}"))
    matchers = "service=&quot;checkout&quot;, dedup_key=&quot;disk&quot;"
    assert matchers in page
    assert '<span class="figure-big">1</span> open alert now, and 1 of the 1' in page
    typed = {"matchers": 'service="checkout", dedup_key="disk"', "reason": "Known", "duration": "120"}
    answer = client.post("/silences/new/", typed, follow=True)
    assert "page nobody" in text_of(answer)
    row = Silence.objects.get()
    assert (row.creator, row.reason, row.ends_at - row.starts_at) == ("Ada", "Known", timedelta(hours=2))


def test_a_silence_knows_a_service_by_the_name_that_people_see(
    world: World, desk: tuple[Client, Person, Monitoring]
) -> None:
    client, _, tool = desk
    Service.objects.filter(slug="checkout").update(name="Checkout & Cart")
    tool.fires("disk")
    page = text_of(client.get("/silences/preview/", {"matchers": 'service="checkout & cart"'}))
    assert '<span class="figure-big">1</span> open alert now' in page
    client.post("/silences/new/", {"matchers": 'service="Checkout & Cart"', "reason": "Known", "duration": "120"})
    assert Silence.objects.get().matchers == 'service="checkout"'


@pytest.mark.parametrize(
    ("matchers", "said"),
    [
        ('service="chekout"', "holds for no alert: there is no service of that name. There is checkout."),
        ('service!="chekout", team="x"', "holds for every alert"),
        ('severity="warn", team="x"', "There is warning, …"),
        ('kind="pager"', "There is "),
        ('integration="Monitor"', "There is Monitoring."),
        ('service="checkout", severity=~"warn.*", team="anything"', ""),
    ],
)
def test_a_value_that_nothing_has_is_doubted_and_kept(
    desk: tuple[Client, Person, Monitoring], matchers: str, said: str
) -> None:
    client, _, _ = desk
    seen = text_of(client.get("/silences/preview/", {"matchers": matchers}))
    assert "It matches no alert." in seen
    saved = {"matchers": matchers, "reason": "Known", "duration": "120"}
    page = text_of(client.post("/silences/new/", saved, follow=True))
    rule = {"name": "Later", "matchers": matchers, "urgency": "low", "zone": "UTC"}
    tried = text_of(client.post("/urgency-rules/new/", {**rule, "try": "yes"}))
    kept = text_of(client.post("/urgency-rules/new/", rule, follow=True))
    for each in (seen, page, tried, kept):
        assert (said or "there is no") in each if said else "there is no" not in each
    assert (Silence.objects.count(), UrgencyRule.objects.count()) == (1, 1)


def test_what_is_typed_is_looked_at_before_anything_is_silenced(desk: tuple[Client, Person, Monitoring]) -> None:
    client, _, tool = desk
    tool.fires("disk")
    page = text_of(client.post("/silences/new/", {"matchers": "dedup_key=~di.*", "look": "yes"}))
    assert "Of the last 1 message" in page
    assert "<strong>1</strong> would be silenced" in page
    assert not Silence.objects.exists()
    assert "0</span> open alerts" in text_of(client.get("/silences/preview/?matchers=a%3Db"))
    assert "is not a regular expression" in text_of(client.get("/silences/preview/?matchers=a%3D~("))
    assert "Type which alerts" in text_of(client.get("/silences/preview/"))


def test_a_refusal_stands_beside_its_field_and_keeps_what_was_typed(desk: tuple[Client, Person, Monitoring]) -> None:
    client, _, _ = desk
    answer = client.post("/silences/new/", {"matchers": 'a!="b"', "reason": "Because", "duration": "60"})
    assert answer.status_code == 422
    assert "At least one matcher" in text_of(answer)
    assert 'value="Because"' in text_of(answer)
    answer = client.post("/silences/new/", {"matchers": "a=b", "reason": "Because", "duration": ""})
    assert "Say how long" in text_of(answer)


def test_silences_are_listed_by_what_they_are_now(world: World, desk: tuple[Client, Person, Monitoring]) -> None:
    client, _, _ = desk
    assert "Nothing is silenced" in text_of(client.get("/silences/"))
    row, over = silence(world, 'service="shop"'), silence(world, 'service="gone"')
    silences.expire(TOCSIN, over, world.now)
    assert "gone" not in text_of(client.get("/silences/"))
    assert "gone" in text_of(client.get("/silences/?state=expired"))
    assert "Nothing matches" in text_of(client.get("/silences/?text=nowhere"))
    page = text_of(client.get(row.get_absolute_url()))
    assert "End it now" in page
    client.post(f"/silences/{row.uuid}/extend/", {"minutes": "60"})
    assert Silence.objects.get(pk=row.pk).ends_at == row.ends_at + timedelta(hours=1)
    client.post(row.get_absolute_url(), {"matchers": "a=b", "reason": "Other", "duration": "240"})
    assert Silence.objects.get(pk=row.pk).reason == "Other"
    client.post(f"/silences/{row.uuid}/expire/")
    page = text_of(client.get(row.get_absolute_url()))
    assert f"again={row.uuid}" in page
    assert "a=&quot;b&quot;" in text_of(client.get(f"/silences/new/?again={row.uuid}"))
    assert client.get("/silences/no-such-thing/").status_code == 404
    ends = Silence.objects.get(pk=row.pk).ends_at
    assert "a minute to a week" in text_of(client.post(f"/silences/{row.uuid}/extend/", {"minutes": "x"}, follow=True))
    assert Silence.objects.get(pk=row.pk).ends_at == ends


def test_who_only_looks_sees_and_changes_nothing(world: World) -> None:
    checkout(world)
    client, row = at_the_desk(observer(world)), silence(world)
    assert "New silence" not in text_of(client.get("/silences/"))
    assert "End it now" not in text_of(client.get(row.get_absolute_url()))
    assert client.get("/silences/new/").status_code == 403
    assert client.post(f"/silences/{row.uuid}/expire/").status_code == 403
    for path in ("maintenance", "inhibitions", "routes", "urgency-rules"):
        assert client.get(f"/{path}/").status_code == 200
        assert client.get(f"/{path}/new/").status_code == 403


def test_maintenance_is_planned_once_and_weekly_and_ended_early(desk: tuple[Client, Person, Monitoring]) -> None:
    client, _, tool = desk
    service = tool.service
    assert "No maintenance is planned" in text_of(client.get("/maintenance/"))
    typed = {"name": "Upgrade", "services": [service.pk], "zone": "Europe/Berlin"}
    answer = client.post("/maintenance/new/", typed)
    assert "from when to when" in text_of(answer)
    client.post("/maintenance/new/", {**typed, "starts_at": "2026-01-01T10:00", "ends_at": "2999-01-01T10:00"})
    client.post("/maintenance/new/", {**typed, "name": "Nightly", "weekly": "Sun 23:00–01:30"})
    weekly = Maintenance.objects.get(name="Nightly")
    assert (weekly.weekdays, weekly.minutes, weekly.opens and weekly.opens.hour) == ([6], 150, 23)
    page = text_of(client.get("/maintenance/"))
    assert "Sun 23:00–01:30" in page
    assert "Goes on" in page
    assert "Sun 23:00–01:30" in text_of(client.get(weekly.get_absolute_url()))
    upgrade = Maintenance.objects.get(name="Upgrade")
    Maintenance.objects.filter(pk=weekly.pk).update(zone="Mars/Olympus")
    assert "Nightly" in text_of(client.get("/maintenance/"))  # also when it cannot be read
    client.post(f"/maintenance/{upgrade.pk}/end/")
    assert "Over" in text_of(client.get("/maintenance/"))
    client.post(f"/maintenance/{upgrade.pk}/delete/")
    assert not Maintenance.objects.filter(name="Upgrade").exists()


def test_a_window_is_tried_before_it_is_saved(desk: tuple[Client, Person, Monitoring]) -> None:
    client, _, tool = desk
    tool.fires("disk")
    typed = {"name": "Upgrade", "services": [tool.service.pk], "zone": "UTC", "try": "yes"}
    page = text_of(
        client.post("/maintenance/new/", {**typed, "starts_at": "2990-01-01T10:00", "ends_at": "2999-01-01T10:00"})
    )
    assert "<strong>1</strong> would be in maintenance" in page
    assert not Maintenance.objects.exists()


def test_an_inhibition_rule_is_tried_made_and_changed(desk: tuple[Client, Person, Monitoring]) -> None:
    client, _, tool = desk
    tool.fires("host", host="db1")
    tool.fires("disk", host="db1")
    typed = {
        "name": "Host",
        "source": "dedup_key=host",
        "target": "dedup_key=disk",
        "equal": "host",
        "is_enabled": "on",
    }
    page = text_of(client.post("/inhibitions/new/", {**typed, "try": "yes"}))
    assert "<strong>1</strong> would be inhibited" in page
    client.post("/inhibitions/new/", typed)
    row = Inhibition.objects.get()
    assert row.equal == ["host"]
    assert "if they are alike in host" in text_of(client.get("/inhibitions/"))
    page = text_of(client.post(row.get_absolute_url(), {**typed, "source": "dedup_key=other", "try": "yes"}))
    assert "<strong>1</strong> would page" in page
    client.post(row.get_absolute_url(), {**typed, "is_enabled": ""})
    assert not Inhibition.objects.get().is_enabled
    client.post(f"/inhibitions/{row.pk}/delete/")
    assert not Inhibition.objects.exists()


def test_routes_are_nested_moved_tried_and_asked(world: World, desk: tuple[Client, Person, Monitoring]) -> None:
    client, _, tool = desk
    Integration.objects.update(is_routed=True)
    tool.fires("disk", team="search")
    service = world.monitoring(world.policy([world.person("Bea")]), service="search").service
    typed = {"name": "Search", "matchers": 'team="search"', "service": service.pk, "urgency": "low"}
    page = text_of(client.post("/routes/new/", {**typed, "try": "yes"}))
    assert "<strong>1</strong> would go to search" in page
    assert "<strong>1</strong> would have low urgency" in page
    client.post("/routes/new/", typed)
    outer = Route.objects.get()
    client.post("/routes/new/", {"name": "Backups", "matchers": "job=backup", "parent": outer.pk, "urgency": "none"})
    client.post("/routes/new/", {"name": "Others"})
    client.post(f"/routes/{Route.objects.get(name='Others').pk}/move/", {"to": "up"})
    page = text_of(client.get("/routes/?labels=team%3Dsearch%0Ajob%3Dbackup"))
    assert page.index("Others</a>") < page.index("Search</a>") < page.index("Backups</a>")
    assert 'data-depth="1"' in page
    assert "Routed by “Others”." in page
    client.post(f"/routes/{Route.objects.get(name='Others').pk}/delete/")
    page = text_of(client.get("/routes/?labels=team%3Dsearch%0Ajob%3Dbackup"))
    assert "Routed by “Search › Backups”." in page
    assert "with none urgency" in page
    page = text_of(client.post("/silences/new/", {"matchers": "service=search", "look": "yes"}))
    assert "<strong>1</strong> would be silenced" in page  # it is of the service that it goes to
    stored = Event.objects.get()
    assert "Routed by “Search”." in text_of(client.get(f"/routes/?receipt={stored.receipt}"))
    page = text_of(client.get("/routes/?receipt=6b3b1f1e-0000-4000-8000-000000000000"))
    assert "No message has this receipt" in page
    page = text_of(client.post(outer.get_absolute_url(), {**typed, "service": "", "try": "yes"}))
    assert "would go to Checkout" in page
    below = {**typed, "parent": Route.objects.get(name="Backups").pk}
    for tried in ({"try": "yes"}, {}):
        assert "A route cannot be below itself." in text_of(client.post(outer.get_absolute_url(), {**below, **tried}))


def test_urgency_rules_are_tried_ordered_and_keep_their_hours(desk: tuple[Client, Person, Monitoring]) -> None:
    client, _, tool = desk
    tool.fires("disk")
    typed = {"name": "Nights", "urgency": "high", "hours": "Mon–Fri 09:00–17:00", "zone": "UTC", "otherwise": "low"}
    client.post("/urgency-rules/new/", typed)
    client.post("/urgency-rules/new/", {"name": "Staging", "urgency": "none", "matchers": "env=staging", "zone": "UTC"})
    first, second = UrgencyRule.objects.all()
    client.post(f"/urgency-rules/{second.pk}/move/", {"to": "up"})
    page = text_of(client.get("/urgency-rules/"))
    assert page.index("Staging</a>") < page.index("Nights</a>")
    assert "Mon–Fri 09:00–17:00 UTC, else low" in page
    assert "Mon–Fri 09:00–17:00" in text_of(client.get(first.get_absolute_url()))
    urgency.delete_urgency_rule(TOCSIN, first, living().now)
    page = text_of(client.post("/urgency-rules/new/", {"name": "All", "urgency": "none", "zone": "UTC", "try": "yes"}))
    assert "<strong>1</strong> would have no urgency" in page
    client.post(second.get_absolute_url(), {**typed, "name": "Days"})
    assert UrgencyRule.objects.get().name == "Days"
    client.post(f"/urgency-rules/{second.pk}/delete/")
    assert not UrgencyRule.objects.exists()


def test_the_palette_leads_to_rules(desk: tuple[Client, Person, Monitoring]) -> None:
    client, _, _ = desk
    routing.save_route(TOCSIN, None, living().now, name="Everything")
    assert "/routes/" in text_of(client.get("/find/?q=routing"))
    assert "/silences/new/" in text_of(client.get("/find/?q=silence"))
    assert "Routing" in text_of(client.get("/settings/"))
    assert 'href="/silences/"' in text_of(client.get("/alerts/"))


def test_noise_settings_are_tried_in_the_form_of_the_service(
    world: World, desk: tuple[Client, Person, Monitoring]
) -> None:
    client, _, tool = desk
    tool.fires("disk")
    edit = f"/services/{tool.service.slug}/edit/"
    assert f"/services/{tool.service.slug}/noise/trial/" in text_of(client.get(edit))
    page = text_of(client.post(f"/services/{tool.service.slug}/noise/trial/", {"pause_minutes": 5}))
    assert "would wait before it pages" in page
    assert "Opened a new alert and a new alert group, which is paged." in page
    assert "nobody was paged" in page
    refused = client.post(f"/services/{tool.service.slug}/noise/trial/", {"pause_minutes": 500})
    assert "These numbers cannot be tried" in refused.content.decode()
    tool.service.refresh_from_db()
    assert tool.service.pause_minutes == 0
