"""Errors as values, on the event loop: whoever waits for an answer gets one, whatever went wrong."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


async def outcome(work: Awaitable[T]) -> T | BaseException:
    """What the work answers, or what it raised."""
    (found,) = await asyncio.gather(work, return_exceptions=True)
    return found
