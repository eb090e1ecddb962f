"""A set to play on: materials, solids, light and the camera, over Blender's Python module.

World units are metres, z is up, the ground is z = 0. ``bpy`` (extra ``[reel]``) has no types, so it is ``Any`` here.
"""

import importlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Vector = tuple[float, float, float]
Colour = tuple[float, float, float]

bpy: Any = importlib.import_module("bpy")
mathutils: Any = importlib.import_module("mathutils")
_object_utils: Any = importlib.import_module("bpy_extras.object_utils")


@dataclass(frozen=True, kw_only=True)
class Look:
    """Where the camera hangs and what it sees: ``view`` is its horizontal angle in degrees."""

    eye: Vector
    aim: Vector
    view: float = 78.0


@dataclass(frozen=True, kw_only=True)
class Light:
    """Sky and sun, or lamps; ``sun`` is (elevation, azimuth) in degrees, strengths are Blender's."""

    sun: tuple[float, float] = (48.0, 130.0)
    sun_strength: float = 3.2
    sky: Colour = (0.62, 0.72, 0.9)
    sky_strength: float = 0.75
    #: What the sky fades to at the horizon and below, where shiny things mirror it; None is one colour all over.
    horizon: Colour | None = None
    exposure: float = 0.0


def clear() -> None:
    """An empty scene."""
    bpy.ops.wm.read_factory_settings(use_empty=True)


def paint(
    colour: Colour,
    *,
    rough: float = 0.8,
    metal: float = 0.0,
    stain: float = 0.0,
    grain: float = 4.0,
    glow: float = 0.0,
) -> Any:
    """A material; ``stain`` is how much its brightness varies over patches of 1/``grain`` metres."""
    made = bpy.data.materials.new("paint")
    made.use_nodes = True
    nodes, links = made.node_tree.nodes, made.node_tree.links
    shader = nodes["Principled BSDF"]
    shader.inputs["Base Color"].default_value = (*colour, 1)
    shader.inputs["Roughness"].default_value = rough
    shader.inputs["Metallic"].default_value = metal
    if glow:
        shader.inputs["Emission Color"].default_value = (*colour, 1)
        shader.inputs["Emission Strength"].default_value = glow
    if stain:
        where, noise, ramp = (nodes.new(kind) for kind in _STAIN)
        noise.inputs["Scale"].default_value = grain
        noise.inputs["Detail"].default_value = 8.0
        low, high = (tuple(max(0.0, c * (1 + sign * stain)) for c in colour) for sign in (-1, 1))
        ramp.color_ramp.elements[0].color = (*low, 1)
        ramp.color_ramp.elements[1].color = (*high, 1)
        ramp.color_ramp.elements[0].position, ramp.color_ramp.elements[1].position = 0.3, 0.7
        links.new(where.outputs["Object"], noise.inputs["Vector"])
        links.new(noise.outputs["Fac"], ramp.inputs["Fac"])
        links.new(ramp.outputs["Color"], shader.inputs["Base Color"])
    return made


_STAIN = ("ShaderNodeTexCoord", "ShaderNodeTexNoise", "ShaderNodeValToRGB")


def tiles(colour: Colour, joint: Colour, size: float, *, upright: bool = False) -> Any:
    """Bricks or slabs ``size`` metres long, on the ground or on a wall along x."""
    made = bpy.data.materials.new("tiles")
    made.use_nodes = True
    nodes, links = made.node_tree.nodes, made.node_tree.links
    where, brick = nodes.new("ShaderNodeTexCoord"), nodes.new("ShaderNodeTexBrick")
    brick.inputs["Scale"].default_value = 1.0 / size
    brick.inputs["Color1"].default_value = (*colour, 1)
    brick.inputs["Color2"].default_value = (*(c * 0.82 for c in colour), 1)
    brick.inputs["Mortar"].default_value = (*joint, 1)
    brick.inputs["Mortar Size"].default_value = 0.012
    turned = nodes.new("ShaderNodeMapping")
    turned.inputs["Rotation"].default_value = (math.radians(90 if upright else 0), 0, 0)
    links.new(where.outputs["Object"], turned.inputs["Vector"])
    links.new(turned.outputs["Vector"], brick.inputs["Vector"])
    shader = nodes["Principled BSDF"]
    shader.inputs["Roughness"].default_value = 0.85
    links.new(brick.outputs["Color"], shader.inputs["Base Color"])
    return made


