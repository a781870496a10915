"""The layers of a schedule as a form, and back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from tocsin.core.rota import Layer, Rota
from tocsin.core.rotation import Fixed, Unit
from tocsin.schedules import hours
from tocsin.schedules.forms import LayerForm, TurnForm
from tocsin.ui import rows
from tocsin.ui.rows import Row


@dataclass(frozen=True, kw_only=True)
class LayerFields:
    form: LayerForm
    turns: list[TurnForm]


class Editor:
    """`is_bound`: check what was typed; else only show it, as after adding a row."""

    def __init__(self, typed: list[Row], people: list[tuple[str, str]], *, is_bound: bool) -> None:
        self.is_bound = is_bound
        self.people = people
        self.data = rows.flat(typed, "layer", "turn") if is_bound else None
        self.layers = [self._fields(number, row) for number, row in enumerate(typed)]

    def is_valid(self) -> bool:
        forms = [form for layer in self.layers for form in (layer.form, *layer.turns)]
        return not [form for form in forms if not form.is_valid()]  # each is asked, so that each shows its errors

    def specs(self) -> list[Layer]:
        return [_spec(layer) for layer in self.layers]

    def _fields(self, number: int, row: Row) -> LayerFields:
        name = f"layer-{number}"
        turns = [
            TurnForm(self.data, initial=part, prefix=f"{name}-turn-{at}", people=self.people)
            for at, part in enumerate(row.parts)
        ]
        return LayerFields(form=LayerForm(self.data, initial=row.values, prefix=name), turns=turns)


def typed_rows(posted: Mapping[str, str]) -> list[Row]:
    return rows.read(posted, "layer", "turn")


def with_spare(typed: list[Row]) -> list[Row]:
    """Each layer with an empty line at its end, so that adding somebody needs no script."""
    for row in typed:
        while not row.parts or row.parts[-1].get("user"):
            row.parts.append({})
    return typed


def rows_of(rota: Rota) -> list[Row]:
    return [_row(layer) for layer in rota.layers if not isinstance(layer, Fixed)]


def blank(today: date, number: int) -> Row:
    """A weekly rotation from last Monday: somebody is on call at once."""
    monday = date.fromordinal(today.toordinal() - today.weekday())
    values = {
        "name": "Weekly" if number == 0 else f"Layer {number + 1}",
        "every": "1",
        "unit": "week",
        "starts_on": monday.isoformat(),
        "handoff_at": "09:00",
    }
    return Row(values=values, parts=[{}, {}])


def _row(layer: Layer) -> Row:
    values = {
        "name": layer.name,
        "every": str(layer.every),
        "unit": layer.unit.value,
        "starts_on": layer.starts_on.isoformat(),
        "handoff_at": f"{layer.handoff_at:%H:%M}",
        "only": hours.write(layer.restrictions),
        "until": layer.until.isoformat() if layer.until else "",
        "is_shadow": "on" if layer.shadow else "",
    }
    return Row(values=values, parts=list(_parts(layer.slots)))


def _parts(slots: Iterable[tuple[int, ...]]) -> Iterable[dict[str, str]]:
    for slot in slots:
        for place, person in enumerate(slot):
            yield {"user": str(person), "together": "on" if place else ""}


def _spec(layer: LayerFields) -> Layer:
    typed = layer.form.cleaned_data
    return Layer(
        name=typed["name"],
        unit=Unit(typed["unit"]),
        every=typed["every"],
        starts_on=typed["starts_on"],
        handoff_at=typed["handoff_at"],
        until=typed.get("until"),
        slots=_slots(form.cleaned_data for form in layer.turns),
        restrictions=typed["only"],
        shadow=typed["is_shadow"],
    )


def _slots(turns: Iterable[Mapping[str, object]]) -> tuple[tuple[int, ...], ...]:
    slots: list[list[int]] = []
    for turn in turns:
        if not turn.get("user"):
            continue
        person = int(str(turn["user"]))
        if turn.get("together") and slots:
            slots[-1].append(person)
        else:
            slots.append([person])
    return tuple(tuple(slot) for slot in slots)
