"""Whose turn it is in teams that are paged one at a time."""

from collections.abc import Collection, Mapping

from tocsin.policies.models import Turn


def lasts(team_ids: Collection[int], *, hold: bool = False) -> dict[int, int]:
    """By team: who had the last turn. `hold`: in a transaction that is going to take the next, and no other may."""
    if not team_ids:
        return {}
    found = Turn.objects.filter(team__in=team_ids).order_by("team_id")
    return dict((found.select_for_update() if hold else found).values_list("team_id", "last"))


def take(taken: Mapping[int, int]) -> None:
    for team_id, person in taken.items():
        Turn.objects.update_or_create(team_id=team_id, defaults={"last": person})
