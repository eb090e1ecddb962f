"""The reel: scenes written in code, rendered with Blender (``bpy``), filmed like a surveillance camera would."""

#: Clips over pictures of the yard and of the store room: these are rendered once, and flames, steam and sunlight are
#: simulated over them when they are filmed.
YARD = ("fire-yard", "lamp-yard", "sunset-yard")
ROOM = ("fire-room", "steam-room")
#: Texts of the plates at the gate: of somebody whom nobody knows, and of somebody who lives there.
STRANGER, RESIDENT = "皖B7K352", "皖A16H08"
