from datetime import date
from pathlib import Path

import pytest

from lookout_edge.adapters.zoo import Zoo
from lookout_edge.bootstrap.examination import check_calendar
from lookout_edge.bootstrap.streams import source_options
from lookout_edge.config import LoadedConfig, UnfamiliarVehicleRule, load_config
from lookout_edge.domain.finding import Grade
from lookout_edge.errors import ConfigError

MODELS = {
    "coco-nano": ("person", "bicycle", "car", "motorcycle"),
    "plate-detector": ("plate",),
    "plate-reader": (),
}
GOOD = """\
site: riverside
gateway: gw-1
cameras:
  gate:
    source:
      url: rtsp://192.0.2.1/stream
    zones:
      lane:
        polygon: [[0, 0.5], [1, 0.5], [1, 1], [0, 1]]
    rules:
      - scenario: unfamiliar_vehicle
        zones: [lane]
        dwell_s: 5
"""


def load(folder: Path, text: str, environ: dict[str, str] | None = None) -> LoadedConfig:
    path = folder / "g.yaml"
    path.write_text(text, encoding="utf-8")
    return load_config(path, models=MODELS, environ=environ or {})


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(folder, text)
    return [line.removeprefix(f"{folder / 'g.yaml'}:") for line in str(caught.value).splitlines()]


def test_the_fault_of_a_rule_names_the_detectors_that_would_do(tmp_path: Path) -> None:
    path = tmp_path / "gateway.yaml"
    path.write_text(GOOD.replace("unfamiliar_vehicle", "garbage"), encoding="utf-8")
    models = {**MODELS, "community-nano": ("garbage",), "community-nano-int8": ("garbage",)}
    with pytest.raises(ConfigError, match=r"write 'community-nano' under models\.detector"):
        load_config(path, models=models, environ={})


