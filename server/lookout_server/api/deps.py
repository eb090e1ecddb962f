"""What the routes are given. ``bootstrap`` fills it; the application hands it to every request."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Protocol, cast

from fastapi import Depends, Request
from prometheus_client import CollectorRegistry

from lookout_server.api.models.feed import LineBook
from lookout_server.api.rate import Buckets
from lookout_server.api.refusals import Refusals
from lookout_server.api.throttle import Allowances, SignInThrottle
from lookout_server.domain.territory import Role, Site
from lookout_server.exchange.policy import PolicyFile
from lookout_server.ports import Blocked, Clock, EvidenceStore, ModelPackage, PasswordHasher, ReadinessCheck, Store
from lookout_server.services.courier import Channel
from lookout_server.services.enrolment import Door
from lookout_server.services.evidence import Pieces
from lookout_server.services.feed import FeedSource
from lookout_server.services.live import LiveDesk
from lookout_server.services.residents import PhotoCleaner
from lookout_server.services.single_sign_on import Provider
from lookout_server.services.stills import Stills
from lookout_server.services.web_push import PushDesk
from lookout_server.services.webhooks import Webhooks


def _no_checks() -> Mapping[str, ReadinessCheck]:
    return {}


def _never_blocked() -> Blocked | None:
    return None


class ModelPackages(Protocol):
    """Packages of zoo entries, by their SHA-256."""

    def packages(self) -> Sequence[ModelPackage]:
        """All of them, by name."""
        ...

    def find(self, sha256: str) -> tuple[ModelPackage, Path] | None:
        """A package and its file."""
        ...


@dataclass(frozen=True, kw_only=True)
class Deps:
    """Ports and values, and nothing that a request could change except through them."""

    site: Site
    store: Store
    evidence: EvidenceStore
    feed: FeedSource
    hasher: PasswordHasher
    clock: Clock
    channel: Channel
    version: str
    #: What the configuration says, in force until somebody activates another one.
    policy: PolicyFile = field(default_factory=PolicyFile)
    #: What ``/readyz`` looks at beside the database.
    checks: Mapping[str, ReadinessCheck] = field(default_factory=_no_checks)
    #: What keeps events from being taken in at this moment; None: nothing does.
    blocked: Callable[[], Blocked | None] = _never_blocked
    #: Where uploads in pieces are kept until they are whole; None: files come in one piece.
    pieces: Pieces | None = None
    max_evidence_bytes: int = 64 * 1024 * 1024
    #: Where the built console lies; None when there is none.
    static_dir: Path | None = None
    #: Whether cookies are for HTTPS only; right as soon as anything but this machine connects.
    secure_cookies: bool = False
    #: Where boxes are let in; None where they are not.
    door: Door | None = None
    #: Who is told by HTTP; None where nobody is.
    webhooks: Webhooks | None = None
    #: Models that gateways can be told to run; None where there are none.
    models: ModelPackages | None = None
    metrics: CollectorRegistry = field(default_factory=CollectorRegistry)
    throttle: SignInThrottle = field(default_factory=SignInThrottle)
    lines: LineBook = field(default_factory=LineBook)
    #: What strangers may do without an account.
    allowances: Allowances = field(default_factory=Allowances)
    #: Which refused sign-ins the audit log hears of one by one.
    refusals: Refusals = field(default_factory=Refusals)
    #: How much one account, and one address, may ask; None: as much as it likes.
    asking: Buckets | None = None
    addresses: Buckets | None = None
    #: Roles whose password alone opens nothing but setting up the second factor.
    second_factor_for: frozenset[Role] = frozenset()
    #: Makes pictures of what residents send; None: they send words alone.
    photos: PhotoCleaner | None = None
    #: Streams on their way from gateways to browsers.
    live: LiveDesk = field(default_factory=LiveDesk)
    #: The cameras' newest pictures; None: there are none to show.
    stills: Stills | None = None
    #: Who else says who people are; None: passwords alone.
    provider: Provider | None = None
    #: Speaks with the phones' push services; None: nobody does.
    web_push: PushDesk | None = None
    #: The address by which people reach us, for QR codes; None: the one at which the asking browser found us.
    public_url: str | None = None


def deps_of(request: Request) -> Deps:
    """The application's dependencies."""
    return cast(Deps, request.app.state.deps)


Given = Annotated[Deps, Depends(deps_of)]
