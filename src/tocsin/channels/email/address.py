"""What counts as an e-mail address."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from tocsin.channels.contract import BadAddress


def check(address: str) -> str:
    address = address.strip()
    try:
        validate_email(address)
    except ValidationError as error:
        raise BadAddress(f"“{address}” is not an e-mail address.") from error
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.lower()}"
