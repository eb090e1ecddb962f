from collections.abc import Iterable
from contextlib import ExitStack
from datetime import timedelta

import pytest

from lookout_server.api.throttle import Allowance, Allowances, SignInThrottle
from lookout_server.errors import ThrottledError, UnauthenticatedError
from lookout_server.testing import NOON


def _fail(throttle: SignInThrottle, times: int) -> None:
    for _ in range(times):
        throttle.failed("li", "10.0.0.1", NOON)


def test_a_few_mistakes_are_free() -> None:
    throttle = SignInThrottle()
    _fail(throttle, 4)
    throttle.check("li", "10.0.0.1", NOON)


def test_then_each_failure_doubles_the_wait_up_to_five_minutes() -> None:
    throttle = SignInThrottle()
    _fail(throttle, 7)
    with pytest.raises(ThrottledError) as caught:
        throttle.check("li", "10.0.0.1", NOON)
    assert caught.value.retry_after_s == 5
    throttle.check("li", "10.0.0.1", NOON + timedelta(seconds=4))
    _fail(throttle, 100)
    with pytest.raises(ThrottledError) as caught:
        throttle.check("li", "10.0.0.1", NOON)
    assert caught.value.retry_after_s == 301


def test_others_do_not_wait_and_success_forgets() -> None:
    throttle = SignInThrottle()
    _fail(throttle, 9)
    throttle.check("li", "10.0.0.2", NOON)
    throttle.check("wang", "10.0.0.1", NOON)
    throttle.succeeded("li", "10.0.0.1")
    throttle.check("li", "10.0.0.1", NOON)


def _guess(throttle: SignInThrottle, username: str, address: str) -> None:
    with throttle.attempt(username, address, NOON):
        raise UnauthenticatedError("no")


def _guesses(throttle: SignInThrottle, tried: Iterable[tuple[str, str]]) -> int:
    """How many of these were let through."""
    through = 0
    for username, address in tried:
        try:
            _guess(throttle, username, address)
        except UnauthenticatedError:
            through += 1
        except ThrottledError:
            pass
    return through


def _comes_in(throttle: SignInThrottle, username: str, address: str) -> None:
    with throttle.attempt(username, address, NOON):
        pass


def test_one_address_does_not_try_some_passwords_on_each_of_many_names() -> None:
    clock = [0.0]
    throttle = SignInThrottle(monotonic=lambda: clock[0])
    assert _guesses(throttle, ((f"name-{number}", "10.0.0.1") for number in range(500))) == 120
    clock[0] += 60
    assert _guesses(throttle, ((f"other-{number}", "10.0.0.1") for number in range(500))) == 10
    _comes_in(throttle, "wang", "10.0.0.2")


def test_one_name_is_not_tried_from_many_addresses() -> None:
    clock = [0.0]
    throttle = SignInThrottle(monotonic=lambda: clock[0])
    assert _guesses(throttle, (("li", f"10.0.1.{number}") for number in range(200))) == 30
    clock[0] += 60
    assert _guesses(throttle, (("li", f"10.0.2.{number}") for number in range(200))) == 6
    _comes_in(throttle, "wang", "10.0.1.7")


def test_who_came_in_from_there_before_waits_for_nobody_elses_guesses() -> None:
    throttle = SignInThrottle(monotonic=lambda: 0.0)
    _comes_in(throttle, "li", "10.0.0.1")
    _guesses(throttle, ((f"name-{number}", "10.0.0.1") for number in range(200)))
    _guesses(throttle, (("li", f"10.0.1.{number}") for number in range(100)))
    _comes_in(throttle, "li", "10.0.0.1")
    assert _guesses(throttle, [("li", "10.0.0.1")] * 20) == 5, "their own mistakes count all the same"


def test_an_office_that_comes_in_is_never_held_back() -> None:
    throttle = SignInThrottle(monotonic=lambda: 0.0)
    for number in range(300):
        _comes_in(throttle, f"name-{number}", "10.0.0.1")
    assert _guesses(throttle, ((f"guess-{number}", "10.0.0.1") for number in range(200))) == 120, "nor is room used up"


def test_guesses_under_way_at_once_are_counted_for_the_address() -> None:
    throttle = SignInThrottle(monotonic=lambda: 0.0)
    through = 0
    with ExitStack() as waiting:
        for number in range(200):
            try:
                waiting.enter_context(throttle.attempt(f"name-{number}", "10.0.0.1", NOON))
                through += 1
            except ThrottledError:
                pass
    assert through == 120


def test_old_failures_do_not_count() -> None:
    throttle = SignInThrottle()
    _fail(throttle, 9)
    later = NOON + timedelta(hours=1)
    throttle.failed("li", "10.0.0.1", later)
    throttle.check("li", "10.0.0.1", later)


def test_a_clock_that_is_set_back_locks_nobody_out() -> None:
    throttle, allowances, few = SignInThrottle(), Allowances(), Allowance(times=2, within_s=600)
    _fail(throttle, 9)
    for _ in range(2):
        allowances.take(few, "10.0.0.1", NOON)
    assert not allowances.left(few, "10.0.0.1", NOON)
    before = NOON - timedelta(days=365)
    throttle.check("li", "10.0.0.1", before)
    assert allowances.left(few, "10.0.0.1", before)
