"""Countries whose public holidays are known."""

from functools import cache

from holidays.registry import COUNTRIES

from tocsin.people.problems import Refused


@cache
def names() -> dict[str, str]:
    """ISO code → name. From the register alone: asking the countries themselves would load every one, 9 MB."""
    return {str(code): _name(module) for module, (_, code, *_rest) in COUNTRIES.items()}


def choices() -> list[tuple[str, str]]:
    return sorted(names().items(), key=lambda pair: pair[1])


def check_country(code: str) -> str:
    if code not in names():
        sentence = f"The holidays of “{code}” are not known. Use a code of two letters, such as DE."
        raise Refused(sentence, {"country": sentence})
    return code


def _name(module: str) -> str:
    small = {"and", "of", "the"}
    return " ".join(word if word in small else word.capitalize() for word in module.split("_"))
