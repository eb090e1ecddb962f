/** Evidence goes up as raw bytes under its own hash; XMLHttpRequest, because fetch tells no upload progress. */

import { noteProblem, Problem, readProblem, Unreachable, Unreadable } from "./client";
import { sha256 } from "./sha256";

/** A large photo over a slow line takes its time; one that does not move at all has lost its connection. */
const STALL_MS = 60_000;

/**
 * Upload one file and return its SHA-256. Sending the same file twice is harmless.
 *
 * @param onProgress called with the share 0..1 that has been sent.
 * @throws Problem when the dispatcher refused it; Unreachable when the connection broke; Unreadable when the file cannot be read.
 */
export async function uploadEvidence(file: Blob, onProgress: (share: number) => void): Promise<string> {
  const digest = await sha256(new Uint8Array(await bytesOf(file)));
  await put(`/api/v1/evidence/${digest}`, file, onProgress);
  return digest;
}

/** A phone that is short of room takes the bytes of what it kept: known of Safari, whose files then say NotReadableError. */
async function bytesOf(file: Blob): Promise<ArrayBuffer> {
  try {
    return await file.arrayBuffer();
  } catch (cause) {
    throw new Unreadable(cause);
  }
}

function put(url: string, file: Blob, onProgress: (share: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    call.open("PUT", url);
    call.setRequestHeader("Content-Type", file.type);
    call.setRequestHeader("X-Lookout", "1");
    let stalled: number | undefined;
    const wait = () => {
      clearTimeout(stalled);
      stalled = window.setTimeout(() => call.abort(), STALL_MS);
    };
    call.addEventListener("loadend", () => clearTimeout(stalled));
    wait();
    call.upload.addEventListener("progress", (event) => {
      wait();
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    });
    call.addEventListener("load", () => {
      if (call.status === 200 || call.status === 201) {
        resolve();
        return;
      }
      const problem = new Problem(call.status, readProblem(call.responseText));
      noteProblem(problem);
      reject(problem);
    });
    call.addEventListener("error", () => reject(new Unreachable()));
    call.addEventListener("abort", () => reject(new Unreachable()));
    call.send(file);
  });
}
