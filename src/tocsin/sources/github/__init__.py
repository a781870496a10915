"""GitHub webhooks. https://docs.github.com/en/webhooks/webhook-events-and-payloads

`X-GitHub-Event` says what a message is and `X-GitHub-Delivery` names it; both are kept with the body. GitHub signs the
body alone: a copy under another name is still known, by the key of what it tells of.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from tocsin.core.signals import Change
from tocsin.sources import headers, loose, texts
from tocsin.sources.contract import Source, Unreadable
from tocsin.sources.github import events
from tocsin.sources.loose import Json
from tocsin.sources.signatures import is_hmac_sha256

SIGNATURE = "x-hub-signature-256"
EVENT, DELIVERY = "x-github-event", "x-github-delivery"


def read(body: bytes) -> Json:
    """`Unreadable` when it is no webhook of GitHub."""
    if body.startswith(b"payload="):
        raise Unreadable("GitHub sends a form. In the webhook's settings, choose application/json as content type.")
    return loose.read(body, "a webhook of GitHub")


def parse(body: bytes, mapping: Mapping[str, object], received_at: datetime) -> list[Change]:  # noqa: ARG001 - contract
    """Nothing for a ping, and for what changes nothing that runs."""
    sent = read(body)
    event = headers.kept(sent, EVENT)
    if not event:
        raise Unreadable("The message does not say what it is: it came without the header X-GitHub-Event.")
    found = events.change(event, sent, texts.cut(headers.kept(sent, DELIVERY), texts.LONGEST_DELIVERY))
    return [found] if found else []


def is_signed(secret: str, body: bytes, header: Callable[[str], str], received_at: datetime) -> bool:  # noqa: ARG001
    algorithm, _, given = header(SIGNATURE).partition("=")
    return algorithm.strip().lower() == "sha256" and is_hmac_sha256(secret, body, given)


SAMPLE = b"""{
  "deployment_status": {
    "id": 1148301,
    "state": "success",
    "description": "Rolled out to 6 pods",
    "environment": "production",
    "log_url": "https://github.com/example/shop/actions/runs/8001/job/9001",
    "environment_url": "https://shop.example.org",
    "created_at": "2026-03-04T11:56:00Z",
    "creator": {"login": "ada"}
  },
  "deployment": {
    "id": 905511,
    "ref": "v812",
    "sha": "6dcb09b5b57875f334f61aebed695e2e4193db5e",
    "task": "deploy",
    "environment": "production",
    "production_environment": true,
    "description": "Cheaper shipping to islands",
    "payload": {"rollback": "`make deploy VERSION=v811`"},
    "created_at": "2026-03-04T11:52:00Z",
    "creator": {"login": "ada"}
  },
  "repository": {"full_name": "example/shop", "html_url": "https://github.com/example/shop", "default_branch": "main"},
  "sender": {"login": "ada"},
  "tocsin_headers": {"x-github-event": "deployment_status", "x-github-delivery": "0b989ba4-242f-11e5-81e1-c7b6966d2516"}
}"""

SETUP = """\
In GitHub: the repository (or the organisation), Settings, Webhooks, Add webhook. As Payload URL:

  {url}

As content type choose `application/json`. As secret, make one up, and put the same into this integration under
“Change”: from then on, only what GitHub has signed is taken.

Under “Let me select individual events” tick Deployments, Deployment statuses and Releases; Pushes and Workflow runs
too, if what lands on the default branch goes out by itself.

To have an alert say how to go back, give the deployment a payload with the sentence, as in

{"rollback": "`make deploy VERSION=v811`"}
"""

SOURCE = Source(
    kind="github",
    label="GitHub",
    about="Deployments, releases, pushes and workflow runs, as changes; signed.",
    parse=parse,
    path="/in/github/{key}",
    sample=SAMPLE,
    setup=SETUP,
    check=read,
    is_signed=is_signed,
    keeps=(EVENT, DELIVERY),
    tells="change",
)
