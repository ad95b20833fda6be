"""Timed code: blocks, functions, generators, coroutines, and switching the timer off."""

import asyncio
import functools

import pytest
from support.timers import tree

from autograd_tools.timing import Record

# Switching off ------------------------------------------------------------------------------------


def test_a_disabled_timer_counts_no_blocks_functions_and_records(timer, now):
    timer.disable()
    with timer.section("block"):
        now[0] += 1
    timer.section("function")(lambda: None)()
    timer.measure("measure", lambda: None)
    timer.add(Record("sum", 0, "", 0, "", ()), 5, 0)
    assert (tree(timer.root), timer.records) == ({}, {})


def test_a_disabled_timer_lets_functions_and_generators_run(timer):
    timer.disable()
    assert (timer.section("f")(lambda x: x + 1)(2), list(timer.section("g")(one_two)())) == (
        3,
        [1, 2],
    )
    assert tree(timer.root) == {}


def test_an_enabled_timer_goes_on(timer, now):
    load = timer.section("load")
    timer.disable()
    timer.enable()
    with load:
        now[0] += 2
    assert tree(timer.root) == {"load": (1, 2, {})}


def test_a_block_open_while_disabling_counts(timer, now):
    with timer.section("open"):
        now[0] += 1
        timer.disable()
        with timer.section("inside"):
            now[0] += 2
    assert tree(timer.root) == {"open": (1, 3, {})}


def test_a_block_begun_while_disabled_does_not_count(timer):
    timer.disable()
    with timer.section("outer"):
        timer.enable()
        with timer.section("inner"):
            pass
    assert tree(timer.root) == {"inner": (1, 0, {})}


