"""GitLab webhooks. https://docs.gitlab.com/user/project/integrations/webhook_events/

A message says in `object_kind` what it is. With a signing token GitLab signs as Standard Webhooks do: name, time and
body. With a secret token it only sends that. A message that is sent again keeps its `Idempotency-Key`, which is kept
with the body.
"""

import hmac
from collections.abc import Mapping
from datetime import datetime

from tocsin.core.signals import Change
from tocsin.sources import headers, loose, texts
from tocsin.sources.contract import Header, Source, Unreadable
from tocsin.sources.gitlab import events
from tocsin.sources.loose import Json
from tocsin.sources.signatures import SEALED, is_recent, is_standard_webhook

TOKEN = "x-gitlab-token"  # noqa: S105 - the name of a header
DELIVERY = "idempotency-key"
SIGNATURE, NAME, TIME = "webhook-signature", "webhook-id", "webhook-timestamp"


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


def is_signed(secret: str, body: bytes, header: Header, received_at: datetime) -> bool:
    """In constant time; never with an empty secret. A secret that signs is never enough as a token."""
    if header(SIGNATURE) or secret.startswith(SEALED):
        name, time = header(NAME), header(TIME).strip()
        is_right = is_standard_webhook(secret, name, time, body, header(SIGNATURE))
        return is_right and is_recent(time, received_at)
    return bool(secret) and hmac.compare_digest(secret.encode(), header(TOKEN).encode("latin-1", "replace"))


def alike(body: bytes, header: Header) -> tuple[str, ...]:
    """Older releases that only send a token do not name their messages."""
    if header(SIGNATURE):
        return header(NAME), header(TIME).strip(), body.decode("latin-1")
    return (header(DELIVERY),) if header(DELIVERY) else ()


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

Generate a signing token, and put it into this integration under “Change”: from then on, only what is signed with it is
taken. Where your GitLab has none yet, make up a secret token, and put the same here.

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
    alike=alike,
    keeps=(DELIVERY,),
    tells="change",
)
