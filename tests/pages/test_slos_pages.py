"""SLOs in the browser: what is promised, how soon it would page, the files, and what is left."""

from datetime import timedelta

import pytest
import yaml

from tests.core.slos import ERRORS
from tests.pages.desk import at_the_desk, checkout, living, observer, queries_of, text_of
from tests.world import Monitoring, Person, World
from tocsin.audit.models import Record
from tocsin.services.models import Service
from tocsin.slos.models import Objective, Reading, Server

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return living()


@pytest.fixture
def cast(world: World) -> tuple[Person, Person, Monitoring]:
    return checkout(world, runbook_url="https://wiki.example.org/checkout")


def filled(service: Service, **changes: object) -> dict[str, object]:
    fields = {"service": service.pk, "name": "Availability", "objective": "99.9", "window_days": 30}
    fields |= {"kind": "errors", "part": ERRORS.part, "total": ERRORS.total, "least_requests": 0, "act": "save"}
    return fields | changes


def make(world: World, service: Service, name: str = "Availability", **reading: object) -> Objective:
    row = Objective.objects.create(
        service=service,
        name=name,
        slug=name.lower(),
        objective="99.900",
        kind="errors",
        part=ERRORS.part,
        total=ERRORS.total,
        created_at=world.now,
    )
    if reading:
        Reading.objects.create(objective=row, **reading)
    return row


def test_say_what_they_are_for_before_there_are_any(world: World) -> None:
    client = at_the_desk(world.owner())
    assert "Make the first SLO" in text_of(client.get("/slos/"))
    assert "A service comes first" in text_of(client.get("/slos/new/"))
    assert yaml.safe_load(text_of(client.get("/slos/slo-rules.yml"))) == {"groups": []}


def test_one_is_made_and_shows_how_soon_it_pages(world: World, cast: tuple[Person, Person, Monitoring]) -> None:
    client = at_the_desk(cast[0])
    response = client.post("/slos/new/", filled(cast[2].service), follow=True)
    assert response.redirect_chain == [("/slos/checkout-availability/", 302)]
    page = text_of(response)
    for words in ("Next: give its rules to Prometheus", "99.9 % over 30d", "1h and 5m", "14.4 times", "43 min", "51 s"):
        assert words in page, words
    assert Record.objects.filter(verb="created", object_name="Availability of Checkout").exists()
    made = client.get("/slos/checkout-availability/slo-rules.yml")
    assert made["Content-Disposition"] == 'attachment; filename="slo-rules.yml"'
    alert = yaml.safe_load(text_of(made))["groups"][0]["rules"][-1]
    assert alert["annotations"]["runbook_url"] == "https://wiki.example.org/checkout"
    assert yaml.safe_load(text_of(client.get("/slos/slo-tests.yml")))["rule_files"] == ["slo-rules.yml"]


def test_a_preview_shows_the_rules_and_saves_nothing(world: World, cast: tuple[Person, Person, Monitoring]) -> None:
    page = text_of(at_the_desk(cast[0]).post("/slos/new/", filled(cast[2].service, act="preview", objective="99.5")))
    assert "Nothing is saved yet" in page
    assert "14.4 * 0.005" in page
    assert "200 times" in page
    assert "7.2 %" in page
    assert not Objective.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": ""}, "This field is required."),
        ({"objective": "100"}, "less than or equal to 99.999"),
        ({"window_days": "3"}, "greater than or equal to 7"),
        ({"part": "rate(x[5m])"}, "Write [$window] where the range stands"),
        ({"total": "rate(x[$window]"}, "is never closed."),
        ({"kind": "latency"}, "Write the name of the histogram"),
        ({"kind": "luck"}, "Select a valid choice."),
        ({"service": "4711"}, "Select a valid choice."),
    ],
)
@pytest.mark.parametrize("act", ["save", "preview"])
def test_wrong_input_is_said_beside_the_field_and_what_was_typed_is_kept(
    world: World, cast: tuple[Person, Person, Monitoring], wrong: dict[str, str], said: str, act: str
) -> None:
    data = filled(cast[2].service, description="Told to customers.", act=act) | wrong
    response = at_the_desk(cast[0]).post("/slos/new/", data)
    assert response.status_code == 422
    assert said in text_of(response)
    assert "Told to customers." in text_of(response)
    assert not Objective.objects.exists()