def test_a_disabled_block_restores_the_timer_even_after_errors(timer):
    with pytest.raises(ZeroDivisionError), timer.disabled():
        timer.measure("a", lambda: 1 // 0)
    assert (timer.enabled, list(timer)) == (True, [])


def test_a_disabled_block_keeps_a_disabled_timer_disabled(timer):
    timer.disable()
    with timer.disabled():
        pass
    assert not timer.enabled


def test_the_total_time_of_a_disabled_timer_goes_on(timer, now):
    timer.disable()
    now[0] += 7
    assert timer.total_ns == 7


# Instrumented functions ---------------------------------------------------------------------------


def test_an_instrumented_function_is_a_section_of_its_qualified_name(timer):
    class Model:
        @timer.instrument
        def forward(self, x):
            return x + 1

    assert Model().forward(2) == 3
    assert list(timer) == [
        "test_an_instrumented_function_is_a_section_of_its_qualified_name.<locals>.Model.forward"
    ]


def test_an_instrumented_function_may_be_given_a_name(timer):
    assert timer.instrument(max, "largest")(1, 2) == 2
    assert list(timer) == ["largest"]


@pytest.mark.parametrize("function", [functools.partial(max), 3, None])
def test_instrument_needs_a_name(timer, function):
    with pytest.raises(TypeError, match=r"has no name; write timer.instrument\(function, 'name'\)"):
        timer.instrument(function)


@pytest.mark.parametrize("thing", [int, "load", None])
def test_only_functions_can_be_timed(timer, thing):
    with pytest.raises(
        TypeError, match=r"section 'a' expects a function, got .*; decorate methods of a class"
    ):
        timer.section("a")(thing)


def test_a_function_as_label_is_an_error_naming_instrument(timer):
    with pytest.raises(
        TypeError, match=r"got .*; to time a function under its name, write @timer.instrument"
    ):
        timer.section(max)


# Generators and coroutines ------------------------------------------------------------------------


def one_two():
    yield 1
    yield 2


def test_a_generator_is_one_call_without_its_pauses(timer, now):
    @timer.section("items")
    def items():
        for item in "ab":
            now[0] += 5
            yield item

    for _ in items():
        now[0] += 1000
    assert tree(timer.root) == {"items": (1, 10, {})}


def test_a_generator_passes_on_what_is_sent_thrown_and_returned(timer):
    @timer.section("talk")
    def talk():
        try:
            got = yield "first"
            yield got
        except KeyError:
            yield "caught"
        return "end"

    def ask():
        return (yield from talk())

    talking = ask()
    said = [next(talking), talking.send("sent"), talking.throw(KeyError("x"))]
    with pytest.raises(StopIteration) as stop:
        next(talking)
    assert (said, stop.value.value) == (["first", "sent", "caught"], "end")


def test_a_generator_that_is_closed_cleans_up(timer):
    closed = []

    @timer.section("open")
    def work():
        try:
            yield 1
        finally:
            closed.append(True)

    running = work()
    next(running)
    running.close()
    assert (closed, timer["open"].ncalls) == ([True], 1)


def test_an_exception_in_a_generator_still_counts(timer, now):
    @timer.section("bad")
    def bad():
        now[0] += 3
        yield 1 // 0

    with pytest.raises(ZeroDivisionError):
        next(bad())
    with timer.section("next"):
        pass
    assert tree(timer.root) == {"bad": (1, 3, {}), "next": (1, 0, {})}


def test_a_piece_of_a_generator_counts_where_it_runs(timer, now):
    @timer.section("items")
    def items():
        for _ in range(2):
            now[0] += 5
            yield

    running = items()
    with timer.section("a"):
        next(running)
    with timer.section("b"):
        next(running)
    assert tree(timer.root) == {
        "a": (1, 5, {"items": (1, 5, {})}),
        "b": (1, 5, {"items": (0, 5, {})}),
    }


def test_calls_in_pieces_have_no_minimum_and_maximum(timer):
    list(timer.section("items")(one_two)())
    (row,) = timer.rows()
    assert (row.ncalls, row.avg_ns, row.min_ns, row.max_ns, row.std_ns) == (
        1,
        0.0,
        None,
        None,
        None,
    )


def test_coroutines_count_without_their_pauses(timer, now):
    @timer.section("work")
    async def work(ns):
        now[0] += ns
        await asyncio.sleep(0)
        now[0] += ns
        return ns

    async def both():
        return await asyncio.gather(work(1), work(10))

    assert asyncio.run(both()) == [1, 10]
    assert tree(timer.root) == {"work": (2, 22, {})}


def test_a_cancelled_coroutine_cleans_up(timer):
    seen = []

    @timer.section("wait")
    async def wait():
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    async def cancel():
        task = asyncio.create_task(wait())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled()

    assert (asyncio.run(cancel()), seen, timer["wait"].ncalls) == (True, ["cancelled"], 1)
    assert list(timer.section("generator")(one_two)()) == [1, 2]


def test_a_timed_coroutine_function_is_one(timer):
    async def work(): ...

    assert asyncio.iscoroutinefunction(timer.section("work")(work))


def test_an_async_generator_is_an_error_with_advice(timer):
    async def stream():
        yield 1

    message = (
        r"section 's' expects a function, got an async generator function; "
        r"write `with timer.section\('s'\):` inside stream"
    )
    with pytest.raises(TypeError, match=message):
        timer.section("s")(stream)


# Overlapping blocks -------------------------------------------------------------------------------


def test_blocks_that_close_in_another_order_keep_their_own_times(timer, now):
    first, second = timer.section("first"), timer.section("second")
    first.__enter__()
    now[0] += 1
    second.__enter__()
    now[0] += 10
    first.__exit__(None, None, None)
    now[0] += 100
    second.__exit__(None, None, None)
    with timer.section("after"):
        pass
    assert tree(timer.root) == {"first": (1, 11, {"second": (1, 110, {})}), "after": (1, 0, {})}


def test_a_block_in_a_suspended_generator_holds_nothing_of_its_caller(timer, now):
    def work():
        with timer.section("inside"):
            yield

    running = work()
    with timer.section("a"):
        next(running)
    with timer.section("b"):
        now[0] += 1
    running.close()
    with timer.section("c"):
        pass
    assert tree(timer.root) == {
        "a": (1, 0, {"inside": (1, 1, {})}),
        "b": (1, 1, {}),
        "c": (1, 0, {}),
    }


def test_a_reset_inside_a_generators_piece_does_no_harm(timer, now):
    @timer.section("items")
    def items():
        timer.reset()
        now[0] += 1
        yield

    list(items())
    assert tree(timer.root) == {"items": (0, 0, {})}
