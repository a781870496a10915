"""The steps of a policy as a form, and back. The catch-all is a row of its own that cannot be moved or taken out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tocsin.core.escalation import Snapshot, Step, Target, TargetKind
from tocsin.policies.actions import StepSpec
from tocsin.policies.forms import Choices, StepForm, TargetForm, as_target, as_text, condition_values
from tocsin.ui import rows
from tocsin.ui.rows import Row


@dataclass(kw_only=True)
class Typed:
    steps: list[Row]
    catch_all: Row = field(default_factory=Row)


@dataclass(frozen=True, kw_only=True)
class StepFields:
    form: StepForm
    targets: list[TargetForm]
    after: int | None  # minutes since the alert, as far as the delays before it are numbers
    has_more: bool  # says more than whom and how long


class Editor:
    """`is_bound`: check what was typed; else only show it, as after adding a row."""

    def __init__(self, typed: Typed, choices: Choices, *, is_bound: bool) -> None:
        self.choices = choices
        self.data = _flat(typed) if is_bound else None
        clock = _clock(typed.steps)
        self.steps = [self._step(number, row, clock[number]) for number, row in enumerate(typed.steps)]
        self.catch_all = self._targets("last-0", typed.catch_all, "Every owner and admin")
        self.catch_all_after = clock[-1]

    def is_valid(self) -> bool:
        forms = [form for step in self.steps for form in (step.form, *step.targets)]
        # each is asked, so that each shows its errors
        return not [form for form in (*forms, *self.catch_all) if not form.is_valid()]

    def specs(self) -> list[StepSpec]:
        return [
            StepSpec(
                delay_minutes=step.form.cleaned_data["delay"],
                targets=_chosen(step.targets),
                when=step.form.condition(),
                answers=step.form.cleaned_data["answers"],
            )
            for step in self.steps
        ]

    def last(self) -> tuple[Target, ...]:
        return _chosen(self.catch_all)

    def _step(self, number: int, row: Row, after: int | None) -> StepFields:
        name = f"step-{number}"
        form = StepForm(self.data, initial=row.values, prefix=name)
        return StepFields(form=form, targets=self._targets(name, row), after=after, has_more=_has_more(row, form))

    def _targets(self, name: str, row: Row, nobody: str = "Nobody yet") -> list[TargetForm]:
        return [
            TargetForm(
                self.data,
                initial=part,
                prefix=f"{name}-target-{at}",
                choices=[("", "Nobody else" if at else nobody), *self.choices],
            )
            for at, part in enumerate(row.parts)
        ]


def typed_rows(posted: Mapping[str, str]) -> Typed:
    last = rows.read(posted, "last", "target")
    return Typed(steps=rows.read(posted, "step", "target"), catch_all=last[0] if last else Row())


def acted(typed: Typed, what: str) -> Typed:
    """“last add” and “last remove 1” are about the catch-all, everything else about the steps."""
    if what.startswith("last "):
        verb, *numbers = what.removeprefix("last ").split()
        (last,) = rows.act([typed.catch_all], " ".join([f"{verb}-part", "0", *numbers]), Row())
        return Typed(steps=typed.steps, catch_all=last)
    return Typed(steps=rows.act(typed.steps, what, blank()), catch_all=typed.catch_all)


def with_spare(typed: Typed) -> Typed:
    """Each step with an empty line at its end, so that adding somebody needs no script."""
    for row in (*typed.steps, typed.catch_all):
        if not row.parts or row.parts[-1].get("target"):
            row.parts.append({})
    return typed


def typed_of(snapshot: Snapshot) -> Typed:
    steps = [Row(values=_values(step), parts=_parts(step.targets)) for step in snapshot.steps]
    return Typed(steps=steps, catch_all=Row(parts=_parts(snapshot.catch_all)))


def blank() -> Row:
    return Row(values={"delay": "5"}, parts=[{}])


def _values(step: Step) -> dict[str, str]:
    minutes = int(step.delay.total_seconds()) // 60
    return {"delay": str(minutes), "answers": str(step.answers), **condition_values(step.when)}


def _parts(targets: Iterable[Target]) -> list[dict[str, str]]:
    """Every owner and admin is what an empty catch-all means, and is shown as such."""
    return [{"target": as_text(target)} for target in targets if target.kind is not TargetKind.STEWARDS]


def _has_more(row: Row, form: StepForm) -> bool:
    said = any(row.values.get(name) for name in ("urgency", "severity", "hours"))
    return said or row.values.get("answers", "1") != "1" or (form.is_bound and not form.is_valid())


def _chosen(forms: Iterable[TargetForm]) -> tuple[Target, ...]:
    texts = (form.cleaned_data["target"] for form in forms)
    return tuple(as_target(text) for text in texts if text)


def _flat(typed: Typed) -> dict[str, str]:
    return rows.flat(typed.steps, "step", "target") | rows.flat([typed.catch_all], "last", "target")


def _clock(steps: Iterable[Row]) -> list[int | None]:
    """When each step is due, and at the end when the first round is over."""
    clock: list[int | None] = [0]
    for row in steps:
        text = row.values.get("delay", "")
        clock.append(None if clock[-1] is None or not text.isdecimal() else clock[-1] + int(text))
    return clock
