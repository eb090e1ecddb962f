"""What cases are about, as codes that pages have words for: ``FAMILY.CODE``, of rules, of reports and of the button."""

from collections.abc import Mapping, Sequence

from lookout_contract.events import Scenario
from lookout_server.domain.button import DANGERS, DangerKind
from lookout_server.domain.case import Case, Source
from lookout_server.domain.resident import KINDS, ReportKind
from lookout_server.domain.wording import SCENARIOS, Words

#: Fewer characters than this are in the English of nearly every topic.
_SHORTEST = 3
_HOTLINE = "12345 · "


def of_scenario(scenario: Scenario) -> str:
    """What a rule found, or somebody in its terms."""
    return f"scenario.{scenario.value}"


def of_report(kind: ReportKind) -> str:
    """What people report."""
    return f"report.{kind.value}"


def of_danger(kind: DangerKind) -> str:
    """Why somebody pressed the button."""
    return f"danger.{kind.value}"


TOPICS: Mapping[str, Words] = {
    **{of_scenario(scenario): words for scenario, words in SCENARIOS.items()},
    **{of_report(kind): row.words for kind, row in KINDS.items()},
    **{of_danger(kind): row.words for kind, row in DANGERS.items()},
}


def titled(topic: str, scene: str, source: Source = Source.CAMERA) -> Words:
    """A case's title: what it is about, and where as that is called now."""
    told = "" if source is not Source.HOTLINE else _HOTLINE
    words = TOPICS[topic]
    return Words(f"{told}{words.zh} · {scene}", f"{told}{words.en} · {scene}")


def title_of(case: Case) -> Words:
    """For somebody to be told; a case without a topic, from before there were any, has its Chinese title alone."""
    if case.topic is None or case.scene is None or case.topic not in TOPICS:
        return Words.same(case.title)
    return Words(case.title, titled(case.topic, case.scene, case.source).en)


def meant_by(text: str) -> Sequence[str]:
    """The Chinese of topics whose English has the text in it, as titles have them; for searches."""
    sought = text.casefold()
    if len(sought) < _SHORTEST:
        return ()
    return tuple(dict.fromkeys(words.zh for words in TOPICS.values() if sought in words.en.casefold()))