def box(size: Vector, at: Vector, material: Any, *, turn: float = 0.0, bevel: float = 0.0, parent: Any = None) -> Any:
    """A cuboid of ``size`` around ``at``, turned about z by degrees."""
    bpy.ops.mesh.primitive_cube_add(size=1, location=at, rotation=(0, 0, math.radians(turn)))
    made = bpy.context.object
    made.scale = size
    bpy.ops.object.transform_apply(location=False, rotation=False, scale=True)
    return _finish(made, material, bevel, parent)


def drum(
    radius: float,
    length: float,
    at: Vector,
    material: Any,
    *,
    axis: Vector = (0, 0, 1),
    top: float | None = None,
    parent: Any = None,
    bevel: float = 0.0,
) -> Any:
    """A cylinder, or a cone with another radius at its ``top``, along ``axis``."""
    bpy.ops.mesh.primitive_cone_add(
        vertices=24, radius1=radius, radius2=radius if top is None else top, depth=length, location=at
    )
    made = bpy.context.object
    made.rotation_euler = mathutils.Vector((0, 0, 1)).rotation_difference(mathutils.Vector(axis)).to_euler()
    for face in made.data.polygons:
        face.use_smooth = len(face.vertices) == 4
    return _finish(made, material, bevel, parent)


def ring(
    radius: float, thickness: float, at: Vector, material: Any, *, parent: Any = None, axis: Vector = (0, 1, 0)
) -> Any:
    """A tyre: a torus around ``axis``."""
    bpy.ops.mesh.primitive_torus_add(
        major_radius=radius, minor_radius=thickness, location=at, major_segments=36, minor_segments=12
    )
    made = bpy.context.object
    made.rotation_euler = mathutils.Vector((0, 0, 1)).rotation_difference(mathutils.Vector(axis)).to_euler()
    for face in made.data.polygons:
        face.use_smooth = True
    return _finish(made, material, 0.0, parent)


def tube(points: Sequence[Vector], radius: float, material: Any, *, parent: Any = None, round_off: bool = True) -> Any:
    """A pipe along ``points``."""
    curve = bpy.data.curves.new("tube", "CURVE")
    curve.dimensions, curve.bevel_depth, curve.bevel_resolution, curve.use_fill_caps = "3D", radius, 4, True
    line = curve.splines.new("BEZIER" if round_off else "POLY")
    if round_off:
        line.bezier_points.add(len(points) - 1)
        for point, place in zip(line.bezier_points, points, strict=True):
            point.co = place
            point.handle_left_type = point.handle_right_type = "AUTO"
    else:
        line.points.add(len(points) - 1)
        for point, place in zip(line.points, points, strict=True):
            point.co = (*place, 1)
    made = bpy.data.objects.new("tube", curve)
    bpy.context.collection.objects.link(made)
    return _finish(made, material, 0.0, parent)


