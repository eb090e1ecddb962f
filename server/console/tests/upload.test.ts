import { describe, expect, it } from "vitest";
import { Unreadable } from "../src/api/client";
import { uploadEvidence } from "../src/api/upload";

describe("uploading", () => {
  it("says so when the file cannot be read any more", async () => {
    const lost = new Blob(["photo"]);
    lost.arrayBuffer = () => Promise.reject(new DOMException("The I/O read operation failed.", "NotReadableError"));
    await expect(uploadEvidence(lost, () => undefined)).rejects.toBeInstanceOf(Unreadable);
  });
});
