from datetime import timedelta

import pytest

from lookout_server.api.throttle import Allowance, Allowances, SignInThrottle
from lookout_server.errors import ThrottledError
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
