"""Secrets at rest: sealed with keys derived from TOCSIN_SECRET_KEY, opened when a row is read."""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Collection
from functools import lru_cache
from typing import Any, TypeVar

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import models

Row = TypeVar("Row", bound=models.Model)

_encode = json.JSONEncoder(separators=(",", ":")).encode


class Unsealable(Exception):
    """A sealed value was sealed with another secret key."""


def seal(text: str) -> str:
    return _box(settings.SECRET_KEY, tuple(settings.SECRET_KEY_FALLBACKS)).encrypt(text.encode()).decode()


def seal_json(value: object) -> str:
    return seal(_encode(value))


def unseal(sealed: str) -> str:
    """`Unsealable` when none of the keys opens it."""
    try:
        return _box(settings.SECRET_KEY, tuple(settings.SECRET_KEY_FALLBACKS)).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise Unsealable("sealed with another TOCSIN_SECRET_KEY; start Tocsin with that key") from error


def token(size: int = 24) -> str:
    """A new random token, URL-safe; `size` in bytes."""
    return secrets.token_urlsafe(size)


def fingerprint(secret: str) -> str:
    """What is stored of a random key or token: its SHA-256 in hex. Long random values need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def matches(secret: str, stored: str) -> bool:
    """Whether a stored fingerprint is this secret's, in constant time."""
    return hmac.compare_digest(fingerprint(secret), stored)


@lru_cache(maxsize=4)
def _box(key: str, older: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([_fernet(k) for k in (key, *older)])


def _fernet(key: str) -> Fernet:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"tocsin sealing 1").derive(key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))


class SealedTextField(models.TextField):  # type: ignore[type-arg]
    """Text that is sealed in the database. Cannot be searched."""

    def get_prep_value(self, value: object) -> object:
        return seal(str(value)) if value else value

    def from_db_value(self, value: str | None, *_: object) -> str | None:
        return unseal(value) if value else value


class SealedJSONField(models.TextField):  # type: ignore[type-arg]
    """A JSON value that is sealed in the database."""

    _pyi_private_set_type: Any  # what django-stubs asks for: any JSON value
    _pyi_private_get_type: Any

    def get_prep_value(self, value: object) -> object:
        return None if value is None else seal_json(value)

    def from_db_value(self, value: str | None, *_: object) -> object:
        return None if value is None else json.loads(unseal(value))


def readable(rows: "models.QuerySet[Row]", ids: Collection[int]) -> dict[int, Row]:
    """By id, without those that were sealed with a lost key: one such row must not keep the others from being read.
    One query, as long as there is none."""
    try:
        return rows.in_bulk(ids)
    except Unsealable:
        found = {pk: _opened(rows.filter(pk=pk)) for pk in ids}
        return {pk: row for pk, row in found.items() if row is not None}


def legible(rows: "models.QuerySet[Row]", *sealed: str) -> list[Row]:
    """All of them, to look at or to remove: of one sealed with a lost key, the sealed fields are empty."""
    try:
        return list(rows)
    except Unsealable:
        ids = list(rows.values_list("pk", flat=True))
        return [_opened(rows.filter(pk=pk)) or _blank(rows, pk, sealed) for pk in ids]


def _opened(one: "models.QuerySet[Row]") -> Row | None:
    try:
        return one.first()
    except Unsealable:
        return None


def _blank(rows: "models.QuerySet[Row]", pk: int, sealed: Collection[str]) -> Row:
    row = rows.defer(*sealed).get(pk=pk)
    for name in sealed:
        setattr(row, name, "")
    return row
