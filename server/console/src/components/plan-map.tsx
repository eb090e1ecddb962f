import * as leaflet from "leaflet";
import "leaflet/dist/leaflet.css";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Camera, Severity } from "../api/models";
import type { Placed, Plan } from "../api/plans";
import { cameraKey } from "../live/places";
import { coneOf, fractions } from "../live/plan";
import { t } from "../text/i18n";

/** The map's own units across a picture, however large it is. */
const WIDTH = 1000;

export interface Pinned {
  camera: Camera;
  placed: Placed;
  alarm: Severity | undefined;
}

interface MapProps {
  plan: Plan;
  pins: readonly Pinned[];
  editing: boolean;
  chosen: string | null;
  onOpen: (pin: Pinned) => void;
  onMove: (pin: Pinned, to: { x: number; y: number }) => void;
}

/** A plan to zoom and pan, with the cameras on it and what each of them sees. */
export function PlanMap(props: MapProps) {
  const { plan, pins, editing, chosen } = props;
  const frame = useRef<HTMLDivElement>(null);
  const [held, setHeld] = useState<{ map: leaflet.Map; height: number } | null>(null);
  // Leaflet keeps its listeners: they ask for what is to be done now.
  const latest = useRef(props);
  latest.current = props;
  useEffect(() => {
    let map: leaflet.Map | null = null;
    const picture = new Image();
    picture.onload = () => {
      if (frame.current === null) return;
      const height = (WIDTH * picture.naturalHeight) / picture.naturalWidth;
      map = openMap(frame.current, plan.url, height);
      setHeld({ map, height });
    };
    picture.src = plan.url;
    return () => {
      picture.onload = null;
      setHeld(null);
      map?.remove();
    };
  }, [plan.id]);
  useEffect(() => {
    if (held === null) return;
    const layer = leaflet.layerGroup().addTo(held.map);
    for (const pin of pins) drawPin(layer, pin, held.height, cameraKey(pin.camera) === chosen, latest);
    return () => {
      layer.remove();
    };
  }, [held, JSON.stringify(pins.map(({ camera, placed, alarm }) => [placed, camera.name, camera.state, alarm])), editing, chosen]);
  return <div ref={frame} class="plan-map" role="region" aria-label={t("map.of", { name: plan.name })} />;
}

function openMap(frame: HTMLElement, url: string, height: number): leaflet.Map {
  const bounds: leaflet.LatLngBoundsLiteral = [
    [0, 0],
    [height, WIDTH],
  ];
  const map = leaflet.map(frame, {
    crs: leaflet.CRS.Simple,
    attributionControl: false,
    zoomControl: false,
    zoomSnap: 0.25,
    minZoom: -3,
    maxZoom: 4,
    zoomAnimation: false,
    fadeAnimation: false,
    maxBounds: leaflet.latLngBounds(bounds).pad(0.5),
  });
  leaflet.control.zoom({ zoomInTitle: t("map.zoom_in"), zoomOutTitle: t("map.zoom_out") }).addTo(map);
  leaflet.imageOverlay(url, bounds, { alt: "" }).addTo(map);
  map.fitBounds(bounds);
  map.on("resize", () => map.fitBounds(bounds));
  return map;
}

function drawPin(layer: leaflet.LayerGroup, pin: Pinned, height: number, chosen: boolean, latest: { current: MapProps }): void {
  const { camera, placed, alarm } = pin;
  // Leaflet's north is up, pictures begin at the top.
  const at = (x: number, y: number): leaflet.LatLngTuple => [height - y, x];
  const outline = (standing: Placed) => coneOf(standing, WIDTH, height).map(([x, y]) => at(x, y));
  const className = `cone ${alarm === undefined ? "" : `cone-${alarm}`} ${chosen ? "cone-chosen" : ""}`;
  // A name stands towards the middle, where there is room for it.
  const side = placed.x > 0.5 ? "pin-left" : "";
  const cone = leaflet.polygon(outline(placed), { className, interactive: false }).addTo(layer);
  const marker = leaflet
    .marker(at(placed.x * WIDTH, placed.y * height), {
      icon: leaflet.divIcon({ className: `pin ${side} seen-${camera.state} ${chosen ? "pin-chosen" : ""}`, html: face(pin), iconSize: [28, 28] }),
      draggable: latest.current.editing,
      autoPan: false,
    })
    .addTo(layer);
  const place = () => {
    const { lat, lng } = marker.getLatLng();
    return fractions(lng, height - lat, WIDTH, height);
  };
  marker.getElement()?.setAttribute("aria-label", [camera.name, t(`sight.${camera.state}`), alarm === undefined ? "" : t(`grade.${alarm}`)].join(" "));
  marker.on("click", () => latest.current.onOpen(pin));
  marker.on("drag", () => cone.setLatLngs(outline({ ...placed, ...place() })));
  marker.on("dragend", () => latest.current.onMove(pin, place()));
  marker.on("keydown", ({ originalEvent: event }: leaflet.LeafletKeyboardEvent) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    latest.current.onOpen(pin);
  });
}

/** A dot and the camera's name, which may hold anything. */
function face({ camera, alarm }: Pinned): HTMLElement {
  const dot = document.createElement("span");
  dot.className = alarm === undefined ? "dot" : `dot dot-${alarm}`;
  const name = document.createElement("span");
  name.className = "pin-name";
  name.textContent = camera.state === "watching" ? camera.name : `${camera.name} · ${t(`sight.${camera.state}`)}`;
  const both = document.createElement("span");
  both.append(dot, name);
  return both;
}
