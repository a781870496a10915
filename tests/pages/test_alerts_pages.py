"""The list of alert groups, the page of one, and the receipts of messages."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from tests.pages.desk import HX, at_the_desk, checkout, living, observer, queries_of, text_of
from tests.world import SETUP, Monitoring, Person, World
from tocsin.alerts.models import AlertGroup, Event
from tocsin.audit.models import Record
from tocsin.rules import silences

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return living()


@pytest.fixture
def cast(world: World) -> tuple[Person, Person, Monitoring]:
    return checkout(world, rollback="Run deploy rollback checkout", runbook_url="https://wiki.example.org/checkout")


def states(world: World) -> list[str]:
    return list(AlertGroup.objects.order_by("pk").values_list("state", flat=True))


class TestTheList:
    def test_says_what_it_is_for_before_anything_came_in(self, world: World) -> None:
        page = text_of(at_the_desk(world.owner()).get("/alerts/"))
        assert "No alert has ever come in" in page
        assert 'href="/integrations/"' in page

    def test_shows_what_is_open_and_who_has_it(self, world: World, cast: tuple[Person, Person, Monitoring]) -> None:
        ada, _, monitoring = cast
        monitoring.fires("disk is full")
        monitoring.fires("checkout is down")
        ada.acknowledges()
        page = text_of(at_the_desk(ada).get("/alerts/"))
        assert "disk is full" in page
        assert "checkout is down" in page
        assert "Ada has it" in page
        assert re.search(r"Open\s*<span class=\"count\">2", page)

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("state=resolved", []),
            ("state=triggered", ["disk is full", "certificate ends soon"]),
            ("severity=warning", ["certificate ends soon"]),
            ("text=DISK", ["disk is full"]),
            ("service=checkout", ["disk is full", "certificate ends soon"]),
            ("service=nonsense", []),
            (
                "state=nonsense&severity=nonsense&since=nonsense&page=nonsense",
                ["disk is full", "certificate ends soon"],
            ),
        ],
        ids=["resolved", "triggered", "severity", "text", "service", "unknown service", "not understood"],
    )
    def test_filters_are_in_the_url(
        self, world: World, cast: tuple[Person, Person, Monitoring], query: str, expected: list[str]
    ) -> None:
        ada, _, monitoring = cast
        monitoring.fires("disk is full")
        monitoring.fires("certificate ends soon", severity="warning")
        page = text_of(at_the_desk(ada).get(f"/alerts/?{query}"))
        shown = [title for title in ("disk is full", "certificate ends soon") if f">{title}</a>" in page]
        assert shown == expected

    def test_many_are_acknowledged_at_once(self, world: World, cast: tuple[Person, Person, Monitoring]) -> None:
        ada, _, monitoring = cast
        monitoring.fires("one")
        monitoring.fires("two")
        monitoring.fires("three")
        first, second, _ = AlertGroup.objects.order_by("pk")
        data = {"verb": "acknowledge", "group": [first.pk, second.pk], "next": "/alerts/?text=o"}
        response = at_the_desk(ada).post("/alerts/bulk/", data, follow=True)
        assert states(world) == ["acknowledged", "acknowledged", "triggered"]
        assert response.redirect_chain == [("/alerts/?text=o", 302)]
        assert "2 alerts were acknowledged." in text_of(response)

    def test_a_second_post_of_the_same_form_says_that_nothing_was_left_to_do(
        self, world: World, cast: tuple[Person, Person, Monitoring]
    ) -> None:
        ada, grace, monitoring = cast
        monitoring.fires("one")
        data = {"verb": "resolve", "group": [world.group().pk]}
        at_the_desk(grace).post("/alerts/bulk/", data)
        response = at_the_desk(ada).post("/alerts/bulk/", data, follow=True)
        assert states(world) == ["resolved"]
        assert "somebody was faster" in text_of(response)

    def test_nothing_selected_is_said_and_rubbish_is_left_out(self, world: World) -> None:
        client = at_the_desk(world.owner())
        for rubbish in ("", "abc", "-1", "9" * 40, "77"):
            response = client.post("/alerts/bulk/", {"verb": "resolve", "group": rubbish}, follow=True)
            assert "Nothing was selected" in text_of(response)

    def test_never_leads_to_another_site(self, world: World) -> None:
        response = at_the_desk(world.owner()).post("/alerts/bulk/", {"next": "https://evil.example.org/"})
        assert response["Location"] == "/alerts/"

    def test_the_live_part_refreshes_rows_in_place_and_counts_new_ones(
        self, world: World, cast: tuple[Person, Person, Monitoring]
    ) -> None:
        ada, _, monitoring = cast
        monitoring.fires("one")
        shown = world.group()
        monitoring.fires("two")
        ada.acknowledges(shown)
        response = at_the_desk(ada).get("/alerts/", {"shown": shown.pk, "last": shown.pk}, headers=HX)
        part = text_of(response)
        assert "<html" not in part
        assert f'id="badges-{shown.pk}" hx-swap-oob="true"' in part
        assert "Ada has it" in part
        assert "1 new" in part
        assert ">two<" not in part

    def test_who_only_looks_has_no_buttons_and_no_way_round(
        self, world: World, cast: tuple[Person, Person, Monitoring]
    ) -> None:
        cast[2].fires("one")
        client = at_the_desk(observer(world))
        page = text_of(client.get("/alerts/"))
        assert "one" in page
        assert 'name="group"' not in page
        assert "formaction" not in page
        response = client.post("/alerts/bulk/", {"verb": "resolve", "group": [world.group().pk]})
        assert response.status_code == 403
        assert states(world) == ["triggered"]


class TestOneGroup:
    def test_has_everything_on_one_page(self, world: World, cast: tuple[Person, Person, Monitoring]) -> None:
        ada, _, monitoring = cast
        monitoring.fires("checkout is down", region="eu-west-1")
        monitoring.fires("checkout is down", region="eu-west-1")
        page = text_of(at_the_desk(ada).get(world.group().get_absolute_url()))
        for words in (
            "checkout is down",
            "Triggered",
            "Critical",
            "2 messages",
            "Run deploy rollback checkout",
            "https://wiki.example.org/checkout",
            "eu-west-1",
            "Ada",  # was paged
            "Grace",  # is next
            "this is the first of its kind",
            "An alert with this key was open already. It was updated and counted.",
        ):
            assert words in page, words

    def test_says_how_earlier_ones_ended(self, world: World, cast: tuple[Person, Person, Monitoring]) -> None:
        ada, _, monitoring = cast
        monitoring.fires("checkout is down")
        client = at_the_desk(ada)
        url = world.group().get_absolute_url()
        client.post(f"{url}note/", {"text": "Restarted the pool, that helped."})
        client.post(f"{url}resolve/")
        monitoring.fires("checkout is down")
        page = text_of(client.get(world.group().get_absolute_url()))
        assert "Ada resolved it." in page
        assert "Restarted the pool, that helped." in page

    @pytest.mark.parametrize(
        ("verb", "state", "said"),
        [
            ("acknowledge", "acknowledged", "Acknowledged: nobody else is paged."),
            ("resolve", "resolved", "Resolved."),
            ("escalate", "triggered", "the next step is paged now"),
        ],
    )
    def test_buttons_do_what_they_say(
        self, world: World, cast: tuple[Person, Person, Monitoring], verb: str, state: str, said: str
    ) -> None:
        ada, _, monitoring = cast
        monitoring.fires("one")
        url = world.group().get_absolute_url()
        response = at_the_desk(ada).post(f"{url}{verb}/", follow=True)
        assert response.redirect_chain == [(url, 302)]
        assert said in text_of(response)
        assert states(world) == [state]

    def test_a_second_acknowledgement_changes_nothing_and_says_so(
        self, world: World, cast: tuple[Person, Person, Monitoring]
    ) -> None:
        ada, grace, monitoring = cast
        monitoring.fires("one")
        url = world.group().get_absolute_url()
        at_the_desk(ada).post(f"{url}acknowledge/")
        response = at_the_desk(grace).post(f"{url}acknowledge/", follow=True)
        assert "It was acknowledged already." in text_of(response)
        assert world.group().acknowledged_by == ada.user
        assert world.history().count("acknowledged") == 1

    def test_an_acknowledgement_can_be_taken_back(self, world: World, cast: tuple[Person, Person, Monitoring]) -> None:
        ada, _, monitoring = cast
        monitoring.fires("one")
        client, url = at_the_desk(ada), world.group().get_absolute_url()
        client.post(f"{url}acknowledge/")
        assert f'action="{url}unacknowledge/"' in text_of(client.get(url))
        response = client.post(f"{url}unacknowledge/", follow=True)
        assert "Paging begins again." in text_of(response)
        assert states(world) == ["triggered"]

    def test_a_get_changes_nothing(self, world: World, cast: tuple[Person, Person, Monitoring]) -> None:
        ada, _, monitoring = cast
        monitoring.fires("one")
        assert at_the_desk(ada).get(f"{world.group().get_absolute_url()}acknowledge/").status_code == 405
        assert states(world) == ["triggered"]

    def test_what_is_not_there_is_not_found(self, world: World, cast: tuple[Person, Person, Monitoring]) -> None:
        client = at_the_desk(cast[0])
        assert client.get("/alerts/4711/").status_code == 404
        assert client.post("/alerts/4711/acknowledge/").status_code == 404
        cast[2].fires("one")
        assert client.post(f"{world.group().get_absolute_url()}explode/").status_code == 404

    def test_an_empty_note_is_refused_beside_the_field(
        self, world: World, cast: tuple[Person, Person, Monitoring]
    ) -> None:
        cast[2].fires("one")
        response = at_the_desk(cast[0]).post(f"{world.group().get_absolute_url()}note/", {"text": "  "})
        assert response.status_code == 422
        assert "This field is required." in text_of(response)
        assert "note" not in world.history()

    def test_what_is_written_by_others_is_only_text(
        self, world: World, cast: tuple[Person, Person, Monitoring]
    ) -> None:
        ada, _, monitoring = cast
        evil = "<script>alert(1)</script>"
        monitoring.fires(evil, note=evil)
        client, url = at_the_desk(ada), world.group().get_absolute_url()
        client.post(f"{url}note/", {"text": evil})
        for page in (text_of(client.get(url)), text_of(client.get("/alerts/"))):
            assert evil not in page
            assert "&lt;script&gt;" in page

    def test_the_live_parts_come_alone(self, world: World, cast: tuple[Person, Person, Monitoring]) -> None:
        ada, _, monitoring = cast
        monitoring.fires("one")
        part = text_of(at_the_desk(ada).get(world.group().get_absolute_url(), headers=HX))
        assert "<html" not in part
        for name in ("actions", "now", "pages", "history", "alerts", "events"):
            assert re.search(rf'id="group-{name}"[^>]* hx-swap-oob="true"', part), name
        assert "<textarea" not in part  # what somebody types stays

    def test_who_only_looks_may_not_act(self, world: World, cast: tuple[Person, Person, Monitoring]) -> None:
        cast[2].fires("one")
        client, url = at_the_desk(observer(world)), world.group().get_absolute_url()
        page = text_of(client.get(url))
        assert "<textarea" not in page
        assert "do-acknowledge" not in page
        for verb in ("acknowledge", "resolve", "escalate", "unacknowledge", "note"):
            assert client.post(f"{url}{verb}/", {"text": "hello"}).status_code == 403
        assert states(world) == ["triggered"]

    def test_strangers_are_sent_to_the_door(self, world: World, cast: tuple[Person, Person, Monitoring]) -> None:
        cast[2].fires("one")
        for url in ("/alerts/", world.group().get_absolute_url(), "/events/quarantined/", "/deliveries/", "/services/"):
            response = Client().get(url)
            assert response.status_code == 302, url
            assert "login" in response["Location"]

    def test_needs_the_same_number_of_queries_however_much_there_is(
        self, world: World, cast: tuple[Person, Person, Monitoring]
    ) -> None:
        ada, _, monitoring = cast
        client = at_the_desk(ada)
        monitoring.fires("one")
        urls = ("/alerts/", world.group().get_absolute_url())
        few = [queries_of(client, url) for url in urls]
        for number in range(8):
            monitoring.fires("one")
            monitoring.fires(f"another {number}")
        assert [queries_of(client, url) for url in urls] == few


class TestMessages:
    def test_a_receipt_says_what_became_of_the_message(
        self, world: World, cast: tuple[Person, Person, Monitoring]
    ) -> None:
        ada, _, monitoring = cast
        monitoring.fires("one")
        event = Event.objects.get()
        page = text_of(at_the_desk(ada).get(f"/events/{event.receipt}/"))
        assert "Opened a new alert and a new alert group, which is paged." in page
        assert world.group().get_absolute_url() in page
        assert "event_action" in page  # as it came
        assert "0" * 32 not in page  # but for the key
        part = text_of(at_the_desk(ada).get(f"/events/{event.receipt}/", headers=HX))
        assert "<html" not in part
        assert "Opened a new alert" in part

    def test_a_receipt_says_why_it_is_in_its_group_and_who_was_paged(
        self, world: World, cast: tuple[Person, Person, Monitoring]
    ) -> None:
        ada, _, monitoring = cast
        monitoring.service.group_minutes = 10
        monitoring.service.save()
        monitoring.fires("one")
        monitoring.fires("two")
        monitoring.fires("two")
        client = at_the_desk(ada)
        opened, joined, repeated = (
            text_of(client.get(f"/events/{event.receipt}/", headers=HX)) for event in Event.objects.order_by("id")
        )
        assert "It is a new group because the service had no open group." in opened
        assert "It joined the open group because it came within the service&#x27;s window." in joined
        for page in (opened, joined):
            assert "Critical alerts have high urgency." in page
            assert "Paged step 1 of Policy 1: Ada (e-mail)." in page
        assert "Paged step 1" not in repeated
        assert "new group" not in repeated
        silences.create_silence(
            SETUP, 'service="checkout"', world.now, world.now + timedelta(hours=1), "Known.", world.now
        )
        world.forward(minutes=11)
        monitoring.fires("three")
        held = text_of(client.get(f"/events/{Event.objects.latest('id').receipt}/", headers=HX))
        assert "It is a new group because the open group had been quiet" in held
        assert "Nobody has been paged for it." in held

    def test_what_cannot_be_read_waits_and_is_tried_again(
        self, world: World, cast: tuple[Person, Person, Monitoring]
    ) -> None:
        ada, _, monitoring = cast
        client = at_the_desk(ada)
        assert "Nothing is in quarantine" in text_of(client.get("/events/quarantined/"))
        event = monitoring.source.sends(b"\xff not json", at=world.now)
        world.settle()
        event.refresh_from_db()
        page = text_of(client.get("/events/quarantined/"))
        assert f"/events/{event.receipt}/retry/" in page
        assert "It could not be read" in text_of(client.get(f"/events/{event.receipt}/"))
        response = client.post(f"/events/{event.receipt}/retry/", follow=True)
        assert "It is being read again." in text_of(response)
        event.refresh_from_db()
        assert event.state == "new"
        assert "not in quarantine any more" in text_of(client.post(f"/events/{event.receipt}/retry/", follow=True))

    def test_who_only_looks_cannot_try_again(self, world: World, cast: tuple[Person, Person, Monitoring]) -> None:
        event = cast[2].source.sends(b"{", at=world.now)
        world.settle()
        url = f"/events/{event.receipt}/"
        client = at_the_desk(observer(world))
        page = text_of(client.get(url))
        assert "Try it again" not in page
        assert "Discard it" not in page
        assert client.post(f"{url}retry/").status_code == 403
        assert client.post(f"{url}discard/").status_code == 403
        event.refresh_from_db()
        assert event.state == "quarantined"

    def test_what_nobody_needs_is_discarded_and_its_receipt_says_by_whom(
        self, world: World, cast: tuple[Person, Person, Monitoring]
    ) -> None:
        ada, _, monitoring = cast
        event = monitoring.source.sends(b"{", at=world.now)
        world.settle()
        client, url = at_the_desk(ada), f"/events/{event.receipt}/"
        assert client.get(f"{url}discard/").status_code == 405
        page = text_of(client.post(f"{url}discard/", follow=True))
        assert "It is discarded: nothing comes of it." in page
        assert "It could not be read and was discarded. Nothing came of it. By Ada." in page
        assert "not in quarantine any more" in text_of(client.post(f"{url}discard/", follow=True))
        assert Record.objects.filter(verb="discarded", object_name=str(event)).exists()

    def test_an_unknown_receipt_is_not_found(self, world: World) -> None:
        client = at_the_desk(world.owner())
        assert client.get("/events/00000000-0000-0000-0000-000000000000/").status_code == 404
        assert client.get("/events/nonsense/").status_code == 404
