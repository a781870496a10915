"""Whatever is sent to whatever address: an answer that is no server's mistake, within bounds, and nothing odd kept."""

import asyncio
import gzip
import json
import zlib
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.apps.hearing import make_integration, make_service
from tests.conftest import NOON
from tests.ingest.addresses import ADDRESSES, AMAZON, JSON, KEY, SAYING, Memory, all_desks
from tests.ingest.calling import Call, Reply, call
from tests.sources.test_fuzz import ANY
from tocsin.config.fast_lane import read_head
from tocsin.ingest.app import Ingest
from tocsin.ingest.certificates import Certificates
from tocsin.ingest.contract import LARGEST, LARGEST_KNOWN, Row
from tocsin.sealing import fingerprint
from tocsin.sources.contract import Unreadable
from tocsin.sources.registry import SOURCES

FEW = settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
TYPES = st.sampled_from([[], [JSON], [(b"content-type", b"text/plain")], [(b"content-type", b"\xff\x00")]])
HUGE = ["1e999", "-1e999", "9" * 400, "0." + "1" * 400, "NaN", "-Infinity", "1" + "0" * 5000]


def send(where: str, body: object, headers: Any = (), **more: Any) -> tuple[Reply, list[Row]]:
    address = ADDRESSES[where]
    store = Memory(address.kind)

    async def heard() -> Reply:
        ingest = Ingest(store, now=lambda: NOON, certificates=Certificates(AMAZON.fetch))
        await ingest.open()
        try:
            with_key = address.headers_with(list(headers))
            asked = call(ingest, address.path, body, method=address.method, headers=with_key, **more)
            return await asyncio.wait_for(asked, 10)
        finally:
            await ingest.close()

    return asyncio.run(heard()), store.rows


def judge(where: str, body: object, **more: Any) -> Reply:
    """Taken and kept, or refused in words; what is kept can be read later, or said to be unreadable."""
    reply, rows = send(where, body, **more)
    assert 200 <= reply.status < 500, (reply.status, reply.body)
    assert len(rows) <= 1
    assert rows or reply.status >= 400
    if reply.status >= 400:
        assert reply.body
    for row in rows:
        assert len(row.body) <= LARGEST_KNOWN + 1000
        try:
            SOURCES[row.kind].parse(row.body, {}, NOON)
        except Unreadable:
            continue
    return reply


def good(where: str) -> bytes:
    return ADDRESSES[where].good


def keyed(where: str, value: object) -> bytes:
    """With a key that is known, where the format carries it in its body."""
    if ADDRESSES[where].kind == "pagerduty" and isinstance(value, dict):
        value = {**value, "routing_key": KEY}
    return json.dumps(value).encode()


def test_no_desk_is_forgotten_here() -> None:
    tried = [address.desk for address in ADDRESSES.values()]
    assert [desk for desk in all_desks() if not any(desk is one for one in tried)] == []


@pytest.mark.parametrize("where", ADDRESSES)
def test_a_good_message_is_taken_so_that_what_follows_gets_that_far(where: str) -> None:
    assert judge(where, good(where), headers=[JSON]).status < 300


@pytest.mark.parametrize("where", ADDRESSES)
@FEW
@given(body=st.binary(max_size=80), headers=TYPES)
def test_any_bytes(where: str, body: bytes, headers: Any) -> None:
    judge(where, body, headers=headers)


@pytest.mark.parametrize("where", ADDRESSES)
@FEW
@given(value=ANY)
def test_any_json(where: str, value: object) -> None:
    judge(where, keyed(where, value), headers=[JSON])