@pytest.mark.parametrize("helper", ["fire-second-look", "fire-detector", "rubbish-detector", "street-detector"])
def test_a_model_that_only_helps_another_is_no_detector(helper: str, tmp_path: Path) -> None:
    """The zoo's own: a fire rule needs the detector that sees fire; what looks after it is none."""
    path, zoo = tmp_path / "gateway.yaml", Zoo.find().seen_labels()
    path.write_text(GOOD.replace("unfamiliar_vehicle", "fire_smoke"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"write 'community-nano' under models\.detector"):
        load_config(path, models=zoo, environ={})
    path.write_text(f"{GOOD}models: {{detector: {helper}}}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(path, models=zoo, environ={})
    assert f"no detector '{helper}'" in str(caught.value)
    assert "known are coco-nano, coco-nano-int8, community-nano, community-nano-int8" in str(caught.value)


def test_a_good_file_loads_with_its_defaults(tmp_path: Path) -> None:
    config = load(tmp_path, GOOD).config
    rule = config.cameras["gate"].rules[0]
    assert isinstance(rule, UnfamiliarVehicleRule)
    assert rule.dwell_s == 5
    assert config.cameras["gate"].detect_fps == 5
    assert config.data_dir == tmp_path / ".lookout/gateway"
    assert config.mqtt.port == 1883
    assert config.timezone == "Asia/Shanghai"


def test_the_calendar_knows_the_official_days_and_those_that_are_added(tmp_path: Path) -> None:
    given = "\ncalendar: {official: CN, holidays: [2026-12-24], workdays: [2026-12-26]}"
    calendar = load(tmp_path, GOOD.replace("gateway: gw-1", f"gateway: gw-1{given}")).calendar
    days = {
        (month, day): calendar.kinds(date(2026, month, day)) for month, day in ((10, 1), (10, 10), (12, 24), (12, 26))
    }
    assert days[10, 1] == days[12, 24] == {"restday", "holiday"}
    assert days[10, 10] == days[12, 26] == {"workday"}
    assert load(tmp_path, GOOD).calendar.kinds(date(2026, 10, 1)) == {"workday"}
    closed = "\ncalendar: {official: CN, holidays: [2026-10-10]}"
    calendar = load(tmp_path, GOOD.replace("gateway: gw-1", f"gateway: gw-1{closed}")).calendar
    assert calendar.kinds(date(2026, 10, 10)) == {"restday", "holiday"}, "the site closes on a Saturday that is worked"


@pytest.mark.parametrize(
    ("calendar", "today", "year"),
    [
        ("{official: CN}", date(2026, 11, 30), None),
        ("{official: CN}", date(2098, 12, 1), 2098),
        ("{official: CN, holidays: [2098-01-01]}", date(2098, 11, 30), None),
        ("{official: CN, holidays: [2098-01-01]}", date(2098, 12, 1), 2099),
        ("{holidays: [2098-01-01]}", date(2099, 1, 1), None),
    ],
)
def test_a_year_whose_official_days_are_not_known_is_told_a_month_before(
    tmp_path: Path, calendar: str, today: date, year: int | None
) -> None:
    loaded = load(tmp_path, GOOD.replace("gateway: gw-1", f"gateway: gw-1\ncalendar: {calendar}"))
    assert loaded.year_unknown(today) == year
    warned = [finding for finding in check_calendar(loaded, today) if finding.grade is Grade.WARN]
    assert [str(year) in finding.text and "chinesecalendar" in finding.advice for finding in warned] == (
        [] if year is None else [True]
    )


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            "        dwell_s: 5",
            "        dwel_s: 5",
            "13: cameras.gate.rules[0].dwel_s: unknown key; did you mean 'dwell_s'?",
        ),
        ("dwell_s: 5", "dwell_s: soon", "13: cameras.gate.rules[0].dwell_s: must be a number, not 'soon'"),
        ("dwell_s: 5", "dwell_s: -1", "13: cameras.gate.rules[0].dwell_s: -1 is not allowed: must be at least 0"),
        (
            "zones: [lane]",
            "zones: [lain]",
            "12: cameras.gate.rules[0].zones[0]: there is no zone 'lain' at this camera; did you mean 'lane'?",
        ),
        (
            "[1, 1]",
            "[1, 1.5]",
            "9: cameras.gate.zones.lane.polygon[2][1]: 1.5 lies outside the picture: write corners as fractions",
        ),
        ("[1, 1], [0, 1]", "[0, 1], [1, 1]", "9: cameras.gate.zones.lane.polygon: is no simple polygon"),
        (
            "[[0, 0.5], [1, 0.5], [1, 1], [0, 1]]",
            "[[0, 0], [0.5, 0.5], [1, 1]]",
            "9: cameras.gate.zones.lane.polygon: has no area",
        ),
        (
            "[[0, 0.5], [1, 0.5], [1, 1], [0, 1]]",
            "[[0, 0], [1, 1]]",
            "9: cameras.gate.zones.lane.polygon: [[0, 0], [1, 1]] is not allowed: needs at least 3",
        ),
        ("lane", "frame", "8: cameras.gate.zones.frame: is the name of the whole picture"),
        (
            "unfamiliar_vehicle",
            "garbage",
            "11: cameras.gate.rules[0].scenario: garbage needs a detector that knows garbage or overflow; "
            "'coco-nano' does not: choose another one under models.detector, or leave the rule out",
        ),
        (
            "unfamiliar_vehicle",
            "unfamilar_vehicle",
            "11: cameras.gate.rules[0].scenario: there is no scenario "
            "'unfamilar_vehicle'; did you mean 'unfamiliar_vehicle'?",
        ),
        ("- scenario: unfamiliar_vehicle\n        zones", "- zones", "11: cameras.gate.rules[0].scenario: is missing"),
        ("gateway: gw-1", "gateway: GW 1", "2: gateway: 'GW 1' must be lower-case letters"),
        ("gateway: gw-1\n", "", "1: gateway: is missing: add it"),
        ("site: riverside", "site: 7", "1: site: must be text; put it into quotes, not 7"),
        ("site: riverside", "site: riverside\nsite: x", "2: site: is given twice (first on line 1): keep one"),
        ("rtsp://192.0.2.1/stream", "clips/none.mp4", "6: cameras.gate.source.url: there is no file "),
        ("rtsp://192.0.2.1/stream", "ftp://192.0.2.1/x", "6: cameras.gate.source.url: is no address that can be read"),
        (
            "rtsp://192.0.2.1/stream",
            "rtsp://h/x\n      start_s: 5\n      end_s: 4",
            "8: cameras.gate.source.end_s: must be larger than start_s (5)",
        ),
        (
            "rtsp://192.0.2.1/stream",
            "rtsp://h/x\n      loop: true",
            "7: cameras.gate.source.loop: is for clips, and this source is a camera or a stream",
        ),
        (
            "rtsp://192.0.2.1/stream",
            "/dev/video0\n      start_s: 5",
            "7: cameras.gate.source.start_s: is for clips, and this source is a camera or a stream",
        ),
        ("dwell_s: 5", "labels: [zebra]", "13: cameras.gate.rules[0].labels: the detector knows none of these"),
        (
            "dwell_s: 5",
            "labels: [car, motorcycel]",
            "13: cameras.gate.rules[0].labels[1]: no model of the zoo finds 'motorcycel'; did you mean 'motorcycle'?",
        ),
        ("zones: [lane]", "zones: [lane, lane]", "12: cameras.gate.rules[0].zones[1]: 'lane' is named twice: keep one"),
        (
            "dwell_s: 5",
            "dwell_s: 5\n      - {scenario: garbage, zones: [lane], drop_off_zones: [lain]}",
            "14: cameras.gate.rules[1].drop_off_zones[0]: 'lain' is none of the rule's own zones; did you mean 'lane'?",
        ),
        (
            "dwell_s: 5",
            "dwell_s: 5\n    actions: [{when: {scenario: garbage}, say: hello}]",
            "14: cameras.gate.actions[0].when.scenario: no rule of this camera looks for garbage: add one",
        ),
        (
            "dwell_s: 5",
            "dwell_s: 5\n      - scenario: corridor_ebike\n"
            "    actions: [{when: {scenario: corridor_ebike, stages: [parking]}, say: hello}]",
            "15: cameras.gate.actions[0].when.stages[0]: an alarm of corridor_ebike here has no stage 'parking'; "
            "did you mean 'passing'? (known are passing, parked, suspected_charging)",
        ),
        (
            "dwell_s: 5",
            "dwell_s: 5\n    actions: [{when: {scenario: camera_blind, stages: [black, coverd]}, say: hello}]",
            "14: cameras.gate.actions[0].when.stages[1]: an alarm of camera_blind here has no stage 'coverd'; did you "
            "mean 'covered'? (known are black, frozen, covered, defocused, moved, missing,",
        ),
        (
            "dwell_s: 5",
            "dwell_s: 5\n    actions: [{when: {scenario: key_area, stages: [intrusion]}, say: hello}]\n"
            "buttons: {lobby: {camera: gate}}",
            "14: cameras.gate.actions[0].when.stages[0]: an alarm of key_area here has no stage 'intrusion'; "
            "known are panic",
        ),
        (
            "dwell_s: 5",
            "windows: ['funday 10:00-11:00']",
            "13: cameras.gate.rules[0].windows[0]: 'funday 10:00-11:00' names no valid day",
        ),
        (
            "dwell_s: 5",
            "dwell_s: 5\n      - scenario: unfamiliar_vehicle\n        zones: [lane]",
            "14: cameras.gate.rules[1]: watches zone 'lane' for unfamiliar_vehicle as rules[0] does already",
        ),
        (
            "gateway: gw-1",
            "gateway: gw-1\nmodels: {detector: coco-nan}",
            "3: models.detector: there is no detector 'coco-nan' in the zoo; did you mean 'coco-nano'?",
        ),
        (
            "gateway: gw-1",
            "gateway: gw-1\nmodels: {detector: plate-reader}",
            "3: models.detector: there is no detector",
        ),
        (
            "gateway: gw-1",
            "gateway: gw-1\nmodels: {pose: rtmpose-s}",
            "3: models.pose: there is no model 'rtmpose-s' in the zoo",
        ),
        ("gateway: gw-1", "gateway: gw-1\ntimezone: Mars/Olympus", "3: timezone: 'Mars/Olympus' is no time zone"),
        (
            "gateway: gw-1",
            "gateway: gw-1\nmqtt: {port: 99999}",
            "3: mqtt.port: 99999 is not allowed: must be at most 65535",
        ),
        ("gateway: gw-1", "gateway: gw-1\ndispatcher: {url: box}", "3: dispatcher.url: must be an address such as"),
        (
            "dwell_s: 5",
            "dwell_s: 5\n      - {scenario: care, opted_in: true, alive_by: '24:00'}",
            "14: cameras.gate.rules[1].alive_by: '24:00' holds no valid time 24:00: write one from 00:00 to 23:59",
        ),
        ("cameras:", "cameras: []\nx:", "3: cameras: must be a mapping"),
    ],
)
def test_a_fault_names_line_key_and_fix(tmp_path: Path, old: str, new: str, fault: str) -> None:
    assert old in GOOD
    found = faults(tmp_path, GOOD.replace(old, new))
    assert any(line.startswith(fault) for line in found), found


