"""Long lists to choose from look and behave as Django's own do."""

import re

from django import forms

from tocsin.people.zones import choices
from tocsin.ui.choosing import LongSelect


class Zones(forms.Form):
    ours = forms.ChoiceField(choices=choices, widget=LongSelect({"data-zone": ""}))
    theirs = forms.ChoiceField(choices=choices, widget=forms.Select({"data-zone": ""}))


def options(form: forms.Form, name: str) -> list[str]:
    return re.findall("<option.*?</option>", str(form[name]))


def test_the_options_are_djangos_with_the_same_one_chosen() -> None:
    for chosen in ("UTC", "Europe/Berlin", "", "Old/Name"):
        form = Zones(initial={"ours": chosen, "theirs": chosen})
        assert options(form, "ours") == options(form, "theirs")
        assert len(options(form, "ours")) > 400


def test_what_was_typed_is_escaped_and_what_the_field_says_of_itself_is_there() -> None:
    form = Zones({"ours": '"><script>', "theirs": ""})
    assert not form.is_valid()
    assert "<script>" not in str(form["ours"])
    for part in ('name="ours"', 'id="id_ours"', 'data-zone=""', 'aria-invalid="true"'):
        assert part in str(form["ours"]).partition(">")[0]
