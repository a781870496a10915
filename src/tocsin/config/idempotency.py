"""A POST with an `Idempotency-Key` is carried out once; a repeat gets the first answer.

The key is written in the transaction that does the work, so that of two at once the second waits, and then finds it.
Work that waits for somebody outside takes its key before, in a transaction of its own: SQLite has one writer, and no
alert must wait for a calendar's server. So does what answers many alert groups: their rows are not locked together.
What only tries something keeps nothing, and its key means nothing.
Nobody without a token that holds now gets an answer of before, or has anything written.
Source: draft-ietf-httpapi-idempotency-key-header.
"""

import functools
import hashlib
import re
from collections.abc import Callable
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from tocsin import clock, rest, sealing
from tocsin.audit.models import Answered
from tocsin.config.api import Bearer
from tocsin.config.api_document import LONGEST_KEY, is_kept

View = Callable[..., HttpResponseBase]
_UNDER_WAY = 0  # the status of an answer that is still to come
_REFUSED = frozenset({404, 409, 422})  # by the work itself, not by what stands before it: token, scopes, throttle, size
# is fetched or looked up before it is saved; or is many transactions, one an alert group
_APART = re.compile(r"/(calendars|calendars/\d+/refresh|checks|alert-groups/acknowledge|alert-groups/resolve)$")
_LOST = timedelta(minutes=5)  # after which work that has not answered was in a process that is no more
_caller = Bearer()


class _Again(Exception):
    """Nothing may stay of this; carries the answer out of the transaction."""

    def __init__(self, answer: HttpResponseBase) -> None:
        self.answer = answer


def once(view: View) -> View:
    """The view, idempotent for POST, and open to requests without a session."""

    @csrf_exempt
    @functools.wraps(view)
    def wrapped(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        key = request.headers.get("Idempotency-Key", "")
        if request.method != "POST" or not key or not is_kept(request.path) or _caller(request) is None:
            return view(request, *args, **kwargs)
        if len(key) > LONGEST_KEY:
            return rest.problem(422, "Not valid", f"An Idempotency-Key has at most {LONGEST_KEY} characters.")
        return _once(request, _owned(request, key), lambda: view(request, *args, **kwargs))

    wrapped.login_required = False  # type: ignore[attr-defined]
    return wrapped


def _once(request: HttpRequest, key: str, work: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    asked = _asked(request)
    Answered.objects.filter(key=key, status=_UNDER_WAY, at__lt=clock.now() - _LOST).delete()
    earlier = Answered.objects.filter(key=key).first()
    if earlier is not None:
        return _repeated(earlier, asked)
    if _APART.search(request.path):
        return _apart(key, asked, work)
    try:
        with transaction.atomic():
            row = Answered.objects.create(key=key, asked=asked, at=clock.now(), status=0, body="")
            return _keep(row, work())
    except _Again as again:
        return again.answer
    except IntegrityError:
        first = Answered.objects.filter(key=key).first()
        if first is None:
            raise
        return _repeated(first, asked)


def _apart(key: str, asked: str, work: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    try:
        with transaction.atomic():
            row = Answered.objects.create(key=key, asked=asked, at=clock.now(), status=_UNDER_WAY, body="")
    except IntegrityError:
        return _repeated(Answered.objects.get(key=key), asked)
    try:
        return _keep(row, work())
    except _Again as again:
        return again.answer
    finally:
        if row.status == _UNDER_WAY:
            row.delete()


def _keep(row: Answered, answer: HttpResponseBase) -> HttpResponseBase:
    is_of_the_work = answer.status_code in range(200, 300) or answer.status_code in _REFUSED
    if not is_of_the_work or not isinstance(answer, HttpResponse):
        raise _Again(answer)
    row.status, row.body = answer.status_code, answer.content.decode()
    row.content_type = answer.headers.get("Content-Type", "")
    row.save(update_fields=["status", "body", "content_type"])
    return answer


def _repeated(earlier: Answered, asked: str) -> HttpResponse:
    if earlier.asked != asked:
        return rest.problem(422, "Not valid", "This Idempotency-Key was used for another request. Make a new one.")
    if earlier.status == _UNDER_WAY:
        return rest.problem(409, "Under way", "This request is being carried out. Ask again in a moment.")
    answer = HttpResponse(earlier.body, status=earlier.status, content_type=earlier.content_type)
    answer["Idempotent-Replayed"] = "true"
    return answer


def _owned(request: HttpRequest, key: str) -> str:
    """Keys of different tokens never meet."""
    return sealing.fingerprint(f"{request.headers.get('Authorization', '')}\n{key}")


def _asked(request: HttpRequest) -> str:
    return hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode() + request.body).hexdigest()
