"""GitLab webhooks. https://docs.gitlab.com/user/project/integrations/webhook_events/

A message says in `object_kind` what it is. GitLab does not sign: it sends a token that only it knows. A message that is
sent again keeps its `Idempotency-Key`, which is kept with the body.
"""

import hmac
from collections.abc import Callable, Mapping
from datetime import datetime

from tocsin.core.signals import Change
from tocsin.sources import headers, loose, texts
from tocsin.sources.contract import Source, Unreadable
from tocsin.sources.gitlab import events
from tocsin.sources.loose import Json

TOKEN = "x-gitlab-token"  # noqa: S105 - the name of a header
DELIVERY = "idempotency-key"


def read(body: bytes) -> Json:
    """`Unreadable` when it is no webhook of GitLab."""
    sent = loose.read(body, "a webhook of GitLab")
    if not loose.text(sent, "object_kind", "event_name"):
        raise Unreadable("This is not a webhook of GitLab: it has no `object_kind`.")
    return sent


def parse(body: bytes, mapping: Mapping[str, object], received_at: datetime) -> list[Change]:  # noqa: ARG001 - contract
    """Nothing for what changes nothing that runs."""
    sent = read(body)
    found = events.change(sent, texts.cut(headers.kept(sent, DELIVERY), texts.LONGEST_DELIVERY))
    return [found] if found else []


def is_signed(secret: str, body: bytes, header: Callable[[str], str], received_at: datetime) -> bool:  # noqa: ARG001
    """In constant time; never with an empty secret."""
    return bool(secret) and hmac.compare_digest(secret.encode(), header(TOKEN).encode("latin-1", "replace"))


SAMPLE = b"""{
  "object_kind": "deployment",
  "status": "success",
  "status_changed_at": "2026-03-04 12:56:00 +0100",
  "deployment_id": 4711,
  "deployable_id": 81200,
  "deployable_url": "https://gitlab.example.org/shop/checkout/-/jobs/81200",
  "environment": "production",
  "environment_tier": "production",
  "environment_slug": "production",
  "environment_external_url": "https://shop.example.org",
  "project": {
    "id": 30,
    "name": "checkout",
    "web_url": "https://gitlab.example.org/shop/checkout",
    "path_with_namespace": "shop/checkout",
    "default_branch": "main"
  },
  "short_sha": "6dcb09b5",
  "user": {"id": 7, "name": "Ada", "username": "ada"},
  "commit_url": "https://gitlab.example.org/shop/checkout/-/commit/6dcb09b5b57875f334f61aebed695e2e4193db5e",
  "commit_title": "Cheaper shipping to islands"
}"""

SETUP = """\
In GitLab: the project (or the group), Settings, Webhooks, Add new webhook. As URL:

  {url}

As secret token, make one up, and put the same into this integration under “Change”: from then on, only what comes with
it is taken.

Tick Deployment events and Releases events; Push, Tag push and Pipeline events too, if what lands on the default branch
goes out by itself, and Feature flag events.
"""

SOURCE = Source(
    kind="gitlab",
    label="GitLab",
    about="Deployments, releases, pushes, tags, pipelines and feature flags, as changes.",
    parse=parse,
    path="/in/gitlab/{key}",
    sample=SAMPLE,
    setup=SETUP,
    check=read,
    is_signed=is_signed,
    signs_body=False,
    keeps=(DELIVERY,),
    tells="change",
)