def ball(
    radius: float,
    at: Vector,
    material: Any,
    *,
    squash: Vector = (1, 1, 1),
    lumps: float = 0.0,
    seed: int = 0,
    parent: Any = None,
) -> Any:
    """A sphere, with ``lumps`` metres of folds."""
    bpy.ops.mesh.primitive_ico_sphere_add(subdivisions=5 if radius > 0.15 else 3, radius=radius, location=at)
    made = bpy.context.object
    made.scale = squash
    bpy.ops.object.transform_apply(location=False, rotation=False, scale=True)
    for face in made.data.polygons:
        face.use_smooth = True
    if lumps:
        for number, scale in enumerate((1.1 * radius, 0.4 * radius)):
            texture = bpy.data.textures.new(f"lumps{seed}{number}", "VORONOI" if number else "CLOUDS")
            texture.noise_scale = scale * (1 + 0.1 * (seed % 5))
            change = made.modifiers.new(f"lumps{number}", "DISPLACE")
            change.texture, change.strength, change.mid_level = texture, lumps / (1 + number), 0.5
    return _finish(made, material, 0.0, parent)


def solid(
    vertices: Sequence[Vector],
    faces: Sequence[Sequence[int]],
    material: Any,
    *,
    bevel: float = 0.0,
    smooth: int = 0,
    parent: Any = None,
) -> Any:
    """Any solid; ``smooth`` is the number of subdivisions."""
    mesh = bpy.data.meshes.new("solid")
    mesh.from_pydata([tuple(v) for v in vertices], [], [tuple(f) for f in faces])
    mesh.update()
    made = bpy.data.objects.new("solid", mesh)
    bpy.context.collection.objects.link(made)
    if smooth:
        change = made.modifiers.new("smooth", "SUBSURF")
        change.levels = change.render_levels = smooth
        for face in mesh.polygons:
            face.use_smooth = True
    return _finish(made, material, bevel, parent)


def group(name: str) -> Any:
    """Something to hang parts on, so that they move together."""
    made = bpy.data.objects.new(name, None)
    bpy.context.collection.objects.link(made)
    return made


def lamp(at: Vector, watts: float, *, colour: Colour = (1, 0.9, 0.75), size: float = 0.3) -> Any:
    """A lamp that shines downwards and around."""
    data = bpy.data.lights.new("lamp", "POINT")
    data.energy, data.color, data.shadow_soft_size = watts, colour, size
    made = bpy.data.objects.new("lamp", data)
    made.location = at
    bpy.context.collection.objects.link(made)
    return made


def sun(at: tuple[float, float], strength: float, *, colour: Colour = (1, 1, 1)) -> Any:
    """The sun at (elevation, azimuth), degrees."""
    data = bpy.data.lights.new("sun", "SUN")
    data.energy, data.color, data.angle = strength, colour, math.radians(1.5)
    made = bpy.data.objects.new("sun", data)
    made.rotation_euler = (math.radians(90 - at[0]), 0, math.radians(at[1]))
    bpy.context.collection.objects.link(made)
    return made


def shine(light: Light) -> None:
    """Sky and sun."""
    world = bpy.data.worlds.new("sky")
    bpy.context.scene.world = world
    world.use_nodes = True
    ground = world.node_tree.nodes["Background"]
    ground.inputs["Color"].default_value = (*light.sky, 1)
    ground.inputs["Strength"].default_value = light.sky_strength
    if light.horizon is not None:
        _gradient(world.node_tree, light.sky, light.horizon)
    if light.sun_strength:
        sun(light.sun, light.sun_strength)
    bpy.context.scene.view_settings.exposure = light.exposure


def _gradient(tree: Any, sky: Colour, horizon: Colour) -> None:
    """A ground of half the horizon's light, the horizon, and the sky above 35 degrees."""
    where, parts, ramp = (tree.nodes.new(f"ShaderNode{kind}") for kind in ("TexCoord", "SeparateXYZ", "ValToRGB"))
    stops = ramp.color_ramp.elements
    stops[0].position, stops[0].color = 0.0, (*(c * 0.4 for c in horizon), 1)
    stops[1].position, stops[1].color = 0.58, (*sky, 1)
    middle = stops.new(0.02)
    middle.color = (*horizon, 1)
    tree.links.new(where.outputs["Generated"], parts.inputs["Vector"])
    tree.links.new(parts.outputs["Z"], ramp.inputs["Fac"])
    tree.links.new(ramp.outputs["Color"], tree.nodes["Background"].inputs["Color"])


