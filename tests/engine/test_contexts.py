"""Recordings in asyncio tasks, threads and generators."""

import asyncio
import contextlib
import contextvars
import gc
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import autograd_tools as ag

X = np.array([1.0, 2.0, 3.0])


@pytest.fixture
def w():
    param = ag.Param(2.0, name="w")
    yield param
    assert type(param * 1.0) is float  # nothing records any more


async def squared(w, k, pauses):
    with ag.record() as J:
        a = w * k
        for _ in range(pauses):
            await asyncio.sleep(0)
        b = a * w
    J.backward(b)
    return len(J.nodes), ag.grad(J, w)


def test_tasks_record_apart_from_one_another(w):
    async def main():
        return await asyncio.gather(squared(w, 1.0, 1), squared(w, 2.0, 3), squared(w, 3.0, 2))

    assert asyncio.run(main()) == [(3, 4.0), (3, 8.0), (3, 12.0)]


def test_tasks_of_a_group_record_into_the_recording_around_it(w):
    async def part(k):
        await asyncio.sleep(0)
        return w * k

    async def loss():
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(part(float(k))) for k in range(4)]
        return sum(task.result() for task in tasks)

    assert ag.grad(ag.diff(lambda: asyncio.run(loss())), w) == 6.0


def test_a_task_started_before_a_recording_computes_plainly(w):
    async def main():
        asked = asyncio.Event()

        async def other():
            await asked.wait()
            return w * 3.0

        task = asyncio.create_task(other())
        await asyncio.sleep(0)
        with ag.record() as J:
            a = w * w
            asked.set()
            plain = await task
        return plain, len(J.nodes), ag.grad(J, w), a

    plain, n, slope, _ = asyncio.run(main())
    assert (plain, type(plain), n, slope) == (6.0, float, 2, 4.0)


def test_a_task_that_outlives_a_recording_computes_plainly(w):
    async def main():
        over = asyncio.Event()

        async def late():
            await over.wait()
            return w * 3.0, ag.grad(ag.diff(lambda: w * w), w)

        with ag.record() as J:
            task = asyncio.create_task(late())
            y = w * w
            await asyncio.sleep(0)
        J.backward(y)
        over.set()
        return await task, len(J.nodes)

    assert asyncio.run(main()) == ((6.0, 4.0), 2)


def test_a_cancelled_task_leaves_its_recording(w):
    async def forever(found):
        with ag.record() as J:
            found.append(J)
            w * 2.0
            await asyncio.sleep(60)

    async def main():
        found = []
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await forever(found)
        task = asyncio.create_task(forever(found))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        return [J.is_open for J in found], type(w * 1.0)

    assert asyncio.run(main()) == ([False, False], float)


def test_inner_event_loops_record_into_the_recording_around_them(w):
    async def square():
        await asyncio.sleep(0)
        return w * w

    async def outer():
        with ThreadPoolExecutor(
            1
        ) as pool:  # another loop in another thread, with its own recording
            there = pool.submit(lambda: ag.grad(ag.diff(lambda: asyncio.run(square())), w))
        here = await squared(w, 1.0, 1)
        return there.result(), here

    assert asyncio.run(outer()) == (4.0, (3, 4.0))
    assert ag.grad(ag.diff(lambda: asyncio.run(square())), w) == 4.0


def parts(w, k):
    with ag.record() as J:
        a = w * k
        yield "started"
        b = a * w
    J.backward(b)
    yield len(J.nodes), ag.grad(J, w)


def test_generators_record_apart_from_one_another(w):
    first, second = parts(w, 1.0), parts(w, 2.0)
    assert list(zip(first, second, strict=True)) == [("started",) * 2, ((3, 4.0), (3, 8.0))]


def test_generators_end_in_any_order(w):
    found = [parts(w, k) for k in (1.0, 2.0, 3.0)]
    for generator in found:
        next(generator)
    assert [next(found[i]) for i in (1, 0, 2)] == [(3, 8.0), (3, 4.0), (3, 12.0)]


def test_a_suspended_generator_records_nothing_of_its_caller(w):
    generator = parts(w, 1.0)
    next(generator)
    assert type(w * 3.0) is float
    assert ag.grad(ag.diff(lambda: w * w * w), w) == 12.0
    assert next(generator) == (3, 4.0)


def open_forever(w, found):
    with ag.record() as J:
        found.append(J)
        w * w
        yield


def test_a_generator_is_closed_late_inside_another_recording(w):
    found = []
    generator = open_forever(w, found)
    next(generator)
    with ag.record() as J:
        y = w * w
        generator.close()
        z = y * w
    J.backward(z)
    assert (len(J.nodes), ag.grad(J, w), ag.grad(found[0], w)) == (3, 12.0, 4.0)


