"""The few words the dispatcher itself writes for people, in Chinese and English. Pages have their own catalogues."""

from collections.abc import Mapping
from dataclasses import dataclass

from lookout_contract.cases import CaseState
from lookout_contract.events import Scenario, Severity
from lookout_server.domain.roster import Duty
from lookout_server.domain.territory import Level


class _Count(int):
    """A number that takes its noun along: ``{count:case|cases}`` is "1 case", "2 cases"."""

    def __format__(self, spec: str) -> str:
        one, bar, other = spec.partition("|")
        return f"{int(self)} {one if self == 1 else other}" if bar else super().__format__(spec)


@dataclass(frozen=True)
class Words:
    """One text in both languages, with ``{placeholders}``; of a number ``{count:case|cases}``."""

    zh: str
    en: str

    def in_language(self, language: str) -> str:
        """The one in this language, as pages name it."""
        return self.en if language == "en" else self.zh

    def fill(self, **values: object) -> "Words":
        """The text with its placeholders filled."""
        given = {name: _Count(value) if type(value) is int else value for name, value in values.items()}
        return Words(self.zh.format(**given), self.en.format(**given))

    @classmethod
    def same(cls, text: str) -> "Words":
        """What is the same in every language: a name, or somebody's own words."""
        return cls(text, text)


NO_WORDS = Words.same("")

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
    "load": Words("手上有 {count} 个案件", "Has {count:case|cases} in hand"),
    "near": Words("距现场约 {metres} 米", "About {metres} m away"),
    "far": Words("离现场太远（约 {metres} 米）", "Too far away (about {metres} m)"),
    "tired": Words("一天内已在岗 {hours} 小时，应休息", "On duty for {hours} h within a day, has to rest"),
    "not_in_grid": Words("不负责本网格", "Does not work in this grid"),
    "returned": Words("已回退过本案件", "Gave this case back before"),
    "no_grid": Words("摄像头尚未划入网格", "The camera has not been placed in a grid"),
    "skill": Words("具备专长：{skill}", "Has the skill {skill}"),
    "no_skill": Words("缺少专长：{skill}", "Lacks the skill {skill}"),
    "overloaded": Words("手上案件已满（{count} 个）", "Has enough in hand ({count:case|cases})"),
    "no_consent": Words("未同意接收派遣", "Has not agreed to be sent"),
    "silent": Words("本案派遣后没有回应", "Was sent for this case and did not answer"),
}

DUTIES: Mapping[Duty, Words] = {
    Duty.ON: Words("在岗", "On duty"),
    Duty.UNROSTERED: Words("未排班，视为可派", "Not on the roster, taken as available"),
    Duty.OFF: Words("不在班", "Off duty"),
    Duty.REST: Words("休息", "Resting"),
    Duty.LEAVE: Words("请假", "On leave"),
}

ROTATION_WARNINGS: Mapping[str, Words] = {
    "short_rest": Words("{post}：距上一班只休息 {hours} 小时", "{post}: only {hours} h of rest since the watch before"),
    "on_leave": Words("{post}：当天请假或休息", "{post}: on leave or resting that day"),
    "twice": Words("{post}：与另一班次重叠", "{post}: overlaps another shift"),
}

LEVELS: Mapping[Level, Words] = {
    Level.BUILDING: Words("本楼栋", "Of the building"),
    Level.GRID: Words("网格", "Of the grid"),
    Level.COMMUNITY: Words("社区层级", "Of the community"),
    Level.STREET: Words("街道层级", "Of the street office"),
    Level.DISTRICT: Words("区级", "Of the district"),
}

GRADES: Mapping[Severity, Words] = {
    Severity.RED: Words("红色", "red"),
    Severity.YELLOW: Words("黄色", "yellow"),
    Severity.BLUE: Words("蓝色", "blue"),
}