@pytest.mark.parametrize("where", SAYING)
@FEW
@given(data=st.data())
def test_messages_that_are_nearly_right(where: str, data: st.DataObject) -> None:
    message = json.loads(good(where))
    holder, name = data.draw(st.sampled_from(list(_places(message)) or [({}, "x")]))
    holder[name] = data.draw(ANY)
    body = keyed(where, message)
    at = data.draw(st.integers(0, len(body)))
    broken = data.draw(st.sampled_from([b"", b"\xff", b"\xed\xa0\x80", b"\x00", b"\\ud800", b"}", b'"']))
    judge(where, body[:at] + broken + body[at:], headers=[JSON])
    judge(where, body, headers=[JSON])


@pytest.mark.parametrize("signature", ["\x80", "=", "a"])
def test_a_signature_that_is_none(signature: str) -> None:
    assert judge("/in/sns", json.loads(good("/in/sns")) | {"Signature": signature}).status == 403


@pytest.mark.parametrize("where", SAYING)
@pytest.mark.parametrize("number", HUGE, ids=lambda n: n[:8])
def test_numbers_beyond_all_bounds(where: str, number: str) -> None:
    message = json.loads(good(where))
    for holder, name in list(_places(message)):
        kept, holder[name] = holder[name], "@number@"
        judge(where, keyed(where, message).replace(b'"@number@"', number.encode()), headers=[JSON])
        holder[name] = kept


@pytest.mark.parametrize("where", ADDRESSES)
@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'{"payload":{"custom_details":', b'[{"labels":'])
def test_depth_without_end(where: str, opening: bytes) -> None:
    closing = b"]" if opening == b"[" else b"}" * opening.count(b"{") + b"]" * opening.count(b"[")
    deep = LARGEST // len(opening + closing) - 1
    for body in (opening * deep, opening * deep + b"1" + closing * deep):
        reply = judge(where, body, headers=[JSON])
        assert (reply.status in {400, 422}) != ADDRESSES[where].takes_anything
    judge(where, opening * 200 + b"1" + closing * 200, headers=[JSON])


@pytest.mark.parametrize("where", ADDRESSES)
@pytest.mark.parametrize("length", [b"0", b"1", b"99", b"-1", b"x", b"", b"1e3", b"9" * 30, b"9" * 5000, b"\xb2"])
def test_a_length_that_is_not_true(where: str, length: bytes) -> None:
    judge(where, good(where) or b"x", headers=[JSON, (b"content-length", length)])


@pytest.mark.parametrize("where", ADDRESSES)
def test_a_body_without_end_is_not_read_to_its_end(where: str) -> None:
    address = ADDRESSES[where]
    most = address.desk.most
    piece = b"[" * 65_536
    asked = Call(path=address.path, body=[b""], method=address.method, headers=list(address.headers))
    pulled = 0

    async def receive() -> dict[str, object]:
        nonlocal pulled
        pulled += 1
        return {"type": "http.request", "body": piece, "more_body": True}

    answered: list[dict[str, Any]] = []

    async def reply(message: dict[str, Any]) -> None:
        answered.append(message)

    ingest = Ingest(Memory(address.kind), now=lambda: NOON)
    asyncio.run(ingest(asked.scope(), receive, reply))  # type: ignore[arg-type]
    assert answered[0]["status"] == 413
    assert pulled <= most // len(piece) + 1


@pytest.mark.parametrize("where", SAYING)
@pytest.mark.parametrize("coding", [b"gzip", b"deflate", b"br", b"GZIP", b"gzip, gzip", b"nonsense"])
def test_what_is_packed_is_refused_unopened(where: str, coding: bytes) -> None:
    """A kilobyte may hold a gigabyte. No tool that is known packs what it sends."""
    bomb = gzip.compress(b"[" * 10_000_000) if b"gz" in coding.lower() else zlib.compress(good(where))
    reply = judge(where, bomb, headers=[JSON, (b"content-encoding", coding)])
    assert reply.status == 415
    assert reply.headers["accept-encoding"] == "identity"
    assert b"Nothing was stored" in reply.body


def test_the_short_way_leaves_what_is_packed_to_the_ordinary_one() -> None:
    lines = b"POST /in/generic/" + KEY.encode() + b" HTTP/1.1\r\ncontent-length: 2"
    assert read_head(lines) is not None
    assert read_head(lines + b"\r\ncontent-encoding: gzip") is None