def hang_camera(look: Look, size: tuple[int, int], *, samples: int, seed: int) -> None:
    """The camera and how it is rendered."""
    scene = bpy.context.scene
    data = bpy.data.cameras.new("camera")
    data.angle = math.radians(look.view)
    made = bpy.data.objects.new("camera", data)
    made.location = look.eye
    towards = mathutils.Vector(look.aim) - mathutils.Vector(look.eye)
    made.rotation_euler = towards.to_track_quat("-Z", "Y").to_euler()
    bpy.context.collection.objects.link(made)
    scene.camera = made
    scene.render.engine = "CYCLES"
    scene.render.resolution_x, scene.render.resolution_y = size
    scene.render.resolution_percentage = 100
    scene.render.image_settings.file_format = "PNG"
    scene.render.threads_mode, scene.render.threads = "FIXED", 2
    scene.view_settings.view_transform = "Filmic"
    scene.view_settings.look = "Medium High Contrast"
    cycles = scene.cycles
    cycles.samples, cycles.seed, cycles.use_denoising, cycles.denoiser = samples, seed, True, "OPENIMAGEDENOISE"
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces, cycles.transmission_bounces = 4, 2, 2, 2
    cycles.use_adaptive_sampling = True
    scene.render.use_persistent_data = True


def on_screen(objects: Sequence[Any], light: Light) -> tuple[float, float, float, float] | None:
    """The box around ``objects`` as they are now, with their shadows on the ground: left, top, right, bottom as
    fractions; None when out of sight."""
    found = list[tuple[float, float]]()
    bpy.context.view_layer.update()
    for thing in objects:
        for corner in thing.bound_box:
            place = thing.matrix_world @ mathutils.Vector(corner)
            for point in (place, _shadow(place, light)):
                x, y, depth = to_screen(point)
                if depth > 0:
                    found.append((x, y))
    if not found:
        return None
    xs, ys = [x for x, _ in found], [y for _, y in found]
    left, top, right, bottom = max(0.0, min(xs)), max(0.0, min(ys)), min(1.0, max(xs)), min(1.0, max(ys))
    return (left, top, right, bottom) if left < right and top < bottom else None


def to_screen(place: Any) -> tuple[float, float, float]:
    """A point as fractions of the picture from its upper left, and how far it is from the camera, metres."""
    scene = bpy.context.scene
    x, y, depth = _object_utils.world_to_camera_view(scene, scene.camera, place)
    return x, 1 - y, depth


def _shadow(place: Any, light: Light) -> Any:
    """Where the shadow of a point falls on the ground; the point below it where there is no sun."""
    height = max(0.0, place.z)
    length = height / math.tan(math.radians(light.sun[0])) if light.sun_strength else 0.0
    turn = math.radians(light.sun[1])
    # The lamp shines along its own -z, turned about x by the angle from the zenith and then about z.
    return mathutils.Vector((place.x - length * math.sin(turn), place.y + length * math.cos(turn), 0.0))


def render(path: str, border: tuple[float, float, float, float] | None = None) -> None:
    """The picture, or the part within ``border`` (fractions), into a PNG."""
    scene = bpy.context.scene
    scene.render.filepath = path
    scene.render.use_border = scene.render.use_crop_to_border = border is not None
    if border is not None:
        left, top, right, bottom = border
        scene.render.border_min_x, scene.render.border_max_x = left, right
        scene.render.border_min_y, scene.render.border_max_y = 1 - bottom, 1 - top
    bpy.ops.render.render(write_still=True)


def _finish(made: Any, material: Any, bevel: float, parent: Any) -> Any:
    made.data.materials.append(material)
    if bevel:
        change = made.modifiers.new("bevel", "BEVEL")
        change.width, change.segments = bevel, 3
    if parent is not None:
        made.parent = parent
    return made
