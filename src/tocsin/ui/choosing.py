"""Fields to choose in."""

from collections.abc import Mapping
from functools import lru_cache

from django import forms
from django.forms.utils import flatatt
from django.utils.html import escape, format_html_join
from django.utils.safestring import SafeString, mark_safe


class LongSelect(forms.Select):
    """For hundreds of choices that are the same each time, such as zones: their options are put together once.

    Django renders a template for each of them, at every look at the form.
    """

    def render(
        self,
        name: str,
        value: object,
        attrs: Mapping[str, object] | None = None,
        renderer: object = None,  # noqa: ARG002 - Django's signature
    ) -> SafeString:
        given = flatatt({"name": name, **self.build_attrs(self.attrs, dict(attrs or {}))})
        marked = f'<option value="{escape(value)}"'
        options = _options(tuple(self.choices)).replace(f"{marked}>", f"{marked} selected>", 1)
        return mark_safe(f"<select{given}>{options}</select>")  # noqa: S308 - its parts are escaped


@lru_cache(maxsize=16)
def _options(choices: tuple[tuple[str, str], ...]) -> SafeString:
    return format_html_join("\n", '<option value="{}">{}</option>', choices)
