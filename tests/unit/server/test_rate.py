"""Token buckets, and what they never hold back."""

import pytest

from lookout_server.api.rate import Buckets, Rate, unlimited, whence
from lookout_server.errors import ThrottledError
from lookout_server.testing import ManualClock


def test_a_bucket_fills_up_again_and_no_further() -> None:
    clock = ManualClock()
    buckets = Buckets(Rate(per_s=0.5, burst=2), now=lambda: clock.now().timestamp())
    clock.advance(1000)
    for _ in range(2):
        buckets.take("a")
    with pytest.raises(ThrottledError) as held:
        buckets.take("a")
    assert held.value.retry_after_s == 2
    clock.advance(1)
    with pytest.raises(ThrottledError) as held:
        buckets.take("a")
    assert held.value.retry_after_s == 1
    clock.advance(1)
    buckets.take("a")
    assert unlimited("PUT", "/api/v1/stills/gate")
    assert not unlimited("GET", "/api/v1/stills")


def test_a_line_of_ipv6_is_one_address() -> None:
    assert whence("2001:db8:1:2:aaaa::1") == whence("2001:db8:1:2::ffff") == "2001:db8:1:2::/64"
    assert whence("2001:db8:1:3::1") != whence("2001:db8:1:2::1")
    assert [whence(each) for each in ("10.0.0.1", "::ffff:10.0.0.1", "", "a:b")] == ["10.0.0.1", "10.0.0.1", "", "a:b"]
