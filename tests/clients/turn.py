"""One turn of the engine beside a server that has none, and what is seen then; asked for by `tests.clients.beside`."""

from tests.clients.seen import seen
from tocsin import clock
from tocsin.engine.tick import tick
from tocsin.outbox.models import Message


def turn() -> dict[str, object]:
    tick(clock.now())
    messages = Message.objects.order_by("id").values_list("kind", "purpose", "target")
    return {**seen(), "messages": list(messages)}
