"""Collecting garbage, in a process that lives long and now and then makes a hundred thousand rows within a second."""

import gc


def settle() -> None:
    """What is there by now stays. Collecting in the middle of a storm costs a third of it, and finds nothing."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 1000)
