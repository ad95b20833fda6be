"""Sections in asyncio tasks, generators and threads: paths as entered, and their own wall time."""

import asyncio
import contextlib
import gc
import threading

import pytest
from support.timers import tree


async def pause(now, ns):
    now[0] += ns
    await asyncio.sleep(0)


def test_sections_of_tasks_have_the_paths_that_they_entered(timer, now):
    async def work(name, pauses):
        with timer.section(name):
            await pause(now, 1)
            with timer.section("inner"):
                for _ in range(pauses):
                    await pause(now, 10)

    async def main():
        await asyncio.gather(work("a", 2), work("b", 1))

    asyncio.run(main())
    assert tree(timer.root) == {
        "a": (1, 32, {"inner": (1, 30, {})}),  # the time of b passes here, too
        "b": (1, 31, {"inner": (1, 20, {})}),
    }


def test_tasks_are_inside_the_section_that_started_them(timer, now):
    async def work(name):
        with timer.section(name):
            await pause(now, 1)
            timer.measure("step", lambda: None)

    async def main():
        with timer.section("all"):
            async with asyncio.TaskGroup() as group:
                group.create_task(work("a"))
                group.create_task(work("b"))

    timer.measure("run", asyncio.run, main())
    step = {"step": (1, 0, {})}
    inside = {"a": (1, 2, step), "b": (1, 1, step)}
    assert tree(timer.root) == {"run": (1, 2, {"all": (1, 2, inside)})}


def test_functions_of_tasks_are_inside_their_own_sections(timer, now):
    async def work(name, pauses):
        with timer.section(name):
            for _ in range(pauses):
                timer.measure("step", lambda: None)
                await pause(now, 1)

    async def main():
        await asyncio.gather(work("a", 3), work("b", 2))
        timer.measure("last", lambda: None)

    asyncio.run(main())
    assert tree(timer.root) == {
        "a": (1, 5, {"step": (3, 0, {})}),
        "b": (1, 4, {"step": (2, 0, {})}),
        "last": (1, 0, {}),
    }


def test_a_block_of_a_timed_coroutine_spans_its_pieces(timer, now):
    @timer.section("work")
    async def work(ns):
        with timer.section("load"):
            await pause(now, ns)
            with timer.section("parse"):
                await pause(now, ns)
        timer.measure("end", lambda: None)

    async def main():
        await asyncio.gather(work(1), work(10))

    asyncio.run(main())
    assert tree(timer.root) == {
        "work": (2, 22, {"load": (2, 43, {"parse": (2, 21, {})}), "end": (2, 0, {})})
    }


def test_sections_of_generators_have_the_paths_that_they_entered(timer, now):
    def work(name):
        with timer.section(name):
            now[0] += 1
            yield
            with timer.section("inner"):
                now[0] += 10
                yield

    for _ in zip(work("a"), work("b"), strict=True):
        with timer.section("caller"):
            now[0] += 100
    assert {name: list(timer[name]) for name in timer} == {
        "a": ["inner"],
        "b": ["inner"],
        "caller": [],
    }
    assert (timer["caller"].ncalls, timer["caller"].ns, timer["b", "inner"].ns) == (2, 200, 110)


def test_a_section_of_a_generator_ends_late_inside_another(timer, now):
    def work():
        with timer.section("a"):
            yield

    generator = work()
    next(generator)
    with timer.section("b"):
        now[0] += 1
        generator.close()
        with timer.section("c"):
            now[0] += 2
    assert tree(timer.root) == {"a": (1, 1, {}), "b": (1, 3, {"c": (1, 2, {})})}


@pytest.mark.parametrize("end", ["collected", "in a thread"])
def test_a_section_of_a_generator_ends_without_its_caller(timer, now, end):
    def work():
        with timer.section("a"):
            yield

    generator = work()
    next(generator)
    now[0] += 1
    if end == "collected":
        del generator
        gc.collect()
    else:
        thread = threading.Thread(target=generator.close)
        thread.start()
        thread.join()
    with timer.section("b"):
        pass
    assert tree(timer.root) == {"a": (1, 1, {}), "b": (1, 0, {})}


def test_a_section_left_in_another_context_counts_where_it_began(timer, now):
    async def main():
        section = timer.section("a")
        with timer.section("all"):
            section.__enter__()
            now[0] += 1

            async def leave():
                with timer.section("b"):
                    section.__exit__(None, None, None)
                    now[0] += 10
                timer.measure("c", lambda: None)

            await asyncio.create_task(leave())
            timer.measure("d", lambda: None)

    asyncio.run(main())
    assert tree(timer.root) == {
        "all": (1, 11, {"a": (1, 1, {"b": (1, 10, {})}), "c": (1, 0, {}), "d": (1, 0, {})})
    }


def test_a_context_manager_from_a_generator_times_its_block(timer, now):
    @contextlib.contextmanager
    def timed(name):
        with timer.section(name):
            yield

    with contextlib.ExitStack() as stack:
        stack.enter_context(timed("a"))
        stack.enter_context(timer.section("b"))
        timer.measure("c", lambda: None)
    assert tree(timer.root) == {"a": (1, 0, {"b": (1, 0, {"c": (1, 0, {})})})}


def test_one_section_in_two_generators_ends_in_each(timer, now):
    section = timer.section("a")

    def work():
        with section:
            yield

    first, second = work(), work()
    next(first)
    now[0] += 1
    next(second)
    now[0] += 10
    first.close()
    now[0] += 100
    second.close()
    assert (timer["a"].ncalls, timer["a"].ns) == (2, 11 + 110)


def test_a_thread_of_asyncio_has_a_tree_of_its_own(timer):
    async def main():
        with timer.section("a"):
            await asyncio.to_thread(timer.measure, "b", lambda: None)

    asyncio.run(main())
    assert tree(timer.root) == {"a": (1, 0, {}), "b": (1, 0, {})}


def test_a_cancelled_task_leaves_its_sections(timer, now):
    async def forever():
        with timer.section("a"), timer.section("b"):
            await asyncio.Event().wait()

    async def main():
        task = asyncio.create_task(forever())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        with timer.section("c"):
            pass

    asyncio.run(main())
    assert tree(timer.root) == {"a": (1, 0, {"b": (1, 0, {})}), "c": (1, 0, {})}


def test_sections_of_two_timers_interleave(timer, now):
    other = type(timer)(clock=lambda: now[0])
    with timer.section("a"), other.section("x"), timer.section("b"), other.section("y"):
        now[0] += 1
    assert tree(timer.root) == {"a": (1, 1, {"b": (1, 1, {})})}
    assert tree(other.root) == {"x": (1, 1, {"y": (1, 1, {})})}


def test_many_tasks_leave_no_section_open(timer, now):
    async def work(k):
        with timer.section(f"s{k % 3}"):
            for _ in range(k % 5):
                await pause(now, 1)
                with timer.section("inner"):
                    await asyncio.sleep(0)

    async def main():
        await asyncio.gather(*(work(k) for k in range(60)))

    asyncio.run(main())
    assert {name: timer[name].ncalls for name in timer} == {"s0": 20, "s1": 20, "s2": 20}
    assert sum(timer[name, "inner"].ncalls for name in timer) == 120
    assert timer.thread().open == []