def test_what_says_that_it_is_not_packed_is_taken_and_so_is_a_packed_ping() -> None:
    body = json.dumps({"summary": "disk full"}).encode()
    assert judge("/in/generic", body, headers=[JSON, (b"content-encoding", b"identity")]).status == 202
    assert judge("/ping", gzip.compress(b"done"), headers=[(b"content-encoding", b"gzip")]).status == 200


@FEW
@given(
    path=st.text(max_size=30),
    kind=st.sampled_from(sorted(a.path for a in ADDRESSES.values())),
    method=st.sampled_from(["GET", "PUT", "X"]),
)
def test_any_path_and_any_method(path: str, kind: str, method: str) -> None:
    async def heard() -> list[Reply]:
        ingest = Ingest(Memory("generic"), now=lambda: NOON)
        tries = [(f"/{path}", "POST"), (f"{kind}/{path}", "POST"), (f"/ping/{path}", "GET"), (kind, method)]
        return [await call(ingest, where, b"{}", method=how) for where, how in tries]

    assert all(200 <= reply.status < 500 for reply in asyncio.run(heard()))


@FEW
@given(query=st.binary(max_size=60))
def test_any_query_of_a_ping(query: bytes) -> None:
    answered: list[dict[str, Any]] = []

    async def heard() -> None:
        ingest = Ingest(Memory("heartbeat"), now=lambda: NOON)
        scope = Call(path=f"/ping/{KEY}").scope() | {"query_string": b"rid=" + query}

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": b""}

        async def reply(message: dict[str, Any]) -> None:
            answered.append(message)

        await ingest(scope, receive, reply)  # type: ignore[arg-type]

    asyncio.run(heard())
    assert answered[0]["status"] in {200, 400}


# what is heard by pages: silences of Alertmanager's tools, and questions of Opsgenie's


@pytest.fixture
def _keyed(db: None) -> None:
    for kind in ("alertmanager", "opsgenie"):
        integration = make_integration(make_service(kind), kind)
        integration.key_hash = fingerprint(kind)
        integration.save()


@pytest.mark.usefixtures("_keyed")
@pytest.mark.parametrize("kind", ["alertmanager", "opsgenie"])
@FEW
@given(data=st.data())
def test_any_silence_and_any_question(kind: str, data: st.DataObject) -> None:
    tools = Client(raise_request_exception=False)
    if kind == "opsgenie":
        asked = {name: data.draw(st.text(max_size=40)) for name in ("query", "sort", "limit", "identifierType")}
        path = "/v2/alerts/" + quote(data.draw(st.text(st.characters(codec="utf-8"), max_size=30)))
        answers = [
            tools.get(where, asked, headers={"Authorization": f"GenieKey {kind}"}) for where in (path, "/v2/alerts")
        ]
    else:
        silence = json.loads(_SILENCE)
        holder, name = data.draw(st.sampled_from(list(_places(silence))))
        holder[name] = data.draw(ANY)
        path = f"/in/alertmanager/{kind}/api/v2/silences"
        bodies = (json.dumps(silence).encode(), data.draw(st.binary(max_size=60)), json.dumps(data.draw(ANY)))
        answers = [tools.post(path, body, content_type="application/json") for body in bodies]
        answers.append(tools.get(path, {"filter": data.draw(st.text(max_size=30))}))
    assert [answer.status_code for answer in answers if answer.status_code >= 500] == []


_SILENCE = b"""{"matchers": [{"name": "alertname", "value": "Disk", "isRegex": false}], "comment": "planned",
"startsAt": "2026-03-04T12:00:00Z", "endsAt": "2999-01-01T12:00:00Z", "createdBy": "ada", "id": ""}"""


def _places(value: Any) -> Any:
    found = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in list(found):
        yield value, name
        yield from _places(inner)
