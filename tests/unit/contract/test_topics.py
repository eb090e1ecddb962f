"""Builders and the parser are each other's inverse, and nothing can break out of a gateway's subtree."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookout_contract.base import ContractError
from lookout_contract.events import Scenario
from lookout_contract.topics import CaseTopics, GatewayTopics, ParsedTopic, parse_gateway_topic

ids = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,62}", fullmatch=True)


@given(ids, ids, ids, st.sampled_from(Scenario))
def test_what_is_built_can_be_parsed(site: str, gateway: str, camera: str, scenario: Scenario) -> None:
    topics = GatewayTopics(site=site, gateway=gateway)

    def parsed(channel: str, **rest: Any) -> ParsedTopic:
        return ParsedTopic(site=site, gateway=gateway, channel=channel, **rest)

    assert parse_gateway_topic(topics.event(camera, scenario)) == parsed("event", camera=camera, scenario=scenario)
    assert parse_gateway_topic(topics.trial(camera, scenario)) == parsed("test", camera=camera, scenario=scenario)
    assert parse_gateway_topic(topics.camera_state(camera)) == parsed("camera", camera=camera)
    assert parse_gateway_topic(topics.receipt) == parsed("receipt")
    assert parse_gateway_topic(topics.status) == parsed("status")
    assert parse_gateway_topic(topics.command("reload")) == parsed("command", name="reload")
    assert parse_gateway_topic(topics.response("reload")).source == f"/site/{site}/gateway/{gateway}"


@given(st.text())
def test_any_other_text_is_refused_with_the_contract_error(text: str) -> None:
    with pytest.raises(ContractError):
        parse_gateway_topic(text)


@pytest.mark.parametrize("wrong", ["", "+", "#", "a/b", "A", "a\n", "网关"])
def test_ids_that_would_change_the_topic_are_refused(wrong: str) -> None:
    with pytest.raises(ContractError, match="cannot be part of a topic"):
        GatewayTopics(site="s", gateway=wrong)
    with pytest.raises(ContractError):
        GatewayTopics(site="s", gateway="g").event(wrong, Scenario.CARE)
    with pytest.raises(ContractError):
        _ = CaseTopics(site="s", grid="grid-07", case=wrong).event


def test_an_unknown_scenario_names_the_known_ones() -> None:
    with pytest.raises(ContractError, match="fire_smoke"):
        parse_gateway_topic("lookout/v1/s/gateway/g/event/c/earthquake")


def test_case_topics() -> None:
    topics = CaseTopics(site="s", grid="grid-07", case="c-1")
    assert (topics.event, topics.state) == (
        "lookout/v1/s/case/grid-07/c-1/event",
        "lookout/v1/s/case/grid-07/c-1/state",
    )
