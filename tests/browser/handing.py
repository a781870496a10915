"""`python -m tests.browser.handing`: Ada hands the first schedule over to Grace; both have been on call lately.

Runs beside a server, in its environment.
"""

from datetime import datetime, timedelta

from tocsin.config import django_setup

django_setup.setup()

from tocsin import clock  # noqa: E402 - Django has to be set up first
from tocsin.care.models import ShiftRecord  # noqa: E402
from tocsin.handoffs.drafting import body  # noqa: E402
from tocsin.handoffs.models import Handoff  # noqa: E402
from tocsin.people.models import User  # noqa: E402
from tocsin.schedules.models import Schedule  # noqa: E402
from tocsin.schedules.queries import on_call  # noqa: E402


def hand_over(now: datetime) -> int:
    schedule = Schedule.objects.order_by("name")[0]
    at = on_call([schedule.pk], now)[schedule.pk].ends_at  # the engine withdraws a handoff that is not to be
    ada, grace = (User.objects.get(name__startswith=name) for name in ("Ada", "Grace"))
    for days, user in ((9, grace), (2, ada)):
        ShiftRecord.objects.create(
            schedule_name=schedule.name,
            team=schedule.team,
            user=user,
            starts_at=now - timedelta(days=days),
            ends_at=now - timedelta(days=days - 1),
        )
    handoff = Handoff.objects.create(
        schedule=schedule,
        outgoing=ada,
        incoming=grace,
        leaves_at=at,
        begins_at=at,
        body=body(schedule, (), now),
        created_at=now,
        edited_at=now,
    )
    return handoff.pk


if __name__ == "__main__":
    print(hand_over(clock.now()))  # noqa: T201 - it is how the test hears of it
