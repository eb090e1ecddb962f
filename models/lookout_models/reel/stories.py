"""The clips that are simulated over rendered pictures, by their names."""

from collections.abc import Mapping

from lookout_models.reel.room import FIRE_ROOM, STEAM_ROOM
from lookout_models.reel.story import Story
from lookout_models.reel.yard import FIRE_YARD, LAMP_YARD, SUNSET_YARD

STORIES: Mapping[str, Story] = {
    "fire-yard": FIRE_YARD,
    "lamp-yard": LAMP_YARD,
    "sunset-yard": SUNSET_YARD,
    "fire-room": FIRE_ROOM,
    "steam-room": STEAM_ROOM,
}
