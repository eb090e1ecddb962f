"""The reel: scenes written in code, rendered with Blender (``bpy``), filmed like a surveillance camera would."""
