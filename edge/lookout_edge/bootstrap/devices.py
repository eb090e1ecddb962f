"""Brokers, buttons, doors and speakers from the configuration."""

from collections.abc import Callable
from functools import partial

import structlog

from lookout_contract.events import EvidenceRef
from lookout_edge.adapters.broker import BrokerOptions, TlsOptions
from lookout_edge.adapters.devices import DeviceBus, Loudspeaker
from lookout_edge.adapters.onvif.listening import OnvifListener
from lookout_edge.config import CameraConfig, GatewayConfig, MqttConfig
from lookout_edge.errors import ConfigError, EdgeError
from lookout_edge.ports import Clock, EventSink
from lookout_edge.supervisor import Action, Button, ButtonDesk, schedule_on_thread
from lookout_edge.supervisor.holding import HeldEvents

log = structlog.stdlib.get_logger()


def broker_options(config: GatewayConfig, other: MqttConfig | None = None) -> BrokerOptions:
    """How to reach the broker, from the configuration: that of ``mqtt``, or the ``other`` one."""
    mqtt = other or config.mqtt
    tls = TlsOptions(ca=mqtt.tls.ca, cert=mqtt.tls.cert, key=mqtt.tls.key) if mqtt.tls else None
    return BrokerOptions(
        host=mqtt.host,
        port=mqtt.port,
        username=mqtt.username,
        password=mqtt.password.get_secret_value() if mqtt.password else None,
        tls=tls,
        version=5 if mqtt.version == "5" else 4,
    )


def open_devices(config: GatewayConfig, press: Callable[[str], object]) -> tuple[DeviceBus | None, Loudspeaker | None]:
    """The devices' broker and the loudspeaker, as far as the configuration needs them.

    ``press`` is called with the name of a button that was pressed.
    """
    topics = {b.topic: partial(_press, press, name) for name, b in config.buttons.items() if b.topic}
    bus = voice = None
    if topics or _publishes(config):
        options = broker_options(config, config.devices)
        bus = DeviceBus(options, f"lookout-devices-{config.site}-{config.gateway}", topics)
    if _speaks(config):
        voice = Loudspeaker(config.speaker.play, config.speaker.say)
    return bus, voice


def open_buttons(
    config: GatewayConfig, sink: EventSink, clock: Clock, snapshot: Callable[[str], EvidenceRef]
) -> ButtonDesk:
    """The one-tap buttons of the configuration."""
    buttons = {name: Button(camera=b.camera, reset_s=b.reset_s) for name, b in config.buttons.items()}
    return ButtonDesk(buttons, sink, clock, snapshot, schedule_on_thread)


def open_camera_events(
    config: GatewayConfig, sink: EventSink, clock: Clock, snapshot: Callable[[str], EvidenceRef]
) -> OnvifListener:
    """Who listens to what cameras publish themselves."""
    broker = broker_options(config, config.camera_events or config.devices)
    name, held = f"{config.site}/{config.gateway}", HeldEvents(sink)
    return OnvifListener(broker, name=name, clock=clock, sink=sink, held=held, snapshot=snapshot)


def undone_without_restart(
    config: GatewayConfig, bus: DeviceBus | None, voice: Loudspeaker | None
) -> ConfigError | None:
    """Why actions of ``config`` would do nothing with what was opened at the start; None when all would."""
    if bus is None and _publishes(config):
        return ConfigError("The first action that publishes needs a restart of the gateway, which connects to devices.")
    if voice is None and _speaks(config):
        return ConfigError("The first action that speaks or plays needs a restart of the gateway.")
    return None


def _publishes(config: GatewayConfig) -> bool:
    return any(action.publish for camera in config.cameras.values() for action in camera.actions)


def _speaks(config: GatewayConfig) -> bool:
    return any(action.say or action.sound for camera in config.cameras.values() for action in camera.actions)


def _press(press: Callable[[str], object], name: str) -> None:
    """A press that came by MQTT: nobody waits for an answer."""
    try:
        press(name)
    except EdgeError as error:
        log.error("a button was pressed and its alarm cannot be stored yet", button=name, why=str(error))


def actions_of(camera: CameraConfig | None) -> list[Action]:
    """What is done at a camera when there is an alarm; nothing at one that is gone."""
    return [
        Action(
            scenario=action.when.scenario,
            stages=frozenset(action.when.stages),
            sound=action.sound,
            text=action.say,
            topic=action.publish.topic if action.publish else None,
            payload=action.publish.payload if action.publish else "",
            end_payload=action.publish.end_payload if action.publish else None,
            cooldown_s=action.cooldown_s,
        )
        for action in (camera.actions if camera is not None else ())
    ]
