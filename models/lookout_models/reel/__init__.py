"""The reel: scenes written in code, rendered with Blender (``bpy``), filmed like a surveillance camera would."""

#: Clips of the yard: a plate is rendered, flames and steam are simulated over it when it is filmed.
YARD = ("fire-yard", "lamp-yard")
#: Texts of the plates at the gate: of somebody whom nobody knows, and of somebody who lives there.
STRANGER, RESIDENT = "皖B7K352", "皖A16H08"
