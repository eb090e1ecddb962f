"""What tables of figures call their columns and codes to people. Programs read the codes."""

from collections.abc import Mapping

from lookout_contract.events import Severity
from lookout_server.domain.statistics import Step
from lookout_server.domain.wording import GRADES, Words

COLUMNS: Mapping[str, Words] = {
    "step": Words("步骤", "Step"),
    "severity": Words("等级", "Grade"),
    "cases": Words("案件数", "Cases"),
    "p50_s": Words("一半不超过（秒）", "Half within (s)"),
    "p90_s": Words("九成不超过（秒）", "Nine in ten within (s)"),
    "gateway": Words("网关", "Gateway"),
    "camera": Words("摄像头编号", "Camera id"),
    "name": Words("名称", "Name"),
    "scenario": Words("类型代码", "Kind"),
    "scenario_zh": Words("类型", "Kind (Chinese)"),
    "alarms": Words("告警", "Alarms"),
    "real": Words("属实", "Real"),
    "false": Words("误报", "False"),
    "duplicate": Words("重复", "Duplicate"),
    "other": Words("其他", "Other"),
    "open_alarms": Words("未研判", "Not judged"),
    "false_rate": Words("误报率", "False rate"),
    "grid": Words("网格编号", "Grid id"),
    "opened": Words("立案", "Opened"),
    "done": Words("办结", "Done"),
    "open": Words("在办", "Open"),
    "void": Words("不予立案", "Void"),
    "merged": Words("并案", "Merged"),
    "in_time": Words("按时", "In time"),
    "late": Words("超时", "Late"),
    "in_time_share": Words("按时率", "Share in time"),
    "person": Words("人员编号", "Person id"),
    "way_there_p50_s": Words("派遣到到场中位（秒）", "Median from sent to on scene (s)"),
    "day": Words("日期", "Day"),
}

#: Of the columns ``step`` and ``severity``.
CODES: Mapping[str, Words] = {
    Step.CONFIRM: Words("立案", "Confirmed"),
    Step.DISPATCH: Words("派遣", "Dispatched"),
    Step.ON_SCENE: Words("到场", "On scene"),
    Step.CLOSE: Words("结案", "Closed"),
    "all": Words("全部", "All"),
    **{severity.value: GRADES[severity] for severity in Severity},
}
