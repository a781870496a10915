"""Integrations: the address and key to copy, a test alert, a mapping tried before it is saved."""

import re

import pytest

from tests.apps.hearing import Source
from tests.pages.desk import HX, at_the_desk, checkout, living, observer, text_of
from tests.world import Monitoring, Person, World
from tocsin.alerts import queries
from tocsin.alerts.models import Event
from tocsin.core.permissions import NOBODY, Denied
from tocsin.sealing import fingerprint
from tocsin.services.models import Integration

pytestmark = pytest.mark.django_db

MAPPING = '{"summary": "text", "severity": "level", "severities": {"P1": "critical"}}'
SAMPLE = '{"text": "pump stands still", "level": "P1"}'


@pytest.fixture
def world() -> World:
    return living()


@pytest.fixture
def cast(world: World) -> tuple[Person, Person, Monitoring]:
    return checkout(world)


@pytest.fixture
def generic(cast: tuple[Person, Person, Monitoring]) -> Integration:
    return Integration.objects.create(
        service=cast[2].service,
        kind="generic",
        name="Pumps",
        key_hash="x",
        key_hint="abcd",
        created_at=cast[2].world.now,
    )


def shown_key(page: str) -> str:
    found = re.search(r'id="inbound-key"[^>]*>([0-9a-f]{32})<', page)
    return found.group(1) if found else ""


@pytest.mark.parametrize(
    ("kind", "path"),
    [("pagerduty", "/v2/enqueue"), ("alertmanager", "/in/alertmanager/KEY"), ("generic", "/in/generic/KEY")],
)
def test_address_and_key_are_shown_once_to_copy(
    world: World, cast: tuple[Person, Person, Monitoring], kind: str, path: str
) -> None:
    client = at_the_desk(cast[0])
    data = {"service": cast[2].service.pk, "kind": kind, "name": "New one"}
    response = client.post("/integrations/new/", data, follow=True)
    page, key = text_of(response), shown_key(text_of(response))
    made = Integration.objects.get(name="New one")
    assert made.key_hash == fingerprint(key)
    assert path.replace("KEY", key) in page
    assert 'data-copy="#inbound-url"' in page
    again = text_of(client.get(made.get_absolute_url()))
    assert key not in again
    assert "YOUR-KEY" in again or kind == "pagerduty"
    assert f"{key[:4]}…" in again


def test_the_key_is_shown_to_its_maker_only(world: World, cast: tuple[Person, Person, Monitoring]) -> None:
    ada, grace, monitoring = cast
    data = {"service": monitoring.service.pk, "kind": "generic"}
    made = at_the_desk(ada).post("/integrations/new/", data)
    assert shown_key(text_of(at_the_desk(grace).get(made["Location"]))) == ""


def test_one_without_a_name_is_called_by_its_kind(world: World, cast: tuple[Person, Person, Monitoring]) -> None:
    at_the_desk(cast[0]).post("/integrations/new/", {"service": cast[2].service.pk, "kind": "alertmanager"})
    assert Integration.objects.filter(name="Prometheus Alertmanager").exists()


@pytest.mark.parametrize(
    "wrong", [{"service": "4711"}, {"kind": "smoke"}, {"kind": ""}], ids=["service", "kind", "no kind"]
)
def test_wrong_input_makes_nothing(
    world: World, cast: tuple[Person, Person, Monitoring], wrong: dict[str, str]
) -> None:
    data = {"service": cast[2].service.pk, "kind": "generic", "name": "Pumps"} | wrong
    response = at_the_desk(cast[0]).post("/integrations/new/", data)
    assert response.status_code == 200
    assert "errorlist" in text_of(response)
    assert Integration.objects.count() == 1


@pytest.mark.parametrize("kind", ["pagerduty", "alertmanager", "generic"])
def test_a_test_alert_goes_the_whole_way(world: World, cast: tuple[Person, Person, Monitoring], kind: str) -> None:
    ada, _, monitoring = cast
    Integration.objects.update(kind=kind)
    client = at_the_desk(ada)
    response = client.post(f"/integrations/{monitoring.source.integration.pk}/test/", follow=True)
    event = Event.objects.get()
    assert response.redirect_chain == [(f"/events/{event.receipt}/", 302)]
    assert "It is on disk and waits for its turn." in text_of(response)
    world.forward(seconds=5)
    page = text_of(client.get(f"/events/{event.receipt}/"))
    assert "Opened a new alert and a new alert group, which is paged." in page
    events = text_of(client.get(f"/integrations/{monitoring.source.integration.pk}/", headers=HX))
    assert "<html" not in events
    assert str(event.receipt) in events