def test_lists_and_mappings_where_words_belong_are_faults_and_no_crash(tmp_path: Path) -> None:
    text = """\
site: [a]
gateway: {a: b}
models: {detector: [a], pose: {a: b}}
cameras:
  gate:
    source: {url: [x]}
    zones: [a]
    rules:
      - {scenario: [key_area], zones: [[a]], labels: [[a], {b: c}], drop_off_zones: [[x]]}
      - {scenario: {a: b}, zones: [{a: b}]}
      - {scenario: key_area, zones: [{a: b}, [a], [a]], labels: [[a]]}
    actions: [a, {when: [x]}, {when: {scenario: [a], stages: [[b]]}}, {when: {scenario: key_area, stages: [[b]]}}]
  yard: {rules: [1, null, [2]]}
  7: 5
shadows:
  a: 1
  b: {detector: [a], cameras: [[gate]], rules: [{scenario: key_area, zones: [[b], {c: d}]}]}
  c: {detector: coco-nano, cameras: {a: b}}
buttons: {a: 1, b: {camera: [x], topic: [y]}}
"""
    assert len(faults(tmp_path, text)) > 20


def test_all_faults_come_at_once_in_order(tmp_path: Path) -> None:
    text = (
        GOOD.replace("site: riverside", "sitte: x").replace("zones: [lane]", "zones: [lain]").replace("rtsp:", "ftp:")
    )
    lines = [int(fault.split(":")[0]) for fault in faults(tmp_path, text)]
    assert lines == sorted(lines)
    assert len(lines) == 4