#: Titles of notices; ``{title}`` is the case's.
NOTICES: Mapping[str, Words] = {
    "dispatched": Words("新任务：{title}（{number}），请签收", "New task: {title} ({number}), please accept"),
    "reassigned": Words("{number} 已改派他人：{title}", "{number} went to somebody else: {title}"),
    "also_at": Words(
        "案件 {number} 又在别处发现：{title}，请一并处置", "Case {number} was seen in one more place: {title}"
    ),
    "raised": Words(
        "升级为{grade}：{title}（{number}），请加快处置", "Raised to {grade}: {title} ({number}), please hurry"
    ),
    "raised_unsent": Words(
        "升级为{grade}：{title}（{number}），还没有派人", "Raised to {grade}: {title} ({number}), nobody was sent yet"
    ),
    "handler_gone": Words(
        "处置人的账号已停用，请改派：{title}（{number}）",
        "The account of who has it is disabled, send somebody else: {title} ({number})",
    ),
    "late": Words("超时提醒：{title}（{number}）停在“{state}”", "Late: {title} ({number}) is still {state}"),
    "returned": Words("被回退，请另派：{title}（{number}）", "Given back, send somebody else: {title} ({number})"),
    "rework": Words("返工：{title}（{number}）", "Rework: {title} ({number})"),
    "asked": Words("待审批：{title}（{number}）申请挂账或延期", "To approve: more time for {title} ({number})"),
    "approved": Words("已批准：{title}（{number}）", "Approved: {title} ({number})"),
    "refused": Words("未批准：{title}（{number}）", "Not approved: {title} ({number})"),
    "resumed": Words("挂账结束，请继续：{title}（{number}）", "Goes on again: {title} ({number})"),
    "whistle": Words("吹哨：请到 {title}（{number}）并报到", "Called: go to {title} ({number}) and report in"),
    "help": Words("求助：{title}（{number}），请支援", "Help is needed: {title} ({number})"),
    "supervised": Words("督办：{title}（{number}）", "Under supervision: {title} ({number})"),
    "button": Words("{title}（{number}），请立即处置", "{title} ({number}), act now"),
    "reported": Words("新上报：{title}（{number}），请研判", "Reported by people: {title} ({number}), please judge"),
    "inspection_due": Words("待巡检：{title}", "To inspect: {title}"),
    "inspection_late": Words("巡检逾期：{title}", "Inspection overdue: {title}"),
    "alarm_late": Words("告警无人研判：{title}", "Nobody has judged the alarm: {title}"),
    "alarm_dropped": Words("接手后没有进展，告警重新待研判：{title}", "Taken up without progress, open again: {title}"),
    "gateway_lost": Words(
        "网关失联：{title}，看不到画面，请检查设备、电源和网络",
        "Gateway lost: {title}, nobody watches there; look at its box, power and network",
    ),
    "hand_over": Words("交接班待签收：{title}", "To be taken over and signed: {title}"),
    "care_asked": Words(
        "有人申请查阅关爱案件（{number}），请第二人批准",
        "Somebody asks to look into care case {number}: agree or refuse",
    ),
    "care_opened": Words("关爱案件（{number}）已向您开放查阅", "Care case {number} is open to you"),
    "follow_up": Words("请回访：{title}（{number}）", "Ask how things are: {title} ({number})"),
}

#: Headings of messages that hold several notices of a kind.
GROUPS: Mapping[str, Words] = {
    "dispatched": Words("{count} 个新任务，请签收", "{count} new tasks, please accept"),
    "reassigned": Words("{count} 个案件已改派他人", "{count} cases went to somebody else"),
    "also_at": Words("{count} 处新发现，属于进行中的案件", "Open cases were seen in {count} more places"),
    "raised": Words("{count} 个案件升级", "{count} cases are graver now"),
    "handler_gone": Words(
        "{count} 个案件的处置人账号已停用，请改派", "{count} cases are with disabled accounts, send somebody else"
    ),
    "late": Words("{count} 个案件超时", "{count} cases are late"),
    "returned": Words("{count} 个案件被回退，请另派", "{count} cases were given back, send somebody else"),
    "rework": Words("{count} 个案件返工", "Rework on {count} cases"),
    "asked": Words("{count} 个挂账或延期申请待审批", "More time is asked for {count} cases"),
    "whistle": Words("{count} 次吹哨，请报到", "Called to {count} cases, please report in"),
    "supervised": Words("{count} 个案件被督办", "{count} cases are under supervision"),
    "reported": Words("{count} 件新上报，请研判", "{count} reports by people, please judge"),
    "inspection_due": Words("{count} 处待巡检", "{count} inspections are due"),
    "inspection_late": Words("{count} 处巡检逾期", "{count} inspections are overdue"),
    "alarm_late": Words("{count} 条告警无人研判", "Nobody has judged {count} alarms"),
    "gateway_lost": Words("{count} 台网关失联", "{count} gateways are lost"),
    "alarm_dropped": Words("{count} 条告警接手后没有进展", "{count} alarms were taken up without progress"),
    "follow_up": Words("{count} 个案件请回访", "{count} cases to follow up"),
}
#: What stands for a title where a notice is about no single case.
HANDED_OVER = Words("{name} · {count} 件", "{name} · {count:case|cases}")
GATEWAY_OF = Words("{name}（{count} 路摄像头）", "{name} ({count:camera|cameras})")
SEVERAL = Words("{count} 条通知", "{count} notices")
AND_MORE = Words("另有 {count} 条，详见平台", "and {count} more, see the console")

STATES: Mapping[CaseState, Words] = {
    CaseState.NEW: Words("待研判", "new"),
    CaseState.CONFIRMED: Words("立案", "confirmed"),
    CaseState.DISPATCHED: Words("已派遣", "dispatched"),
    CaseState.ACCEPTED: Words("已签收", "accepted"),
    CaseState.ON_SCENE: Words("已到场", "on scene"),
    CaseState.FEEDBACK: Words("已反馈", "feedback"),
    CaseState.VERIFYING: Words("核查中", "verifying"),
    CaseState.REWORK: Words("返工", "rework"),
    CaseState.SUSPENDED: Words("挂账", "suspended"),
    CaseState.CLOSED: Words("已结案", "closed"),
    CaseState.FOLLOW_UP: Words("回访", "follow-up"),
    CaseState.EVALUATED: Words("已评价", "evaluated"),
    CaseState.VOID: Words("不予立案", "void"),
    CaseState.MERGED: Words("已并案", "merged"),
}
