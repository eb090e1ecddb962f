// The gateway's page: asks for the state every two seconds, and for pictures of what is on the screen only.
const EVERY_MS = 2000;
const STALE_MS = 10000;
const SVG = "http://www.w3.org/2000/svg";
const $ = (selector, root = document) => root.querySelector(selector);

const wanted = new URLSearchParams(location.search).get("lang") ?? localStorage.getItem("lookout-language");
const language = wanted ?? ((navigator.languages ?? []).some((tag) => tag.startsWith("zh")) || !navigator.language ? "zh-CN" : "en");
const words = await (await fetch(language === "en" ? "en.json" : "zh-CN.json")).json();
document.documentElement.lang = language;

/** The words for a key; the key itself where none are known, so that a new reason is never hidden. */
const say = (group, key) => words[group]?.[key] ?? key;
const text = (key, values = {}) => words.page[key].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

const cards = new Map();
const visible = new Set();
// Told after the card was first drawn: its picture comes at once, not with the next answer.
const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) visible.add(target.dataset.camera);
    else visible.delete(target.dataset.camera);
    if (cards.get(target.dataset.camera) === target) fetchPicture(target);
  }
});
let answeredAt = Date.now();
let mayPress = false;

$("#language").textContent = language === "en" ? "中文" : "English";
$("#language").addEventListener("click", () => {
  localStorage.setItem("lookout-language", language === "en" ? "zh-CN" : "en");
  location.search = "";
});

function cardOf(camera) {
  let card = cards.get(camera.camera);
  if (card) return card;
  card = $("#camera").content.firstElementChild.cloneNode(true);
  card.dataset.camera = camera.camera;
  $("h2", card).textContent = camera.name || camera.camera;
  $("img", card).alt = text("picture_of", { camera: camera.name || camera.camera });
  $(".rules-title", card).textContent = text("rules");
  $("summary", card).textContent = text("why");
  $(".why label span", card).textContent = text("at");
  $(".why button", card).textContent = text("ask");
  $(".why form", card).addEventListener("submit", (event) => answerWhy(event, card, camera.camera));
  const picture = $("img", card);
  picture.addEventListener("load", () => {
    picture.classList.add("loaded");
    $(".blank", card).textContent = "";
  });
  picture.addEventListener("error", () => {
    picture.classList.remove("loaded");
    $(".blank", card).textContent = text("no_picture");
  });
  $("#cameras").append(card);
  cards.set(camera.camera, card);
  seen.observe(card);
  return card;
}

const SILENCE = { whole: "why_nothing", since: "why_nothing_since", watched: "why_nothing_watched" };

/** What is remembered of a while, line by line. */
function told({ before, notes, forgotten_until: until, silence, unknown_since: unknownSince }) {
  const lines = [];
  if (until) lines.push(text("why_forgotten", { clock: until }));
  else if (!before) lines.push(text(notes.length ? "why_unknown" : "why_empty"));
  if (before && before.state !== "watching") lines.push(text("why_since", { clock: before.clock, ...sightOf(before) }));
  for (const note of notes) lines.push(...noteOf(note));
  if (unknownSince) lines.push(text("why_broken_off", { clock: unknownSince }));
  if (silence) lines.push(text(SILENCE[silence]));
  return lines;
}

const sightOf = ({ state, reason }) => ({ state: say("states", state) + (reason ? ` · ${say("reasons", reason)}` : "") });

const because = (reason) => (reason.startsWith("blind_") ? say("reasons", reason.slice(6)) : say("because", reason));

/** Part of a sentence: nothing of an alarm about no thing; of who shows no sign of life that nobody was seen. */
function thingOf({ label, scenario }) {
  if (!label && scenario !== "care") return "";
  return text("why_thing", { thing: label ? say("labels", label) : text("why_nobody") });
}

function noteOf(note) {
  if (note.kind === "sight") return [text("why_sight", { clock: note.clock, ...sightOf(note) })];
  const thing = thingOf(note);
  const what = { clock: note.clock, scenario: say("scenarios", note.scenario), zone: say("values", note.zone ?? "frame"), thing };
  const suppressed = note.kind === "suppressed";
  const happened = say("phases", note.state) + (note.kind === "shadow" ? text("why_trial") : "");
  const head = suppressed
    ? text("why_suppressed", { ...what, condition: say("conditions", note.blocked_by) })
    : text("why_event", { ...what, happened, severity: say("severities", note.severity), because: because(note.reason ?? "") });
  const reasons = suppressed || note.state === "start" ? note.conditions : [];
  return [head, ...reasons.map((condition) => `    ${conditionOf(condition)}`)];
}

