"""How often others have their turn on the loop while something runs: counted, since times say little."""

import asyncio
from collections.abc import Awaitable


async def turns_during(work: Awaitable[object]) -> int:
    """Turns that another task had until ``work`` was done."""
    turns = 0

    async def take_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    others = asyncio.create_task(take_turns())
    try:
        await work
    finally:
        others.cancel()
    return turns