def test_one_is_changed_and_deleted(world: World, cast: tuple[Person, Person, Monitoring]) -> None:
    row, client = make(world, cast[2].service), at_the_desk(cast[0])
    assert 'value="99.9"' in text_of(client.get("/slos/availability/edit/"))
    client.post("/slos/availability/edit/", filled(cast[2].service, objective="99.95"))
    row.refresh_from_db()
    assert str(row.objective) == "99.950"
    assert "was deleted" in text_of(client.post("/slos/availability/delete/", follow=True))
    assert not Objective.objects.exists()


def test_the_service_shows_what_is_left_of_its_budgets(world: World, cast: tuple[Person, Person, Monitoring]) -> None:
    client = at_the_desk(cast[0])
    assert "An SLO says how much" in text_of(client.get("/services/checkout/"))
    days = [0.5] * 29 + [3.0]
    make(world, cast[2].service, left=0.62, burn=1.5, read_at=world.now, days=days, days_read_at=world.now)
    page = text_of(client.get("/services/checkout/"))
    for words in ("62.0 % left", "burns 1.5 times", "Burn of each of the last 30 days", "read <time"):
        assert words in page, words


def test_old_figures_say_how_old_they_are_and_why(world: World, cast: tuple[Person, Person, Monitoring]) -> None:
    hours = world.now - timedelta(hours=3)
    make(world, cast[2].service, left=-0.1, burn=None, read_at=hours, error="127.0.0.1 did not answer.")
    page = text_of(at_the_desk(cast[0]).get("/slos/availability/"))
    for words in ("-10.0 % left", "3 h ago", "127.0.0.1 did not answer.", "no requests in the last hour"):
        assert words in page, words


def test_the_server_is_set_and_its_secret_never_shown(world: World, cast: tuple[Person, Person, Monitoring]) -> None:
    client = at_the_desk(cast[0])
    form = {"url": "http://127.0.0.1:9090/", "user": "", "secret": "hush hush"}
    assert "is saved" in text_of(client.post("/slos/prometheus/", form, follow=True))
    assert Server.objects.get().url == "http://127.0.0.1:9090"
    assert "hush hush" not in text_of(client.get("/slos/prometheus/"))
    client.post("/slos/prometheus/", {**form, "secret": ""})
    assert Server.objects.get().secret == "hush hush"
    client.post("/slos/prometheus/", {**form, "secret": "", "forget_secret": "on"})
    assert Server.objects.get().secret == ""
    assert "begins with https://" in text_of(client.post("/slos/prometheus/", {**form, "url": "ftp://x"}))
    client.post("/slos/prometheus/forget/")
    assert not Server.objects.exists()


def test_a_long_list_asks_the_database_no_more(world: World, cast: tuple[Person, Person, Monitoring]) -> None:
    client = at_the_desk(cast[0])
    make(world, cast[2].service, left=1.0, read_at=world.now)
    few = queries_of(client, "/slos/")
    for number in range(8):
        make(world, cast[2].service, f"Promise-{number}", left=1.0, read_at=world.now)
    assert queries_of(client, "/slos/") == few
    assert "Promise-3" in text_of(client.get("/slos/?q=promise-3"))
    assert "No SLO matches" in text_of(client.get("/slos/?q=nonsense"))


def test_who_only_looks_changes_nothing(world: World, cast: tuple[Person, Person, Monitoring]) -> None:
    make(world, cast[2].service)
    client = at_the_desk(observer(world))
    for url in ("/slos/", "/slos/availability/"):
        page = text_of(client.get(url))
        assert "Availability" in page
        assert "/edit/" not in page
        assert "/new/" not in page
    assert client.get("/slos/slo-rules.yml").status_code == 200
    for url in ("/slos/new/", "/slos/availability/edit/", "/slos/prometheus/"):
        assert client.get(url).status_code == 403
        assert client.post(url, filled(cast[2].service)).status_code == 403
    for url in ("/slos/availability/delete/", "/slos/prometheus/forget/"):
        assert client.post(url).status_code == 403
    assert Objective.objects.count() == 1
    assert client.get("/slos/nothing/").status_code == 404
