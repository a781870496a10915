"""Whether a message comes from the tool that its integration listens to, and is not a copy of one that came before.

A message that was signed gets its receipt from what was signed: a copy has the same, and receipts of this kind are
taken once. So a copy is known on every node, longer than the event is kept, and what is not signed pays nothing for it.
"""

from collections.abc import Mapping
from datetime import datetime

from tocsin.ingest.certificates import Certificates
from tocsin.ingest.contract import Key, Store, Unavailable
from tocsin.ingest.desk import Draft, Rejected, receipt_header
from tocsin.ingest.http import Answer, Scope, header, json, problem
from tocsin.ingest.keys import Keys
from tocsin.sealing import Unsealable, unseal
from tocsin.sources import sns
from tocsin.sources.contract import Source
from tocsin.sources.copies import receipt_of
from tocsin.sources.registry import SOURCES
from tocsin.sources.sns import signing, verifying

UNSIGNED = problem(
    401,
    "Wrong signature",
    "This integration takes only what is signed with its secret. Nothing was stored. Compare the secret in the tool "
    "with the one of the integration, and the clocks of both machines. Grafana has to name a timestamp header.",
)
COPY = problem(
    409,
    "Taken before",
    "This very message, with this signature, was taken before. It was not stored again, and nothing was done.",
)


class Gate:
    def __init__(self, store: Store, keys: Keys, certificates: Certificates) -> None:
        self._store, self._keys, self._certificates = store, keys, certificates

    async def admit(self, key: Key, draft: Draft, scope: Scope, body: bytes, now: datetime) -> str:
        """The receipt of a message that was signed; empty for another that is welcome. `Rejected`, `Unavailable`."""
        source = SOURCES[key.kind]
        if source is sns.SOURCE:
            return await self._admit_sns(key, draft, now)
        if not key.secret or source.is_signed is None:
            return ""
        if not _is_signed(source, key, scope, body, now):
            raise Rejected(UNSIGNED)
        alike = source.alike(body, lambda name: _header(scope, name))
        if not alike:
            return ""
        receipt = receipt_of(draft.key, *alike)
        if await self._store.has(receipt):
            raise Rejected(COPY)
        return receipt

    async def _admit_sns(self, key: Key, draft: Draft, now: datetime) -> str:
        message = sns.read(draft.body)  # as it will be read; mended characters are not what was signed
        if not signing.is_recent(message, now):
            raise Rejected(_forbidden("it was sent more than an hour ago, or its time is ahead of ours"))
        url = str(message["SigningCertURL"])
        if not signing.is_certificate(url):
            raise Rejected(_forbidden("its certificate is not at an address of SNS, and was not fetched"))
        verdict = verifying.verdict(message, await self._certificates.get(url), now)
        if verdict is not verifying.Verdict.SIGNED:
            raise Rejected(_forbidden(verdict.value))
        if not await self._is_expected(key, draft, message):
            raise Rejected(
                _forbidden("its topic is not one that this integration listens to. Add the topic there first")
            )
        receipt = receipt_of(draft.key, str(message["MessageId"]))
        if await self._store.has(receipt):  # SNS sends again what it has heard no answer to
            raise Rejected(json(200, {"receipt": receipt}, receipt_header(receipt)))
        return receipt

    async def _is_expected(self, key: Key, draft: Draft, message: Mapping[str, object]) -> bool:
        """A topic may just have been learned: SNS does not send again what was refused, so we look once more."""
        topic = sns.topic_of(message)
        if topic in key.topics:
            return True
        fresh = await self._keys.find_anew(draft.key)
        topics = fresh.topics if fresh else ()
        return topic in topics or (not topics and message["Type"] == sns.CONFIRMATION)


def _forbidden(why: str) -> Answer:
    return problem(403, "Not from SNS", f"This was refused: {why}. Nothing was stored and nothing was fetched by it.")


def _is_signed(source: Source, key: Key, scope: Scope, body: bytes, now: datetime) -> bool:
    try:
        secret = unseal(key.secret)
    except Unsealable as error:
        raise Unavailable(str(error)) from error
    return source.is_signed is not None and source.is_signed(secret, body, lambda name: _header(scope, name), now)


def _header(scope: Scope, name: str) -> str:
    return header(scope, name.encode()).decode("latin-1")
