import threading
import time

import pytest

from app.video.pipeline import Behind, read_ahead


def wait_for(condition):
    until = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.005)


def test_read_ahead_gives_everything_in_order():
    assert list(read_ahead(iter(range(1000)), 4)) == list(range(1000))


def test_read_ahead_is_bounded():
    made = []
    items = read_ahead((made.append(i) or i for i in range(100)), 3)
    next(items)
    wait_for(lambda: len(made) >= 5)
    time.sleep(0.05)
    assert len(made) == 5  # one taken, three ready, one in hand
    items.close()


def test_read_ahead_raises_what_the_source_raises():
    def broken():
        yield 1
        raise KeyError("lost")

    items = read_ahead(broken(), 2)
    assert next(items) == 1
    with pytest.raises(KeyError, match="lost"):
        next(items)


def test_closing_read_ahead_ends_its_thread():
    before = threading.active_count()
    items = read_ahead(iter(int, 1), 2)  # endless
    next(items)
    items.close()
    assert threading.active_count() == before


def test_behind_works_in_order_and_waits_at_the_end():
    done = []
    with Behind(lambda item: (time.sleep(0.001), done.append(item)), 2) as behind:
        for item in range(50):
            behind.put(item)
    assert done == list(range(50))


@pytest.mark.parametrize("puts", [1, 20])
def test_what_the_work_raises_comes_out(puts):
    def work(item):
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"), Behind(work, 2) as behind:
        for item in range(puts):
            behind.put(item)


def test_an_error_of_the_caller_drops_the_rest():
    entered, go, done = threading.Event(), threading.Event(), []

    def work(item):
        entered.set()
        go.wait(5)
        done.append(item)

    with pytest.raises(RuntimeError, match="stop"), Behind(work, 8) as behind:
        for item in range(5):
            behind.put(item)
        entered.wait(5)
        threading.Timer(0.05, go.set).start()
        raise RuntimeError("stop")
    assert done == [0]
