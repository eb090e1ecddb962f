"""Letting a box in."""

from typing import Annotated

from pydantic import Field, StringConstraints

from lookout_server.api.models.base import Identifier, Model, RequestModel, UtcTime, shown
from lookout_server.services.enrolment import Bundle


class EnrolBody(RequestModel):
    """The code that `lookout-server gateway enrol` showed, and the request for a certificate (PEM, PKCS #10).

    ``known_as``: the gateway that the box is already; a code for another one is then refused and not used up.
    """

    model_config = shown({"code": "ABCD-EFGH-IJKL-MNOP", "request": None}, request=True)

    code: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    request: Annotated[str, StringConstraints(max_length=4096)] | None = None
    known_as: Identifier | None = None


class OfferBody(RequestModel):
    """The gateway that a box is to become."""

    model_config = shown({"gateway": "gw-east"}, request=True)

    gateway: Identifier


class OfferModel(Model):
    """A code for one box, shown this once, and where it is to be used: `lookout-edge enrol URL CODE`."""

    model_config = shown(
        {
            "gateway": "gw-east",
            "url": "https://lookout.example",
            "code": "ABCD-EFGH-IJKL-MNOP",
            "expires_at": "2026-11-23T06:00:00.000Z",
        }
    )

    gateway: str
    url: str
    code: str
    expires_at: UtcTime


class EnrolledMqtt(Model):
    """How to reach the broker. ``host`` null: the host at which the box asked."""

    host: str | None
    port: int
    username: str | None
    password: str | None
    tls: bool


class EnrolledModel(Model):
    """What the box needs, shown this once."""

    model_config = shown(
        {
            "gateway": "gw-east",
            "site": "kangle",
            "timezone": "Asia/Shanghai",
            "mqtt": {"host": "192.0.2.1", "port": 8883, "username": None, "password": None, "tls": True},
            "dispatcher_url": "https://lookout.example",
            "token": "…",
            "certificate": "-----BEGIN CERTIFICATE-----\n…",
            "authority": "-----BEGIN CERTIFICATE-----\n…",
        }
    )

    gateway: str
    site: str
    timezone: str
    mqtt: EnrolledMqtt
    dispatcher_url: str | None = Field(description="Null: the address at which the box asked.")
    token: str = Field(description="For evidence.")
    certificate: str | None = Field(description="PEM; null where the box gets a password.")
    authority: str | None = Field(description="PEM of whoever signed the broker's and this certificate.")

    @classmethod
    def of(cls, bundle: Bundle) -> "EnrolledModel":
        """From the service's value."""
        certificate, there = bundle.certificate, bundle.addresses
        return cls(
            gateway=bundle.gateway,
            site=there.site,
            timezone=there.timezone,
            mqtt=EnrolledMqtt(
                host=there.mqtt_host,
                port=there.mqtt_port,
                username=None if certificate else bundle.gateway,
                password=bundle.password,
                tls=certificate is not None,
            ),
            dispatcher_url=there.dispatcher_url,
            token=bundle.token,
            certificate=certificate.pem if certificate else None,
            authority=certificate.authority if certificate else None,
        )
