"""GitLab: what each hook says of a change, and what says nothing."""

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import NOON
from tocsin.core.signals import Change
from tocsin.sources import gitlab
from tocsin.sources.contract import Unreadable

SHA = "6dcb09b5b57875f334f61aebed695e2e4193db5e"
PROJECT = {
    "path_with_namespace": "shop/checkout",
    "web_url": "https://gitlab.example.org/shop/checkout",
    "default_branch": "main",
}
SAMPLE = json.loads(gitlab.SAMPLE)
PIPELINE = {
    "id": 31,
    "ref": "main",
    "tag": False,
    "sha": SHA,
    "source": "push",
    "status": "failed",
    "finished_at": "2026-03-04 11:26:29 UTC",
    "url": "https://gitlab.example.org/shop/checkout/-/pipelines/31",
}
PUSH = {
    "ref": "refs/heads/main",
    "before": "1" * 40,
    "after": SHA,
    "user_name": "Ada",
    "total_commits_count": 2,
    "commits": [{"title": "First"}, {"title": "Cheaper shipping", "url": "https://gitlab.example.org/c/6"}],
}
RELEASE = {
    "id": 5,
    "tag": "v812",
    "name": "Summer",
    "action": "create",
    "released_at": "2026-03-04 11:00:00 UTC",
    "url": "https://gitlab.example.org/shop/checkout/-/releases/v812",
    "commit": {"author": {"name": "Grace"}},
}


def parse(kind: str, **said: Any) -> list[Change]:
    body = {"object_kind": kind, "project": PROJECT, "user": {"name": "Ada", "username": "ada"}, **said}
    return gitlab.parse(json.dumps(body).encode(), {}, NOON)


def one(kind: str, **said: Any) -> Change:
    (change,) = parse(kind, **said)
    return change


def test_a_deployment_brings_what_a_responder_needs() -> None:
    (change,) = gitlab.parse(gitlab.SAMPLE, {}, NOON)
    assert change.summary == "Deploy 6dcb09b5 of shop/checkout to production: Cheaper shipping to islands"
    assert (change.key, change.status, change.environment) == ("deployment-4711", "success", "production")
    assert (change.version, change.author, change.at) == ("6dcb09b5", "Ada", NOON - timedelta(minutes=4))
    assert [link.text for link in change.links] == ["Job", "What runs there", "Commit"]


@pytest.mark.parametrize("status", ["running", "success", "failed", "canceled"])
def test_the_states_of_a_deployment_are_one_change(status: str) -> None:
    (change,) = gitlab.parse(json.dumps({**SAMPLE, "status": status}).encode(), {}, NOON)
    assert (change.key, change.status) == ("deployment-4711", status)


def test_the_tier_says_what_an_invented_name_does_not() -> None:
    (change,) = gitlab.parse(json.dumps({**SAMPLE, "environment": "eu-2"}).encode(), {}, NOON)
    assert change.environment == "production/eu-2"


def test_a_release_is_a_change_until_it_is_deleted() -> None:
    change = one("release", **RELEASE)
    assert (change.summary, change.version, change.author) == ("Release Summer of shop/checkout", "v812", "Grace")
    assert one("release", **{**RELEASE, "action": "update"}).key == change.key
    assert parse("release", **{**RELEASE, "action": "delete"}) == []


def test_a_pipeline_counts_when_it_ended_on_the_default_branch() -> None:
    change = one("pipeline", object_attributes=PIPELINE, commit={"title": "Cheaper shipping"})
    assert change.summary == "Pipeline on main of shop/checkout: Cheaper shipping"
    assert (change.status, change.version) == ("failed", "6dcb09b5b578")


@pytest.mark.parametrize(
    "other", [{"status": "running"}, {"ref": "try"}, {"tag": True}, {"source": "merge_request_event"}]
)
def test_other_pipelines_are_nothing_for_us(other: dict[str, Any]) -> None:
    assert parse("pipeline", object_attributes={**PIPELINE, **other}) == []


def test_a_push_to_the_default_branch_and_a_tag_are_changes() -> None:
    change = one("push", **PUSH)
    assert (change.summary, change.author) == ("Push to main of shop/checkout: Cheaper shipping", "Ada")
    tag = one("tag_push", **{**PUSH, "ref": "refs/tags/v812"})
    assert (tag.summary, tag.version) == ("Tag v812 of shop/checkout", "v812")
    assert tag.links[0].href == "https://gitlab.example.org/shop/checkout/-/tags/v812"


@pytest.mark.parametrize(
    ("kind", "other"),
    [("push", {"ref": "refs/heads/try"}), ("push", {"after": "0" * 40}), ("tag_push", {"after": "0" * 40})],
)
def test_other_pushes_and_what_was_deleted_are_nothing_for_us(kind: str, other: dict[str, Any]) -> None:
    assert parse(kind, **{**PUSH, **other}) == []


def test_a_feature_flag_says_by_itself_how_to_go_back() -> None:
    change = one("feature_flag", object_attributes={"id": 6, "name": "islands", "active": True})
    assert change.summary == "Feature flag islands of shop/checkout switched on"
    assert change.rollback == "Switch the feature flag islands off again."


@pytest.mark.parametrize("kind", ["issue", "note", "merge_request", "build", "wiki_page", "emoji"])
def test_everything_else_is_nothing_for_us(kind: str) -> None:
    assert parse(kind) == []


def test_a_message_that_is_sent_again_keeps_its_name() -> None:
    assert one("push", **PUSH, tocsin_headers={"idempotency-key": "k-1"}).delivery == "k-1"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{}", "object_kind"),
        (b"[]", "not a webhook of GitLab"),
        (b'{"object_kind": "deployment"}', "which deployment"),
        (b'{"object_kind": "release"}', "which release"),
    ],
    ids=range(4),
)
def test_what_cannot_be_read_says_why(body: bytes, says: str) -> None:
    with pytest.raises(Unreadable, match=says):
        gitlab.parse(body, {}, NOON)


def test_the_token_must_be_the_secret_and_an_empty_one_opens_nothing() -> None:
    def trusted(secret: str, token: str) -> bool:
        return gitlab.is_signed(secret, b"", lambda name: token if name == "x-gitlab-token" else "", NOON)

    assert trusted("secret", "secret")
    assert (trusted("secret", "other"), trusted("secret", ""), trusted("", ""), trusted("secret", "ÿ")) == (False,) * 4
