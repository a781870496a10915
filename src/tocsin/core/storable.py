"""What a database refuses to keep: PostgreSQL takes no NUL in text or JSON, and nothing is lost for one."""


def text(value: str) -> str:
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}")


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
