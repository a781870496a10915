"""Two answers to one swap at the same moment: real transactions, real threads."""

import pytest

from tests.apps.domain import NOW, as_
from tests.apps.test_people_races import at_once
from tests.apps.test_swaps import GRACES, Rota
from tocsin.schedules import swaps
from tocsin.schedules.models import Override, SwapRequest

pytestmark = pytest.mark.django_db(transaction=True)


def fresh(made: SwapRequest) -> SwapRequest:
    """As each browser has it."""
    return SwapRequest.objects.select_related("schedule", "asker").get(pk=made.pk)


def test_of_two_who_accept_at_once_one_has_the_shift() -> None:
    rota = Rota()
    made = rota.ask()
    mine, hers = fresh(made), fresh(made)
    ends = at_once(
        lambda: swaps.accept(as_(rota.ada), mine, NOW),
        lambda: swaps.accept(as_(rota.linus), hers, NOW),
    )
    assert ends.count("done") == 1
    assert sum("was faster" in end for end in ends) == 1
    (override,) = Override.objects.all()
    made.refresh_from_db()
    assert (made.state, made.taker_id) == ("accepted", override.user_id)
    assert rota.at(GRACES[0]) == [override.user.name]


def test_withdrawn_and_accepted_at_once_ends_as_one_of_both() -> None:
    rota = Rota()
    made = rota.ask()
    mine, hers = fresh(made), fresh(made)
    ends = at_once(
        lambda: swaps.withdraw(as_(rota.grace), mine, NOW),
        lambda: swaps.accept(as_(rota.linus), hers, NOW),
    )
    assert ends.count("done") == 1
    made.refresh_from_db()
    assert Override.objects.count() == (1 if made.state == "accepted" else 0)
