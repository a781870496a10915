"""What a rule has to say to the person who ran into it."""

from collections.abc import Mapping

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError


class Refused(Exception):
    """A rule said no; nothing was changed. The text is for the person.

    `fields` says which inputs are at fault, where that is known: views put the sentences beside them.
    """

    def __init__(self, text: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.fields = dict(fields or {})


def refusal(error: ValidationError) -> Refused:
    """Django's own validation error as a refusal."""
    if not hasattr(error, "error_dict"):
        return Refused(" ".join(error.messages))
    fields = {name: " ".join(messages) for name, messages in error.message_dict.items()}
    text = " ".join(m if n == NON_FIELD_ERRORS else f"{_label(n)}: {m}" for n, m in fields.items())
    return Refused(text, {n: m for n, m in fields.items() if n != NON_FIELD_ERRORS})


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()
