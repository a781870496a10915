"""What a wrong setting is told by."""


class Misconfigured(Exception):
    """A setting cannot be used; the text says which, and how to mend it."""
