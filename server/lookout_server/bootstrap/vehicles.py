"""The verb for the list of known vehicles."""

from collections.abc import Collection
from zoneinfo import ZoneInfo

from lookout_server.adapters.clock import SystemClock
from lookout_server.bootstrap.access import open_database
from lookout_server.bootstrap.site import site_of
from lookout_server.config import ServerConfig
from lookout_server.exchange.vehicles import read_vehicles
from lookout_server.services.known_vehicles import send_vehicles


async def send_vehicle_list(
    config: ServerConfig, table: bytes, gateways: Collection[str]
) -> tuple[int, dict[str, str]]:
    """How many vehicles the table has, and gateway → id of the command. The running dispatcher sends them off."""
    vehicles = read_vehicles(table, ZoneInfo(config.site.timezone))
    async with open_database(config) as database:
        at = SystemClock().now()
        return len(vehicles), await send_vehicles(database, site_of(config), vehicles, gateways=gateways, at=at)
