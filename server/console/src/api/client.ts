/** One way to the dispatcher's API: JSON in, JSON out, and three kinds of failure. */

/** The dispatcher answered "no", and why (application/problem+json). Nothing was changed. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  /** The members beyond the standard ones, e.g. `allowed` or `current_version`. */
  readonly extras: Readonly<Record<string, unknown>>;

  constructor(status: number, body: Readonly<Record<string, unknown>>) {
    super(textOf(body["detail"]) ?? textOf(body["title"]) ?? `HTTP ${status}`);
    this.name = "Problem";
    this.status = status;
    this.code = textOf(body["code"]) ?? `http_${status}`;
    this.extras = body;
  }
}

/** Whether what was asked about is not there: it may have gone, or its name cannot be one. */
export function isMissing(error: unknown): boolean {
  if (!(error instanceof Problem)) return false;
  const wrong = error.code === "invalid" && Array.isArray(error.extras["errors"]) ? (error.extras["errors"] as { where?: unknown }[]) : [];
  return error.code === "not_found" || (wrong.length > 0 && wrong.every(({ where }) => String(where).startsWith("path.")));
}

export type Method = "GET" | "POST" | "PUT" | "DELETE";

/** No answer came: whether the request arrived is unknown. */
export class Unreachable extends Error {
  constructor(
    cause?: unknown,
    /** Whether something was only to be read: then nothing can have been changed. */
    readonly reading = false,
  ) {
    super("the dispatcher did not answer", { cause });
    this.name = "Unreachable";
  }
}

/** This browser cannot read any more what it was to send: nothing was sent, and trying again will hardly help. */
export class Unreadable extends Error {
  constructor(cause?: unknown) {
    super("the file cannot be read", { cause });
    this.name = "Unreadable";
  }
}

/** Whether the same may go well in a moment: no answer, or a dispatcher that says it cannot now. */
export function passes(error: unknown): boolean {
  return error instanceof Unreachable || (error instanceof Problem && error.status >= 500);
}

/** What has not been answered by then is taken for lost: a page says so and offers to try again, instead of waiting on. */
const READ_PATIENCE_MS = 30_000;
/** Changes may take longer: trying a policy on the past, taking in an estate. */
const WRITE_PATIENCE_MS = 120_000;
/** Photos and tables over a slow line. */
const FILES_PATIENCE_MS = 600_000;

let whenSignedOut: () => void = () => undefined;

/** Say what happens when the session has ended (401 on anything but signing in). */
export function onSignedOut(action: () => void): void {
  whenSignedOut = action;
}

/** Report a problem that came by another road (an upload) the way `request` does. */
export function noteProblem(problem: Problem): void {
  if (problem.status === 401) whenSignedOut();
}

/**
 * Send one request under /api/v1 and read its JSON answer (null for 204). A form or a file goes as it is; `key` makes sending it
 * again the same request.
 *
 * @throws Problem when the dispatcher refused; Unreachable when it did not answer.
 */
export async function request<T>(method: Method, path: string, body?: unknown, key?: string): Promise<T> {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), patienceFor(method, body));
  try {
    return await read<T>(method, path, await send(method, path, body, key, patience.signal));
  } finally {
    clearTimeout(timer);
  }
}

const hasFiles = (body: unknown) => body instanceof FormData || body instanceof Blob;

function patienceFor(method: Method, body: unknown): number {
  if (hasFiles(body)) return FILES_PATIENCE_MS;
  return method === "GET" ? READ_PATIENCE_MS : WRITE_PATIENCE_MS;
}

async function read<T>(method: Method, path: string, response: Response): Promise<T> {
  // An answer that breaks off, or that is no JSON since something in between gave it, is none.
  if (response.ok) return (response.status === 204 ? null : await answered(response.json(), method)) as T;
  const problem = new Problem(response.status, await problemBody(response, method));
  // A wrong password or code is the page's to tell: what is asked for beside the session says nothing about it.
  if (!(method === "POST" && path.startsWith("/session"))) noteProblem(problem);
  throw problem;
}

/** The bytes of an answer as they come, until `signal` aborts it. @throws Problem, Unreachable. */
export async function stream(path: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const response = await answered(fetch(`/api/v1${path}`, { credentials: "same-origin", signal }), "GET");
  if (response.ok && response.body !== null) return response.body;
  const problem = new Problem(response.status, await problemBody(response, "GET"));
  noteProblem(problem);
  throw problem;
}

async function answered<T>(coming: Promise<T>, method: Method): Promise<T> {
  try {
    return await coming;
  } catch (cause) {
    throw new Unreachable(cause, method === "GET");
  }
}

async function send(method: Method, path: string, body: unknown, key: string | undefined, signal: AbortSignal): Promise<Response> {
  const form = hasFiles(body);
  const headers: Record<string, string> = { Accept: "application/json" };
  if (method !== "GET") headers["X-Lookout"] = "1";
  if (body !== undefined && !form) headers["Content-Type"] = "application/json";
  if (key !== undefined) headers["Idempotency-Key"] = key;
  return answered(
    fetch(`/api/v1${path}`, {
      method,
      headers,
      credentials: "same-origin",
      signal,
      ...(body === undefined ? {} : { body: form ? (body as FormData | Blob) : JSON.stringify(body) }),
    }),
    method,
  );
}

async function problemBody(response: Response, method: Method): Promise<Record<string, unknown>> {
  return readProblem(await answered(response.text(), method));
}

/** The members of a problem document; none when a proxy answered with something else. */
export function readProblem(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** `?a=1&b=2` of what is set; an empty text when nothing is. */
export function query(values: Record<string, string | number | boolean | null | undefined>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== null && value !== undefined) search.set(name, String(value));
  }
  const text = search.toString();
  return text === "" ? "" : `?${text}`;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