def test_a_new_key_replaces_the_old_one(world: World, cast: tuple[Person, Person, Monitoring]) -> None:
    integration = cast[2].source.integration
    response = at_the_desk(cast[0]).post(f"/integrations/{integration.pk}/rotate/", follow=True)
    key = shown_key(text_of(response))
    old = integration.key_hash
    integration.refresh_from_db()
    assert integration.key_hash == fingerprint(key) != old


def test_one_is_switched_off_and_sends_no_test_alert(world: World, cast: tuple[Person, Person, Monitoring]) -> None:
    client, url = at_the_desk(cast[0]), cast[2].source.integration.get_absolute_url()
    response = client.post(f"{url}edit/", {"name": "Old monitoring"}, follow=True)
    assert "Switched off." in text_of(response)
    assert "is switched off" in text_of(client.post(f"{url}test/", follow=True))
    assert not Event.objects.exists()


def test_a_deleted_one_is_gone_and_what_it_said_stays(world: World, cast: tuple[Person, Person, Monitoring]) -> None:
    ada, _, monitoring = cast
    monitoring.fires("disk is full")
    client, url = at_the_desk(ada), monitoring.source.integration.get_absolute_url()
    assert "was deleted" in text_of(client.post(f"{url}delete/", follow=True))
    assert client.get(url).status_code == 404
    assert client.post(f"{url}delete/").status_code == 404
    assert "disk is full" in text_of(client.get(world.group().get_absolute_url()))


class TestAMapping:
    def test_is_tried_on_a_pasted_message_and_nothing_is_kept(
        self, cast: object, generic: Integration, world: World
    ) -> None:
        client = at_the_desk(world.owner("Orla"))
        page = text_of(
            client.post(f"/integrations/{generic.pk}/mapping/", {"mapping": MAPPING, "sample": SAMPLE, "try": "1"})
        )
        tried = page[page.index('id="tried"') :]
        assert "pump stands still" in tried
        assert "Critical" in tried
        generic.refresh_from_db()
        assert generic.mapping == {}
        assert not Event.objects.exists()

    def test_is_saved_when_it_reads_the_message(self, cast: object, generic: Integration, world: World) -> None:
        client = at_the_desk(world.owner("Orla"))
        data = {"mapping": MAPPING, "sample": SAMPLE, "save": "1"}
        response = client.post(f"/integrations/{generic.pk}/mapping/", data, follow=True)
        assert "The mapping was saved." in text_of(response)
        generic.refresh_from_db()
        assert generic.mapping["summary"] == "text"

    @pytest.mark.parametrize(
        ("mapping", "sample", "said"),
        [
            ("{nonsense", SAMPLE, "This is not JSON"),
            ("[1, 2]", SAMPLE, "must be a JSON object"),
            ('{"summary": "]["}', SAMPLE, "does not work"),
            ('{"colour": "text"}', SAMPLE, "which is no field"),
            (MAPPING, "{}", "needs `dedup_key`"),
            (MAPPING, "not json", "The JSON cannot be read"),
            (MAPPING, "[]", "has no alerts in it"),
        ],
        ids=["mapping no JSON", "no object", "bad expression", "no field", "no summary", "sample no JSON", "no alerts"],
    )
    def test_that_does_not_work_is_said_in_words_and_not_saved(
        self, cast: object, generic: Integration, world: World, mapping: str, sample: str, said: str
    ) -> None:
        client = at_the_desk(world.owner("Orla"))
        data = {"mapping": mapping, "sample": sample, "save": "1"}
        response = client.post(f"/integrations/{generic.pk}/mapping/", data)
        assert response.status_code == 200
        assert said in text_of(response)
        generic.refresh_from_db()
        assert generic.mapping == {}


