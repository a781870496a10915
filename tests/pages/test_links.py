"""Whatever somebody may do, no link on a page that they see leads to a page that they may not see, or to none."""

import re
from collections import deque
from html import unescape

import pytest
from django.test import Client

from tests.pages.desk import at_the_desk, checkout, living, text_of
from tests.world import World
from tocsin.core.permissions import Role

pytestmark = pytest.mark.django_db
LINK = re.compile(r'<a\s[^>]*href="(/[^"#]*)')
NUMBER, NAME = re.compile(r"\d+"), re.compile(r"^/(services|schedules|policies|teams|slos)/(?!new/|prometheus/)[^/?]+")


def alike(path: str) -> str:
    """One page of each kind is enough."""
    return NUMBER.sub("N", NAME.sub(r"/\1/NAME", path.partition("?")[0]))


def broken(client: Client) -> tuple[list[str], int]:
    """What cannot be opened, with the page that leads there, and how many kinds of pages were."""
    waiting, seen, found = deque([("/", "")]), {"/accounts/logout/"}, []
    while waiting:
        path, whence = waiting.popleft()
        if alike(path) in seen:
            continue
        seen.add(alike(path))
        answer = client.get(path, follow=True)
        if answer.status_code >= 400:
            found.append(f"{path} on {whence} is {answer.status_code}")
        elif answer["Content-Type"].startswith("text/html"):
            waiting.extend((unescape(link), path) for link in LINK.findall(text_of(answer)))
    return found, len(seen)


@pytest.fixture
def empty(db: None) -> World:
    return living()


@pytest.fixture
def full(empty: World) -> World:
    _, _, tool = checkout(empty)
    tool.fires("it is down")
    return empty


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("kind", ["empty", "full"])
def test_every_link_can_be_followed(request: pytest.FixtureRequest, kind: str, role: Role) -> None:
    world: World = request.getfixturevalue(kind)
    found, visited = broken(at_the_desk(world.person("Robin", role)))
    assert found == []
    assert visited > 30
