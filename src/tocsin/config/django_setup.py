"""Django, ready to be used outside its own commands."""

import os

import django

from tocsin.config import logs


def setup() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tocsin.config.settings")
    django.setup()
    logs.configure()