class TestAMappingOnAStoredMessage:
    @pytest.fixture
    def stored(self, generic: Integration, world: World) -> Event:
        """A message that came in and could not be read without a mapping."""
        event = Source(generic).sends(b'{"pump": {"txt": "stands still"}}', at=world.now)
        world.settle()
        return event

    def test_is_chosen_from_the_last_ones_and_what_was_typed_stays(
        self, stored: Event, generic: Integration, world: World
    ) -> None:
        client, url = at_the_desk(world.owner("Orla")), f"/integrations/{generic.pk}/mapping/"
        page = text_of(client.get(url))
        assert re.search(rf'<option value="{stored.receipt}">[-0-9: ]+, in quarantine</option>', page)
        assert len(re.findall("<option", page)) == 2  # that it cannot be read was not said by the tool
        data = {"mapping": '{"summary": "pump.txt"}', "sample": "{}", "stored": str(stored.receipt)}
        page = text_of(client.post(url, {**data, "take": "1"}))
        assert "stands still" in page
        assert "pump.txt" in page
        assert "This one is in quarantine." in page
        assert 'id="tried"' not in page
        assert "pump.txt" in text_of(client.post(url, {**data, "stored": "", "take": "1"}))
        said = text_of(client.post(url, {**data, "sample": bytes(stored.body).decode(), "try": "1"}))
        assert "stands still" in said[said.index('id="tried"') :]
        response = client.post(url, {**data, "sample": bytes(stored.body).decode(), "save": "1"}, follow=True)
        assert "The mapping was saved." in text_of(response)

    def test_is_opened_from_its_own_page(self, stored: Event, generic: Integration, world: World) -> None:
        client, url = at_the_desk(world.owner("Orla")), f"/integrations/{generic.pk}/mapping/"
        assert f"{url}?message={stored.receipt}" in text_of(client.get(f"/events/{stored.receipt}/"))
        assert "stands still" in text_of(client.get(f"{url}?message={stored.receipt}"))
        assert f"{url}?message=" not in text_of(at_the_desk(observer(world)).get(f"/events/{stored.receipt}/"))

    def test_is_one_of_this_integration_and_for_who_may_configure(
        self, stored: Event, generic: Integration, world: World, cast: tuple[Person, Person, Monitoring]
    ) -> None:
        client, url = at_the_desk(world.owner("Orla")), f"/integrations/{generic.pk}/mapping/"
        other = cast[2].source.triggers("disk", at=world.now)
        for receipt in (other.receipt, "nonsense", "00000000-0000-0000-0000-000000000000"):
            assert client.get(f"{url}?message={receipt}").status_code == 404
        looks = at_the_desk(observer(world))
        assert looks.get(f"{url}?message={stored.receipt}").status_code == 403
        for ask in (lambda: queries.samples(NOBODY, generic), lambda: queries.sample(NOBODY, generic, "x")):
            with pytest.raises(Denied):
                ask()

    def test_that_is_too_long_is_not_cut(self, generic: Integration, world: World) -> None:
        long = Source(generic).sends(b'{"summary": "' + b"x" * 200_000 + b'"}', at=world.now)
        client = at_the_desk(world.owner("Orla"))
        page = text_of(client.get(f"/integrations/{generic.pk}/mapping/?message={long.receipt}"))
        assert "too long to be tried here" in page
        assert "x" * 1000 not in page


def test_who_only_looks_changes_nothing(world: World, cast: tuple[Person, Person, Monitoring]) -> None:
    client, url = at_the_desk(observer(world)), cast[2].source.integration.get_absolute_url()
    page = text_of(client.get(url))
    assert "Monitoring" in page
    assert "Send a test alert</button>" not in page
    for path in ("edit/", "mapping/"):
        assert client.get(url + path).status_code == 403
    for path in ("edit/", "mapping/", "rotate/", "delete/", "test/"):
        assert client.post(url + path, {"name": "x"}).status_code == 403
    assert client.get("/integrations/new/").status_code == 403
    assert Integration.objects.get().name == "Monitoring"
    assert not Event.objects.exists()


def test_a_signing_secret_is_kept_sealed_never_shown_and_can_be_taken_away(
    generic: Integration, cast: tuple[Person, Person, Monitoring]
) -> None:
    client, url = at_the_desk(cast[0]), f"/integrations/{generic.pk}/edit/"
    assert 'name="secret"' not in text_of(client.get(url))  # this kind does not sign
    Integration.objects.filter(pk=generic.pk).update(kind="sentry")
    for sent, kept in (
        ({"secret": "hush-hush"}, "hush-hush"),
        ({"secret": ""}, "hush-hush"),  # nothing was typed
        ({"secret": "", "forget_secret": "on"}, ""),
    ):
        client.post(url, {"name": "Sentry", "is_enabled": "on", **sent})
        generic.refresh_from_db()
        assert generic.secret == kept
        assert "hush-hush" not in text_of(client.get(url)) + text_of(client.get(f"/integrations/{generic.pk}/"))
