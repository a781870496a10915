"""Settings that are made in the browser."""

from tocsin.health.models import Setting


def get(name: str, default: object = None) -> object:
    found = Setting.objects.filter(name=name).first()
    return default if found is None else found.value


def put(name: str, value: object) -> None:
    """`value`: JSON."""
    Setting.objects.update_or_create(name=name, defaults={"value": value})
