"""A mail server that runs once, and a mailbox of one's own for each test."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.mailboxes.dovecot import Box, Server, dovecot


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with dovecot() as found:
        yield found


@pytest.fixture
def box(server: Server, settings: Any) -> Box:
    settings.ALLOW_PRIVATE = True
    user = f"u{uuid.uuid4().hex[:12]}"
    return Box(port=server.port, user=user, home=server.mail / user)
