"""Heartbeats and probes in a world: made, pinged, and looked at."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.world import SETUP, World
from tocsin.alerts.models import Event
from tocsin.checks import actions
from tocsin.checks.models import Check
from tocsin.services.models import Service

HOURLY: Mapping[str, Any] = {"period": 3600, "grace": 600, "longest_run": 1200}


@dataclass
class Job:
    """A cron job, seen from the machine on which it runs."""

    world: World
    check: Check

    def pings(self, kind: str = "success", *, at: datetime | None = None, settle: bool = True, **more: object) -> Event:
        event = Event.objects.create(
            receipt=uuid.uuid4(),
            integration=self.check.integration,
            kind="heartbeat",
            body=json.dumps({"kind": kind, **more}).encode(),
            received_at=at or self.world.now,
        )
        if settle:
            self.world.settle()
        return event

    @property
    def state(self) -> str:
        self.check.refresh_from_db()
        return self.check.state


def heartbeat(world: World, service: Service, name: str = "Backup", **config: Any) -> Job:
    made, _ = actions.create_check(SETUP, service, "heartbeat", name, world.now, config={**HOURLY, **config})
    return Job(world, made)


def probe(world: World, service: Service, kind: str = "http", name: str = "Shop front", **config: Any) -> Check:
    return actions.create_check(SETUP, service, kind, name, world.now, config=config)[0]