def test_a_collected_generator_leaves_its_recording(w):
    found = []
    generator = open_forever(w, found)
    next(generator)
    del generator
    gc.collect()
    assert not found[0].is_open


def test_a_generator_closed_in_another_thread_leaves_its_recording(w):
    found = []
    generator = open_forever(w, found)
    next(generator)
    thread = threading.Thread(target=generator.close)
    thread.start()
    thread.join()
    assert not found[0].is_open
    assert ag.grad(ag.diff(lambda: w * w), w) == 4.0


def test_a_generator_records_into_the_recording_around_it(w):
    def terms():
        for k in range(4):
            yield w * float(k)

    assert ag.grad(ag.diff(lambda: sum(terms())), w) == 6.0


def test_a_generator_as_context_manager_records_its_block(w):
    @contextlib.contextmanager
    def recorded():
        with ag.record() as J:
            yield J

    with recorded() as J, contextlib.ExitStack() as stack:
        K = stack.enter_context(ag.record())
        y = w * w
    assert (ag.grad(J, w), ag.grad(K, w), y) == (4.0, 4.0, 4.0)


async def parts_awaited(w, k):
    with ag.record() as J:
        a = w * k
        yield "started"
        await asyncio.sleep(0)
        b = a * w
    J.backward(b)
    yield len(J.nodes), ag.grad(J, w)


def test_async_generators_of_one_task_record_apart(w):
    async def main():
        first, second = parts_awaited(w, 1.0), parts_awaited(w, 2.0)
        started = await anext(first), await anext(second), type(w * 1.0)
        found = await anext(first), await anext(second)
        await first.aclose()
        await second.aclose()
        return started, found

    assert asyncio.run(main()) == (("started", "started", float), ((3, 4.0), (3, 8.0)))


def test_an_async_generator_records_from_task_to_task(w):
    async def main():  # wait_for runs each step in a task of its own
        steps = parts_awaited(w, 1.0)
        found = [await asyncio.wait_for(anext(steps), 60) for _ in range(2)]
        await steps.aclose()
        return found

    assert asyncio.run(main()) == ["started", (3, 4.0)]


def test_tasks_of_an_async_generator_record_into_it(w):
    async def part(k):
        await asyncio.sleep(0)
        return w * k

    async def steps():
        with ag.record() as J:
            terms = await asyncio.gather(part(1.0), part(2.0))
            y = terms[0] + terms[1]
        J.backward(y)
        yield ag.grad(J, w)

    async def main():
        return [slope async for slope in steps()]

    assert asyncio.run(main()) == [3.0]


def test_an_abandoned_async_generator_leaves_its_recording(w):
    found = []

    async def forever():
        with ag.record() as J:
            found.append(J)
            yield w * w
            yield

    async def main():
        async for _ in forever():
            break
        gc.collect()
        await asyncio.sleep(0)

    asyncio.run(main())
    assert not found[0].is_open


def test_a_recording_in_another_context_is_left_there(w):
    with contextlib.ExitStack() as stack:
        context = contextvars.copy_context()
        J = context.run(stack.enter_context, ag.record())
        assert type(context.run(lambda: w * 1.0)) is not float
        with pytest.raises(ag.LostGradientError, match="created outside the current recording"):
            w * 1.0
    assert (J.is_open, type(context.run(lambda: w * 1.0))) == (False, float)


def test_listeners_hear_of_each_task(w):
    seen = []

    async def slope(k):
        with ag.record() as J:
            y = w * k * w
            await asyncio.sleep(0)
        J.backward(y)

    async def main():
        await asyncio.gather(slope(1.0), slope(2.0))

    with ag.after_gradients(lambda: seen.append(1)):
        asyncio.run(main())
    assert seen == [1, 1]


def test_a_generator_resumed_inside_another_recording_is_refused(w):
    generator = parts(w, 1.0)
    next(generator)
    with pytest.raises(RuntimeError, match="resumed inside another recording"):
        ag.diff(lambda: w * next(generator)[1])
    assert ag.grad(ag.diff(lambda: w * w), w) == 4.0


# Params in other threads.


def in_thread(f):
    """Return what `f` returns or raises in a thread of its own."""
    with ThreadPoolExecutor(1, thread_name_prefix="worker") as pool:
        return pool.submit(f).result()


def sum_in_pool(w):
    with ThreadPoolExecutor(2) as pool:
        return sum(pool.map(lambda k: w * k, [1.0, 2.0]))


def test_a_loss_computed_in_a_thread_pool_is_refused(w):
    with pytest.raises(ag.LostGradientError, match=r"ThreadPoolExecutor.*ag.value\(x\)"):
        ag.diff(lambda: sum_in_pool(w))