async function answerWhy(event, card, camera) {
  event.preventDefault();
  const shown = $("pre", card);
  shown.hidden = false;
  shown.textContent = "…";
  const at = new FormData(event.target).get("at");
  try {
    const response = await fetch(`api/cameras/${encodeURIComponent(camera)}/why?at=${encodeURIComponent(at)}`);
    const answer = await response.json();
    shown.textContent = response.ok ? told(answer).join("\n") : answer.detail;
  } catch {
    shown.textContent = text("unanswered");
  }
}

function facts(pairs) {
  return pairs
    .filter(([, value]) => value !== null && value !== undefined && value !== "")
    .flatMap(([key, value]) => {
      const term = document.createElement("dt");
      const given = document.createElement("dd");
      term.textContent = text(key);
      given.textContent = value;
      const pair = document.createElement("div");
      pair.append(term, given);
      return [pair];
    });
}

function shape(kind, className, attributes) {
  const element = document.createElementNS(SVG, kind);
  element.setAttribute("class", className);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
const rectangle = ([x1, y1, x2, y2], className) =>
  shape("rect", className, { x: x1 * 1000, y: y1 * 1000, width: (x2 - x1) * 1000, height: (y2 - y1) * 1000 });
const polygon = (corners, className) =>
  shape("polygon", className, { points: corners.map(([x, y]) => `${x * 1000},${y * 1000}`).join(" ") });

function draw(card, camera) {
  const standing = { blocked: 0, pending: 1, active: 2 };
  const candidates = [...camera.candidates].sort((a, b) => standing[a.standing] - standing[b.standing]);
  $("svg", card).replaceChildren(
    ...camera.masks.map((corners) => polygon(corners, "mask")),
    ...Object.values(camera.zones).map((corners) => polygon(corners, "zone")),
    ...camera.tracks.map((track) => rectangle(track.box, track.held ? "thing held" : "thing")),
    ...candidates.map((candidate) => rectangle(candidate.box, candidate.standing)),
  );
  if (camera.size) $(".view", card).style.aspectRatio = `${camera.size[0]} / ${camera.size[1]}`;
}

function valueOf(value, unit) {
  if (value === null || typeof value !== "number") return say("values", String(value));
  const rounded = Number.isInteger(value) ? value : value.toFixed(value < 10 ? 2 : 1);
  return unit && unit !== "1" ? `${rounded} ${say("units", unit)}` : `${rounded}`;
}

function conditionOf({ name, value, limit, unit, met, bound }) {
  // What has no limit, or was not held to it, is told for who asks why and gets no tick.
  const overruled = typeof limit === "boolean" && value !== limit;
  const informs = met && (limit === null || overruled || bound !== null);
  const mark = !met ? "✗" : informs ? "·" : "✓";
  // Of a yes or no that is wanted the mark says everything; what is merely told (nothing is wanted) says its value.
  // Where a no is wanted, "✓ burning" would say the opposite.
  if (typeof value === "boolean" && limit === true && !informs) return `${mark} ${say("conditions", name)}`;
  const told = name === "sight" ? say("reasons", value) : valueOf(value, unit);
  const given = { name: say("conditions", name), value: told, limit: valueOf(limit, unit) };
  const measured = typeof value === "number" && typeof limit === "number";
  if (measured && bound === "least" && value < limit) return `${mark} ${text("condition_short", given)}`;
  if (measured && bound === "most" && value > limit) return `${mark} ${text("condition_beyond", given)}`;
  // What is met needs no limit beside it: some limits are bounds, and some conditions are met in another way.
  return `${mark} ${text(met || limit === null || limit === false ? "condition" : "condition_limit", given)}`;
}

function ruleOf(candidate) {
  const item = document.createElement("li");
  item.className = candidate.standing;
  const head = document.createElement("b");
  head.textContent = text("candidate", {
    scenario: say("scenarios", candidate.scenario),
    standing: say("standings", candidate.standing),
  });
  const where = document.createElement("span");
  where.textContent = ` ${say("things", candidate.group)} · ${say("values", candidate.zone)}` + (candidate.for_s === null ? "" : ` · ${valueOf(candidate.for_s, "s")}`);
  const list = document.createElement("ul");
  for (const condition of candidate.conditions) {
    const line = document.createElement("li");
    line.className = condition.met ? "yes" : "no";
    line.textContent = conditionOf(condition);
    list.append(line);
  }
  item.append(head, where, list);
  return item;
}

function idleRules(camera) {
  const item = document.createElement("li");
  item.textContent = text("nothing", { scenarios: camera.scenarios.map((name) => say("scenarios", name)).join(text("and")) });
  return item;
}

function coverageOf([today]) {
  if (!today) return null;
  const spent = (by, state) =>
    Object.entries(by)
      .filter(([, minutes]) => minutes >= 0.1)
      .map(([reason, minutes]) => `${say("states", state)} ${minutes.toFixed(1)} (${say("reasons", reason)})`);
  const watched = `${say("states", "watching")} ${today.watching_min.toFixed(1)}`;
  return [watched, ...spent(today.blind_min, "blind"), ...spent(today.off_min, "off")].join(text("and"));
}

function show(camera) {
  const card = cardOf(camera);
  const state = camera.state ?? { state: "blind", reason: "starting" };
  const chip = $(".chip", card);
  chip.className = `chip ${state.state}${state.state === "watching" && state.reason ? " impaired" : ""}`;
  chip.textContent = say("states", state.state) + (state.reason ? ` · ${say("reasons", state.reason)}` : "");
  const detail = $(".detail", card);
  // The gateway's own sentence names the address and what FFmpeg said, in English; elsewhere it stands below the advice.
  const advice = language === "en" ? undefined : words.advice[state.reason];
  detail.textContent = state.detail ? (advice ?? state.detail) : "";
  $(".own", card).textContent = state.detail && advice ? text("own", { words: state.detail }) : "";
  const report = camera.report;
  $("dl", card).replaceChildren(
    ...facts([
      ["fps", report.fps],
      ["skew", report.skew_s === null ? null : `${report.skew_s} s`],
      ["looks", camera.counts.looks],
      ["failed", camera.counts.failed],
      ["shed", camera.counts.shed],
      ["dropped", report.dropped],
      ["reconnects", report.reconnects],
      ["memory", `${(report.memory_bytes / 1e6).toFixed(1)} MB`],
      ["open", camera.open],
      ["events", camera.events],
      ["coverage", coverageOf(report.coverage)],
    ]),
  );
  const rules = camera.candidates.map(ruleOf);
  $(".rules", card).replaceChildren(...(rules.length ? rules : [idleRules(camera)]));
  draw(card, camera);
  card.dataset.pictureAt = camera.picture_at ?? "";
  if (!camera.picture_at) $(".blank", card).textContent = text("no_picture");
  fetchPicture(card);
}

function fetchPicture(card) {
  const { camera, pictureAt } = card.dataset;
  const picture = $("img", card);
  if (!visible.has(camera) || !pictureAt || picture.dataset.at === pictureAt) return;
  picture.dataset.at = pictureAt;
  picture.src = `api/cameras/${encodeURIComponent(camera)}/picture.jpg?at=${pictureAt}`;
}

async function press(name, button) {
  if (!confirm(text("sure", { button: name }))) return;
  button.disabled = true;
  try {
    const response = await fetch(`buttons/${encodeURIComponent(name)}`, { method: "POST" });
    const answer = await response.json();
    button.textContent = response.ok ? text("pressed", { button: name }) : answer.detail;
  } catch {
    button.textContent = text("unanswered");
  }
  setTimeout(() => ((button.disabled = false), (button.textContent = text("press", { button: name }))), 5000);
}

function showButtons(names) {
  const box = $("#buttons");
  box.hidden = !mayPress || !names.length;
  if (box.childElementCount === names.length) return;
  box.replaceChildren(
    ...names.map((name) => {
      const button = document.createElement("button");
      button.textContent = text("press", { button: name });
      button.addEventListener("click", () => press(name, button));
      return button;
    }),
  );
}

function showGateway({ status, connected }) {
  document.title = $("#gateway").textContent = text("title", { gateway: status.gateway });
  const spool = status.spool;
  $("#facts").textContent = [
    text(connected ? "connected" : "disconnected"),
    spool ? text("spool", { events: spool.events, evidence: spool.evidence }) : "",
    text("version", { version: status.version }),
  ]
    .filter(Boolean)
    .join(" · ");
}

async function refresh() {
  if (document.visibilityState === "visible") {
    try {
      const response = await fetch("api/status", { signal: AbortSignal.timeout(STALE_MS) });
      if (!response.ok) throw new Error(response.statusText);
      const given = await response.json();
      answeredAt = Date.now();
      mayPress = given.may_press;
      showGateway(given);
      showButtons(given.buttons);
      given.cameras.forEach(show);
      for (const [name, card] of cards) {
        if (!given.cameras.some((camera) => camera.camera === name)) {
          card.remove();
          cards.delete(name);
        }
      }
    } catch {
      // Said below, once it lasts.
    }
    const silent = Date.now() - answeredAt > STALE_MS;
    $("#stale").hidden = !silent;
    document.body.classList.toggle("past", silent);
    if (silent) $("#stale").textContent = text("stale", { time: new Date(answeredAt).toLocaleTimeString(language) });
  } else {
    answeredAt = Date.now();
  }
  setTimeout(refresh, EVERY_MS);
}
refresh();
