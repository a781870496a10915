"""What the frame of every page shows."""

from django.http import HttpRequest

from tocsin import clock
from tocsin.alerts.models import AlertGroup
from tocsin.core.lifecycle import GroupState
from tocsin.health.models import Problem
from tocsin.home import navigation


def page(request: HttpRequest) -> dict[str, object]:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"now": clock.now()}
    triggered = AlertGroup.objects.filter(state=GroupState.TRIGGERED).count()
    return {
        "now": clock.now(),
        "nav": navigation.items(request.path, triggered),
        "problems": Problem.objects.filter(over_at=None),
    }