def test_a_missing_plate_model_names_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "g.yaml"
    path.write_text(GOOD, encoding="utf-8")
    with pytest.raises(ConfigError, match="plates: needs plate-detector and plate-reader"):
        load_config(path, models={"coco-nano": ("car",)}, environ={})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("- 1", "is empty or no mapping"),
        ("site: [a", "not valid YAML"),
        ("a: &a [*a]", "itself"),
        ("a: !!python/none x", "not valid YAML"),
    ],
)
def test_what_is_no_configuration_says_so(tmp_path: Path, text: str, says: str) -> None:
    assert any(says in fault for fault in faults(tmp_path, text))


def test_a_missing_file_and_binary_rubbish_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        load_config(tmp_path / "none.yaml", models=MODELS, environ={})
    (tmp_path / "g.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="UTF-8"):
        load_config(tmp_path / "g.yaml", models=MODELS, environ={})


def test_paths_start_at_the_files_own_folder(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").touch()
    config = load(tmp_path, GOOD.replace("rtsp://192.0.2.1/stream", "clip.mp4")).config
    assert config.cameras["gate"].source.url == str(tmp_path / "clip.mp4")


def test_camera_names_that_yaml_takes_for_something_else_are_kept(tmp_path: Path) -> None:
    config = load(tmp_path, GOOD.replace("  gate:", "  on:")).config
    assert list(config.cameras) == ["on"]


def test_secrets_come_from_the_environment_before_files(tmp_path: Path) -> None:
    (tmp_path / "pw").write_text("from-file\n", encoding="utf-8")
    text = GOOD + "mqtt: {password_file: pw}\ndispatcher: {url: 'http://d', token_file: pw}\n"
    config = load(tmp_path, text).config
    assert config.mqtt.password is not None
    assert config.mqtt.password.get_secret_value() == "from-file"
    config = load(tmp_path, text, {"LOOKOUT_MQTT_PASSWORD": "env", "LOOKOUT_DISPATCHER_TOKEN": "t"}).config
    assert config.mqtt.password is not None
    assert config.mqtt.password.get_secret_value() == "env"
    assert config.dispatcher is not None
    assert config.dispatcher.token is not None
    assert config.dispatcher.token.get_secret_value() == "t"


def test_an_empty_or_missing_secret_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "pw").touch()
    with pytest.raises(ConfigError, match=r"mqtt\.password_file: .*pw is empty"):
        load(tmp_path, GOOD + "mqtt: {password_file: pw}\n")
    with pytest.raises(ConfigError, match=r"mqtt\.password_file: .*none cannot be read"):
        load(tmp_path, GOOD + "mqtt: {password_file: none}\n")


def test_a_mark_that_an_editor_put_in_front_is_no_part_of_a_secret_and_what_is_no_token_is_said(tmp_path: Path) -> None:
    (tmp_path / "pw").write_text("from-file\n", encoding="utf-8-sig")
    text = GOOD + "dispatcher: {url: 'http://d', token_file: pw}\n"
    config = load(tmp_path, text).config
    assert config.dispatcher is not None
    assert config.dispatcher.token is not None
    assert config.dispatcher.token.get_secret_value() == "from-file"
    (tmp_path / "pw").write_text("密码\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"dispatcher\.token_file: the token has characters") as refused:
        load(tmp_path, text)
    assert "密码" not in str(refused.value)


def test_a_wrong_secret_is_not_printed(tmp_path: Path) -> None:
    assert "1234567" not in "".join(faults(tmp_path, GOOD + "mqtt: {password: 1234567}\n"))


def test_the_hash_covers_what_is_seen_and_no_secret(tmp_path: Path) -> None:
    first = load(tmp_path, GOOD).hash
    assert load(tmp_path, GOOD + "mqtt: {host: elsewhere}\n").hash == first
    assert load(tmp_path, "# a comment\n" + GOOD).hash == first
    assert load(tmp_path, GOOD.replace("dwell_s: 5", "dwell_s: 6")).hash != first


def test_a_shadow_is_checked_like_what_runs(tmp_path: Path) -> None:
    def with_shadow(text: str) -> str:
        return GOOD + f"shadows:\n  trial: {text}\n"

    shadow = load(tmp_path, with_shadow("{rules: [{scenario: unfamiliar_vehicle, dwell_s: 9}]}")).config.shadows[
        "trial"
    ]
    assert (shadow.days, shadow.rules[0].scenario) == (3.0, "unfamiliar_vehicle")
    assert "needs a detector or rules" in faults(tmp_path, with_shadow("{days: 2}"))[0]
    assert "there is no detector 'coco-mano'" in faults(tmp_path, with_shadow("{detector: coco-mano}"))[0]
    (said,) = faults(tmp_path, with_shadow("{detector: coco-nano, cameras: [gat]}"))
    assert "did you mean 'gate'?" in said
    assert "must be at most 7" in faults(tmp_path, with_shadow("{detector: coco-nano, days: 8}"))[0]


@pytest.mark.parametrize(
    ("shadow", "fault"),
    [
        (
            "{rules: [{scenario: unfamiliar_vehicle, zones: [lain]}]}",
            "rules[0].zones[0]: there is no zone 'lain' at camera gate; name zones that all its cameras have",
        ),
        (
            "{rules: [{scenario: key_area}]}",
            "rules[0].scenario: no camera has a rule for key_area: name those where it is to run under 'cameras'",
        ),
        ("{rules: [{scenario: unfamiliar_vehicle, labels: [zebra]}]}", "rules[0].labels: the detector knows none"),
        (
            "{rules: [{scenario: unfamiliar_vehicle}, {scenario: unfamiliar_vehicle, dwell_s: 9}]}",
            "rules[1]: watches zone 'frame' for unfamiliar_vehicle as rules[0] does already: keep one",
        ),
        ("{detector: fire-only}", "detector: 'fire-only' knows nothing that key_area at camera yard looks for"),
        (
            "{detector: fire-only, cameras: [yard], rules: [{scenario: key_area}]}",
            "rules[0].scenario: key_area needs a detector that knows person; 'fire-only' does not: write 'coco-nano' "
            "under shadows.trial.detector",
        ),
    ],
)
def test_a_shadow_that_would_keep_the_gateway_from_starting_or_never_judge_is_a_fault(
    tmp_path: Path, shadow: str, fault: str
) -> None:
    yard = "  yard:\n    source: {url: 'rtsp://192.0.2.2/x'}\n    rules: [{scenario: RULE}]\n"
    path = tmp_path / "g.yaml"
    rule = "key_area" if "fire-only" in shadow else "corridor_ebike"
    path.write_text(f"{GOOD}{yard.replace('RULE', rule)}shadows:\n  trial: {shadow}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(path, models={**MODELS, "fire-only": ("fire",)}, environ={})
    assert f"shadows.trial.{fault}" in str(caught.value)


@pytest.mark.parametrize("wanted", [False, True])
def test_only_what_is_looked_at_is_decoded_without_its_loop_filter(tmp_path: Path, wanted: bool) -> None:
    text = GOOD.replace("stream\n", f"stream\n      deblock: {str(wanted).lower()}\n", 1)
    camera = load(tmp_path, text).config.cameras["gate"]
    main, sub = source_options(camera)
    assert (main.deblock, sub) == (wanted, None)
    both = camera.source.model_copy(update={"sub_url": "rtsp://192.0.2.1/small"})
    main, sub = source_options(camera.model_copy(update={"source": both}))
    assert (main.deblock, sub and sub.deblock) == (True, wanted)
