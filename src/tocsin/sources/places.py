"""Where a change went: the names of environments."""

from tocsin.sources import texts

LONGEST = 80


def place(name: str, tier: str) -> str:
    """The tool knows the tier where people invent names: “production/eu-2”, so that a name says what it is."""
    if not tier or tier.lower() in name.lower():
        return texts.cut(name or tier, LONGEST)
    return texts.cut(f"{tier}/{name}", LONGEST)
