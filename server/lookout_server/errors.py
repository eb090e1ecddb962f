"""The dispatcher's errors. Each message is one sentence that tells a person what to do.

``code`` is the stable word that the HTTP API answers with; ``extras`` are the fields that go beside it.
"""

from collections.abc import Mapping


class ServerError(Exception):
    """Base of everything the dispatcher raises on purpose."""

    #: Stable word for programs; part of the API.
    code = "failed"

    def __init__(self, message: str, **extras: object) -> None:
        super().__init__(message)
        #: Further fields of the problem document; JSON-serialisable.
        self.extras: Mapping[str, object] = extras


class ConfigError(ServerError):
    """The configuration is wrong; the message names file, line, key and the fix. Exit code 2."""

    code = "config"


class StoreError(ServerError):
    """The database cannot be reached or refuses; nothing of the transaction was kept."""

    code = "unavailable"


class StoreRefusedError(ServerError):
    """The database works and refuses this content; trying again will not help."""

    code = "failed"


class AssumedError(ServerError):
    """What a transaction took for granted is not so, and nothing of it was kept: do it again and ask."""


class BrokerError(ServerError):
    """The broker cannot be started or reached."""

    code = "unavailable"


class ProviderError(ServerError):
    """The provider of sign-ins cannot be reached, or is not what the configuration says."""

    code = "unavailable"


class NotFoundError(ServerError):
    """There is no such thing, or none that the asking person may see."""

    code = "not_found"


class InvalidError(ServerError):
    """The request is understood, and its content cannot be."""

    code = "invalid"


class UnauthenticatedError(ServerError):
    """Nobody is signed in."""

    code = "unauthenticated"


class CodeNeededError(UnauthenticatedError):
    """The password is right, and the second factor is missing."""

    code = "code_needed"


class AccountDisabledError(UnauthenticatedError):
    """The password is right, and the account is disabled."""

    code = "account_disabled"


class RowsRefusedError(InvalidError):
    """Rows of a table cannot be taken (``errors`` says which and why); nothing was done."""

    code = "rows_refused"


class WrongPasswordError(InvalidError):
    """The session holds; the password that was to be proved is not the account's."""

    code = "wrong_password"


class ForbiddenError(ServerError):
    """The person may not do this."""

    code = "forbidden"


class SecondFactorNeededError(ForbiddenError):
    """The person's role asks for a second factor, and they have not set it up."""

    code = "second_factor_needed"


class FourEyesError(ForbiddenError):
    """The one who handled a case may not close it."""

    code = "four_eyes"


class ThrottledError(ServerError):
    """Too many failed sign-ins; ``retry_after_s`` says when to try again."""

    code = "throttled"

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message, retry_after_s=retry_after_s)
        self.retry_after_s = retry_after_s


class ConflictError(ServerError):
    """The thing is not in a state that allows this."""

    code = "conflict"


class CaseElsewhereError(ConflictError):
    """The alarm is in a case of another grid, which the asking person may not see."""

    code = "case_elsewhere"


class NoPictureError(ConflictError):
    """A camera shows nothing at the moment."""

    code = "no_picture"


class StaleVersionError(ConflictError):
    """Somebody else moved the case (or ``what``) since it was read; ``current_version`` says where it is now."""

    code = "stale_version"

    def __init__(self, *, seen: int, current: int, what: str = "case") -> None:
        super().__init__(
            f"the {what} has moved on to version {current} since you read version {seen}:"
            " load it again and decide anew",
            current_version=current,
        )


class ChangedError(StaleVersionError):
    """``If-Match`` names a version that is no longer the present one."""

    code = "changed"


class IllegalMoveError(ConflictError):
    """The case's state does not allow the action; ``allowed`` says which ones it does."""

    code = "illegal_move"

    def __init__(self, *, action: str, state: str, allowed: tuple[str, ...]) -> None:
        choices = ", ".join(allowed) if allowed else "nothing"
        super().__init__(
            f"'{action}' is not possible while the case is {state}: you may now do {choices}",
            state=state,
            allowed=list(allowed),
        )


class NoCandidateError(ConflictError):
    """Nobody fits; choose a person by hand or add one to the grid."""

    code = "no_candidate"


class DeliveryError(ServerError):
    """A notice did not reach its channel; the message never holds the address, which is a secret."""

    code = "unavailable"


class RefusedError(DeliveryError):
    """The receiver does not want this message, today or ever."""


class AddressGoneError(DeliveryError):
    """The address will never take anything again; it can be forgotten."""


class EvidenceMissingError(ServerError):
    """A photo was named that has not been uploaded."""

    code = "evidence_missing"


class WrongHashError(ServerError):
    """The uploaded bytes are not those the name promises; they were thrown away."""

    code = "wrong_hash"


class TooLargeError(ServerError):
    """The upload exceeds the limit."""

    code = "too_large"


class WrongTypeError(ServerError):
    """The upload is of no accepted type, or is not what its Content-Type says."""

    code = "wrong_type"


class RangeError(ServerError):
    """No byte of the range exists, or a piece does not begin where the upload stands (``offset``)."""

    code = "range"
