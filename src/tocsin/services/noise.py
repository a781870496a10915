"""What keeps a service's alerts from paging more than they help, as a form."""

from django import forms

_WEEK = 7 * 24 * 60
_MOST_LABELS = 10
NOISE_FIELDS = (
    "group_minutes",
    "group_by",
    "group_hours",
    "pause_minutes",
    "resolve_minutes",
    "calms_flapping",
    "storm_threshold",
)


def _number(label: str, hint: str, *, initial: int = 0, least: int = 0, most: int = _WEEK) -> forms.IntegerField:
    return forms.IntegerField(
        required=False, min_value=least, max_value=most, initial=initial, label=label, help_text=hint
    )


class NoiseFields(forms.Form):
    """Left empty, a number is what it is by default."""

    group_minutes = _number(
        "Group alerts for (minutes)",
        "Alerts that come within so many minutes of each other are one page. 0: each alert pages on its own.",
        most=24 * 60,
    )
    group_by = forms.CharField(
        required=False,
        max_length=500,
        label="Only alerts that are alike in",
        help_text="Labels, such as: alertname, cluster. Left empty, all alerts of the service are grouped.",
    )
    group_hours = _number(
        "At most for (hours)",
        "A group that never falls silent begins anew after so long, and pages again.",
        initial=24,
        least=1,
        most=168,
    )
    pause_minutes = _number(
        "Wait before paging (minutes)",
        "What resolves by itself within so many minutes pages nobody. Critical alerts wait too. 0: page at once.",
        most=60,
    )
    resolve_minutes = _number(
        "Resolve by itself after (minutes)",
        "An alert that nothing was heard of for so long is taken as over. 0: only what resolves it does.",
    )
    calms_flapping = forms.BooleanField(
        required=False,
        initial=True,
        label="Calm what flaps",
        help_text="An alert that comes and goes again and again pages once, and then when it stays.",
    )
    storm_threshold = _number(
        "A storm is more than (new alerts in 5 minutes)",
        "Then everything is recorded, and one page says that there is a storm. 0: never, each alert pages.",
        initial=20,
        most=100_000,
    )

    def clean_group_by(self) -> list[str]:
        found = [part.strip() for part in self.cleaned_data["group_by"].split(",") if part.strip()]
        if len(found) > _MOST_LABELS:
            raise forms.ValidationError(f"At most {_MOST_LABELS} labels.")
        return list(dict.fromkeys(found))

    def clean(self) -> None:
        for name in NOISE_FIELDS:
            if self.cleaned_data.get(name, "") is None:
                self.cleaned_data[name] = self.fields[name].initial
