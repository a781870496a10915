"""What a database refuses to keep: PostgreSQL takes no NUL in text or JSON, and none half a surrogate pair. Nothing is
lost for one."""


def text(value: str) -> str:
    whole = value if value.isascii() else value.encode("utf-8", "replace").decode()
    return whole.replace("\0", "\N{REPLACEMENT CHARACTER}")


def json(value: object) -> object:
    """A JSON value, with every text in it."""
    match value:
        case str():
            return text(value)
        case list():
            return [json(v) for v in value]
        case dict():
            return {text(k): json(v) for k, v in value.items()}
    return value