@pytest.mark.parametrize("first", [True, False])
def test_a_part_computed_in_a_thread_pool_is_refused(w, first):
    def loss():
        if first:
            return w * 3.0 + sum_in_pool(w)
        return sum_in_pool(w) + w * 3.0

    with pytest.raises(ag.LostGradientError, match=r"ag.value\(x\)"):
        ag.diff(loss)


def test_the_gradient_of_a_param_only_used_in_a_pool_is_refused(w):
    v = ag.Param(3.0)
    J = ag.diff(lambda: v * v + sum_in_pool(w))
    assert ag.grad(J, v) == 6.0
    with pytest.raises(ag.LostGradientError, match="ThreadPoolExecutor"):
        ag.grad(J, w)


def test_the_plain_value_of_a_param_is_fine_in_a_pool(w):
    J = ag.diff(lambda: w * in_thread(lambda: ag.value(w) * 3.0 + w.value))
    assert ag.grad(J, w) == 8.0


def test_a_block_computed_in_a_thread_pool_is_refused(w):
    with ag.record() as J:
        sum_in_pool(w)
    with pytest.raises(ag.LostGradientError, match="ThreadPoolExecutor"):
        J.backward()


def test_a_loss_in_to_thread_is_refused(w):
    async def loss():
        return await asyncio.to_thread(lambda: w * 2.0)

    with pytest.raises(RuntimeError, match=r"recorded by another thread.*ag.value\(x\)"):
        ag.diff(lambda: asyncio.run(loss()))


def test_an_inner_gradient_in_to_thread_is_refused(w):
    async def loss():
        return w * await asyncio.to_thread(lambda: ag.grad(ag.diff(lambda: w * w), w))

    with pytest.raises(RuntimeError, match="recorded by another thread"):
        ag.diff(lambda: asyncio.run(loss()))


def test_a_loss_in_an_executor_of_asyncio_is_refused(w):
    async def loss():
        return await asyncio.get_running_loop().run_in_executor(None, lambda: w * 2.0)

    with pytest.raises(ag.LostGradientError, match="asyncio_0"):
        ag.diff(lambda: asyncio.run(loss()))


def test_a_recorded_value_in_another_thread_is_refused(w):
    with ag.record():
        y = w * 2.0
        with pytest.raises(RuntimeError, match="recorded by another thread"):
            in_thread(lambda: y * 3.0)


def test_another_thread_computes_with_params_of_its_own(w):
    v = ag.Param(3.0)
    with ag.record() as J:
        assert in_thread(lambda: v * 2.0) == 6.0
        assert in_thread(lambda: ag.grad(ag.diff(lambda: v * v), v)) == 6.0
        loss = w * w
    J.backward(loss)
    assert ag.grad(J, w) == 4.0


def test_threads_share_params_of_their_recordings(w):
    meet = threading.Barrier(4, timeout=60)

    def slope(k):
        def loss():
            meet.wait()
            y = w * k
            meet.wait()
            return y * w

        return [ag.grad(ag.diff(loss), w) for _ in range(20)]

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(slope, [1.0, 2.0, 3.0, 4.0]))
    assert found == [[4.0 * k] * 20 for k in (1.0, 2.0, 3.0, 4.0)]


def test_to_thread_records_apart_outside_of_recordings(w):
    async def main():
        slope = lambda k: ag.grad(ag.diff(lambda: w * w * k), w)  # noqa: E731
        return await asyncio.gather(*(asyncio.to_thread(slope, k) for k in (1.0, 2.0)))

    assert asyncio.run(main()) == [4.0, 8.0]


def test_a_context_begun_outside_of_a_running_recording_is_refused(w):
    context = contextvars.copy_context()
    with pytest.raises(ag.LostGradientError, match="created outside the current recording"):
        ag.diff(lambda: context.run(lambda: w * 2.0))


def test_a_task_created_outside_and_run_inside_a_recording_is_refused(w):
    async def loss():
        return w * 2.0

    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        task = loop.create_task(loss())
        with pytest.raises(ag.LostGradientError, match="create it inside"):
            ag.diff(lambda: loop.run_until_complete(task))


def test_a_copied_context_keeps_no_tape_alive(w):
    with ag.record() as J:
        context = contextvars.copy_context()
        y = w * w
    J.backward(y)
    tape = weakref.ref(J)
    del J, y
    gc.collect()
    assert (tape(), context.run(lambda: type(w * 1.0))) == (None, float)


def test_a_suspended_generator_keeps_no_closed_tape_alive(w):
    def pieces():
        with ag.record() as J:
            found.append(weakref.ref(J))
            w * w
        del J
        yield
        yield

    found = []
    generator = pieces()
    next(generator)
    gc.collect()
    assert found[0]() is None
