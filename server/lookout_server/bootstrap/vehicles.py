"""The verbs for the list of registered vehicles."""

from collections.abc import Collection, Sequence
from zoneinfo import ZoneInfo

from lookout_server.adapters.clock import SystemClock
from lookout_server.bootstrap.access import open_database
from lookout_server.bootstrap.site import site_of
from lookout_server.config import ServerConfig
from lookout_server.domain.vehicles import Vehicle
from lookout_server.exchange.vehicles import lines_of, read_vehicles, sheet_text
from lookout_server.services import registering
from lookout_server.services.known_vehicles import send_vehicles
from lookout_server.services.list_holders import send_to_the_rest


async def send_vehicle_list(
    config: ServerConfig, table: bytes, gateways: Collection[str]
) -> tuple[int, dict[str, str]]:
    """Send these gateways a list of their own: how many vehicles the table has, and gateway → id of the command. The
    running dispatcher sends them off."""
    vehicles = [listed.resident for listed in read_vehicles(table, ZoneInfo(config.site.timezone)).vehicles]
    async with open_database(config) as database:
        at = SystemClock().now()
        return len(vehicles), await send_vehicles(database, site_of(config), vehicles, gateways=gateways, at=at)


async def replace_vehicle_list(config: ServerConfig, table: bytes) -> registering.Report:
    """Make the table the site's list; the running dispatcher sends it to all gateways that do not hold it."""
    sheet = read_vehicles(table, ZoneInfo(config.site.timezone))
    async with open_database(config) as database:
        at = SystemClock().now()
        report = await registering.bring_in(database, registering.Table(sheet=sheet, complete=True, by=None, at=at))
        # Whoever sends a list means all gateways, also when nothing in it has changed.
        await send_to_the_rest(database, at=at)
    return report


async def vehicle_list(config: ServerConfig) -> Sequence[Vehicle]:
    """The site's list, in the order of its registration."""
    async with open_database(config) as database, database.read() as uow:
        return await uow.vehicles.everything()


async def export_vehicles(config: ServerConfig) -> tuple[int, str]:
    """How many vehicles there are, and the list as a table."""
    async with open_database(config) as database:
        found = await registering.everything(database, by=None, at=SystemClock().now())
    return len(found), sheet_text(found, ZoneInfo(config.site.timezone))


def vehicle_lines(config: ServerConfig, vehicles: Sequence[Vehicle]) -> list[str]:
    """The list for people at a terminal."""
    return list(lines_of(vehicles, ZoneInfo(config.site.timezone)))


def vehicle_values(vehicles: Sequence[Vehicle]) -> list[dict[str, object]]:
    """The list for programs."""
    return [
        {
            "id": vehicle.id,
            **vehicle.listed.resident.model_dump(mode="json", exclude={"id"}),
            "visits": dict(vehicle.visits) if vehicle.listed.uses is not None else {},
            "note": vehicle.listed.note,
            "registered_by": vehicle.registered_by,
            "registered_at": vehicle.registered_at.isoformat(),
        }
        for vehicle in vehicles
    ]
