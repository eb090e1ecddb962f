"""The few words the dispatcher itself writes for people, in Chinese and English. Pages have their own catalogues."""

from collections.abc import Mapping
from dataclasses import dataclass

from lookout_contract.events import Scenario


@dataclass(frozen=True)
class Words:
    """One text in both languages, with ``{placeholders}``."""

    zh: str
    en: str

    def fill(self, **values: object) -> "Words":
        """The text with its placeholders filled."""
        return Words(self.zh.format(**values), self.en.format(**values))


SCENARIOS: Mapping[Scenario, Words] = {
    Scenario.UNFAMILIAR_VEHICLE: Words("陌生车辆", "Unfamiliar vehicle"),
    Scenario.FIRE_SMOKE: Words("火情烟雾", "Fire or smoke"),
    Scenario.GARBAGE: Words("垃圾违规投放", "Garbage violation"),
    Scenario.CORRIDOR_EBIKE: Words("电动车进楼", "E-bike in the corridor"),
    Scenario.KEY_AREA: Words("重点区域", "Key area"),
    Scenario.CARE: Words("重点人群关爱", "Care"),
    Scenario.CAMERA_BLIND: Words("摄像头失明", "Camera blind"),
}

REASONS: Mapping[str, Words] = {
    "in_grid": Words("负责本网格（{grid}）", "Works in this grid ({grid})"),
    "load": Words("手上有 {count} 个案件", "Has {count} cases in hand"),
    "not_in_grid": Words("不负责本网格", "Does not work in this grid"),
    "returned": Words("已回退过本案件", "Gave this case back before"),
    "no_grid": Words("摄像头尚未划入网格", "The camera has not been placed in a grid"),
}
