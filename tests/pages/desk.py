"""People at their browsers, for the page tests: a world that lives now, and Django's test client."""

from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.world import Monitoring, Person, World
from tocsin import clock
from tocsin.core.permissions import Role

HX = {"HX-Request": "true"}


def living() -> World:
    """Views read the real clock, so the world is at the same time."""
    return World(clock.now())


def at_the_desk(person: Person) -> Client:
    client = Client()
    client.force_login(person.user)
    return client


def text_of(response: HttpResponse) -> str:
    return response.content.decode()


def checkout(world: World, **fields: object) -> tuple[Person, Person, Monitoring]:
    """Ada is paged for checkout, then Grace; Olga owns the place."""
    ada, grace = world.person("Ada"), world.person("Grace")
    world.owner()
    return ada, grace, world.monitoring(world.policy([ada], [grace]), **fields)


def observer(world: World) -> Person:
    return world.person("Oscar", Role.OBSERVER)


def queries_of(client: Client, url: str) -> int:
    """How many questions the page asks the database; the first visit fills what is kept."""
    client.get(url)
    with CaptureQueriesContext(connection) as asked:
        client.get(url)
    return len(asked)
