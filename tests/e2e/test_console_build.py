"""The console's own checks: types and unit tests, with the Node.js that builds it."""

import pytest

import build_console

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def test_types_and_unit_tests_pass() -> None:
    try:
        build_console.install(build_console.find_node())
    except build_console.ConsoleBuildError as error:
        pytest.skip(f"the console's packages are missing: {error}")
    build_console.check()
