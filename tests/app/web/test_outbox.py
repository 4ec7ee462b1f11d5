"""What waits for a page."""

from __future__ import annotations

import asyncio

from app.web.outbox import MOST_NOTES, Outbox


def taken(*puts: tuple[str, str]) -> list[str]:
    """What a page gets to read that reads when all has been put."""

    async def run() -> list[str]:
        outbox = Outbox(asyncio.get_running_loop())
        for method, message in puts:
            getattr(outbox, method)(message)
        outbox.finish()
        messages = []
        while (message := await outbox.take()) is not None:
            messages.append(message)
        return messages

    return asyncio.run(run())


def test_only_the_newest_answer_waits_and_order_is_kept():
    assert taken(("answer", "1"), ("tell", "a"), ("answer", "2"), ("tell", "b")) == ["a", "2", "b"]
    assert taken(("tell", "a"), ("answer", "1"), ("answer", "2")) == ["a", "2"]
    assert taken(("answer", "1"), ("tell", "a"), ("tell", "b")) == ["1", "a", "b"]


def test_notes_do_not_pile_up_and_the_newest_stay():
    notes = [("tell", str(number)) for number in range(5000)]
    kept = [str(number) for number in range(5000)][-MOST_NOTES:]
    assert taken(*notes) == kept
    assert taken(("answer", "picture"), *notes) == ["picture", *kept]
    assert taken(*notes, ("answer", "picture")) == [*kept, "picture"]


def test_another_thread_wakes_who_waits():
    async def run() -> list[str | None]:
        outbox = Outbox(asyncio.get_running_loop())
        first = asyncio.create_task(outbox.take())
        await asyncio.sleep(0.01)
        await asyncio.to_thread(outbox.answer, "picture")
        messages = [await asyncio.wait_for(first, 5)]
        last = asyncio.create_task(outbox.take())
        await asyncio.sleep(0.01)
        await asyncio.to_thread(outbox.finish)
        return [*messages, await asyncio.wait_for(last, 5)]

    assert asyncio.run(run()) == ["picture", None]


def test_who_speaks_to_an_ended_loop_does_not_fail():
    async def make() -> Outbox:
        return Outbox(asyncio.get_running_loop())

    outbox = asyncio.run(make())
    outbox.answer("picture")
    outbox.tell("note")
    outbox.finish()
