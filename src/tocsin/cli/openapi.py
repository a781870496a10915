"""The OpenAPI document on the command line."""

import json

import click

from tocsin.config import django_setup

django_setup.setup()

from tocsin.config.api import api  # noqa: E402
from tocsin.config.api_middleware import PREFIX  # noqa: E402


@click.command()
def openapi() -> None:
    """Print the OpenAPI document of the API."""
    print(json.dumps(api.get_openapi_schema(path_prefix=PREFIX), indent=2))
