"""Asking gateways for something, and how it went; the models that they are told to run."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse

from lookout_server.api.deps import Deps, Given
from lookout_server.api.models.base import Identifier
from lookout_server.api.models.commands import AskBody, CommandList, CommandModel, PackageList, PackageModel
from lookout_server.api.problems import errors
from lookout_server.api.routes.parameters import Hash, Limit
from lookout_server.api.security import ControlRoom, Lead, Uploader
from lookout_server.errors import InvalidError, NotFoundError
from lookout_server.ports import ModelPackage
from lookout_server.services import commands

router = APIRouter(prefix="/api/v1", tags=["estate"])


@router.get("/commands", operation_id="listCommands", responses=errors("forbidden"))
async def list_commands(
    deps: Given,
    access: ControlRoom,
    limit: Limit = 50,
    gateway: Annotated[Identifier | None, Query()] = None,
) -> CommandList:
    """What gateways were asked, newest first, and what they answered, or that they did not."""
    now = deps.clock.now()
    found = await commands.asked(deps.store, access, gateway=gateway, limit=limit)
    names = await commands.names_in(deps.store, found)
    return CommandList(items=tuple(CommandModel.of(command, now, names) for command in found))


@router.post(
    "/gateways/{gateway}/commands",
    operation_id="askGateway",
    status_code=202,
    responses=errors("forbidden", "csrf", "not_found", "too_large"),
)
async def ask_gateway(deps: Given, access: Lead, gateway: Identifier, body: AskBody) -> CommandModel:
    """Ask a gateway to read its configuration again, take a picture, test itself or the way, run another model,
    leave out what it proposes to, look for things in other zones, or know other vehicles."""
    now = deps.clock.now()
    wanted = commands.Wanted(
        gateway=gateway,
        name=body.name,
        by=access,
        key=body.key,
        camera=body.camera,
        scenario=body.scenario,
        package=_package(deps, body),
        watch_s=body.watch_s,
        proposal=body.proposal,
        accept=body.accept,
        zones=body.zones,
        seen=body.seen,
        residents=body.residents,
    )
    asked = await commands.ask(deps.store, deps.site, wanted, at=now)
    return CommandModel.of(asked, now, await commands.names_in(deps.store, [asked]))


@router.get("/models", operation_id="listModels", responses=errors("forbidden"))
async def list_models(deps: Given, _access: ControlRoom) -> PackageList:
    """The packages that gateways can be told to run; `lookout-server model add` makes them."""
    found = deps.models.packages() if deps.models else ()
    return PackageList(items=tuple(PackageModel.of(package) for package in found))


@router.get(
    "/models/{sha256}",
    operation_id="getModel",
    response_class=FileResponse,
    responses={
        200: {"description": "The package.", "content": {"application/zip": {}}},
        **errors("not_found", "range"),
    },
)
async def get_model(deps: Given, _asking: Uploader, sha256: Hash) -> FileResponse:
    """A package, for gateways by their upload token; single ranges are served."""
    found = deps.models.find(sha256) if deps.models else None
    if found is None:
        raise NotFoundError("there is no such model package: see the list of models")
    return FileResponse(found[1], media_type="application/zip")


def _package(deps: Deps, body: AskBody) -> ModelPackage | None:
    if body.name != "rollout":
        return None
    if body.package is None:
        raise InvalidError("a rollout needs the package to run: see the list of models")
    found = deps.models.find(body.package) if deps.models else None
    if found is None:
        raise NotFoundError("there is no such model package: see the list of models")
    return found[0]
