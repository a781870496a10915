"""GitHub: what each event says of a change, and what says nothing."""

import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import NOON
from tocsin.core.signals import Change, Link
from tocsin.sources import github
from tocsin.sources.contract import Unreadable

SHA = "6dcb09b5b57875f334f61aebed695e2e4193db5e"
REPOSITORY = {
    "full_name": "example/shop",
    "html_url": "https://github.com/example/shop",
    "default_branch": "main",
    "pushed_at": 1772625300,
}
SAMPLE = json.loads(github.SAMPLE)
RUN = {
    "id": 8001,
    "name": "Deploy",
    "head_branch": "main",
    "head_sha": SHA,
    "event": "push",
    "status": "completed",
    "conclusion": "failure",
    "html_url": "https://github.com/example/shop/actions/runs/8001",
    "updated_at": "2026-03-04T11:50:00Z",
    "actor": {"login": "ada"},
}
PUSH = {
    "ref": "refs/heads/main",
    "before": "1" * 40,
    "after": SHA,
    "deleted": False,
    "forced": True,
    "compare": "https://github.com/example/shop/compare/1...6",
    "commits": [{}, {}],
    "head_commit": {"message": "Cheaper shipping\n\nTo islands.", "url": "https://github.com/example/shop/commit/6"},
    "pusher": {"name": "ada"},
}
RELEASE = {
    "id": 33,
    "tag_name": "v812",
    "name": "Summer",
    "html_url": "https://github.com/example/shop/releases/v812",
    "published_at": "2026-03-04T11:00:00Z",
    "author": {"login": "grace"},
}


def parse(event: str, **said: Any) -> list[Change]:
    headers = {"x-github-event": event, "x-github-delivery": "d-1"}
    body = {"repository": REPOSITORY, "sender": {"login": "ada"}, **said, "tocsin_headers": headers}
    return github.parse(json.dumps(body).encode(), {}, NOON)


def one(event: str, **said: Any) -> Change:
    (change,) = parse(event, **said)
    return change


def test_a_deployment_and_its_statuses_are_one_change() -> None:
    begun = one("deployment", action="created", deployment=SAMPLE["deployment"])
    (ended,) = github.parse(github.SAMPLE, {}, NOON)
    assert begun.key == ended.key == "deployment-905511"
    assert (begun.status, ended.status) == ("pending", "success")
    assert begun.at == NOON - timedelta(minutes=8)
    assert ended.at == NOON - timedelta(minutes=4)


def test_a_deployment_brings_what_a_responder_needs() -> None:
    (change,) = github.parse(github.SAMPLE, {}, NOON)
    assert change.summary == "Deploy v812 of example/shop to production"
    assert (change.environment, change.version, change.author) == ("production", "6dcb09b5b578", "ada")
    assert change.rollback == "`make deploy VERSION=v811`"
    assert change.details["said"] == "Rolled out to 6 pods"
    assert change.links[0] == Link(href="https://github.com/example/shop/actions/runs/8001/job/9001", text="Log")
    assert change.links[-1].href == f"https://github.com/example/shop/commit/{SHA}"
    assert change.delivery == "0b989ba4-242f-11e5-81e1-c7b6966d2516"


@pytest.mark.parametrize("state", ["error", "failure", "pending", "in_progress", "queued", "success"])
def test_the_state_is_kept_in_githubs_word(state: str) -> None:
    status = {**SAMPLE["deployment_status"], "state": state}
    assert one("deployment_status", deployment=SAMPLE["deployment"], deployment_status=status).status == state


def test_a_deployment_that_a_later_one_replaced_is_no_news() -> None:
    status = {**SAMPLE["deployment_status"], "state": "inactive"}
    assert parse("deployment_status", deployment=SAMPLE["deployment"], deployment_status=status) == []


def test_an_environment_of_users_is_called_production() -> None:
    deployment = {**SAMPLE["deployment"], "environment": "eu-2"}
    assert one("deployment", deployment=deployment).environment == "production/eu-2"


def test_a_release_is_a_change_when_it_is_published() -> None:
    change = one("release", action="published", release=RELEASE)
    assert (change.summary, change.key) == ("Release Summer of example/shop", "release-33")
    assert (change.version, change.status, change.author) == ("v812", "released", "grace")
    assert [parse("release", action=a, release=RELEASE) for a in ("created", "edited", "deleted")] == [[], [], []]


def test_a_workflow_run_counts_when_it_ended_on_the_default_branch() -> None:
    change = one("workflow_run", action="completed", workflow_run=RUN)
    assert (change.summary, change.status) == ("Workflow Deploy on main of example/shop", "failure")
    assert change.key == "workflow-run-8001"


@pytest.mark.parametrize(
    "other", [{"conclusion": None}, {"conclusion": "skipped"}, {"head_branch": "try"}, {"event": "pull_request"}]
)
def test_other_workflow_runs_are_nothing_for_us(other: dict[str, Any]) -> None:
    assert parse("workflow_run", workflow_run={**RUN, **other}) == []


def test_a_push_to_the_default_branch_is_a_change() -> None:
    change = one("push", **PUSH)
    assert change.summary == "Push to main of example/shop: Cheaper shipping"
    assert (change.key, change.version) == (f"push-{SHA}", "6dcb09b5b578")
    assert change.details == {"commits": 2, "forced": True, "before": "1" * 40}
    assert change.at == NOON - timedelta(minutes=5)


@pytest.mark.parametrize("other", [{"ref": "refs/heads/try"}, {"ref": "refs/tags/main"}, {"deleted": True}])
def test_other_pushes_are_nothing_for_us(other: dict[str, Any]) -> None:
    assert parse("push", **{**PUSH, **other}) == []


@pytest.mark.parametrize("event", ["ping", "issues", "star", "deployment_review", "deployment_protection_rule"])
def test_everything_else_is_nothing_for_us(event: str) -> None:
    """Some of these carry a deployment too."""
    assert parse(event, deployment=SAMPLE["deployment"], workflow_run=RUN) == []


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"payload=%7B%7D", "application/json"),
        (b"[]", "not a webhook of GitHub"),
        (b'{"zen": "Speak."}', "X-GitHub-Event"),
        (b'{"tocsin_headers": {"x-github-event": "deployment"}}', "which deployment"),
        (b'{"release": {}, "action": "published", "tocsin_headers": {"x-github-event": "release"}}', "which release"),
    ],
    ids=range(5),
)
def test_what_cannot_be_read_says_why(body: bytes, says: str) -> None:
    with pytest.raises(Unreadable, match=says):
        github.parse(body, {}, NOON)


def test_the_signature_is_of_the_body_and_sha256() -> None:
    good = "sha256=" + hmac.new(b"secret", b"{}", hashlib.sha256).hexdigest()
    weak = "sha1=" + hmac.new(b"secret", b"{}", hashlib.sha1).hexdigest()

    def signed(header: str, secret: str = "secret", body: bytes = b"{}") -> bool:
        return github.is_signed(secret, body, lambda name: header if name == "x-hub-signature-256" else "", NOON)

    assert signed(good)
    wrong = signed(weak), signed(good[7:]), signed(""), signed(good, body=b"{ }"), signed(good, secret="other")
    assert wrong == (False,) * 5
    empty = "sha256=" + hmac.new(b"", b"{}", hashlib.sha256).hexdigest()
    assert not signed(empty, secret="")
