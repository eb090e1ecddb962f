import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";
import { lightPages, splitWords } from "./words.vite";

// `npm run dev` serves the pages with hot reload and hands the API to a dispatcher that runs.
const dispatcher = process.env["LOOKOUT_URL"] ?? "http://127.0.0.1:8080";

/** What the worker's phone must have to open without network; what these import comes along. */
const PHONE = ["index.html", ...lightPages(import.meta.dirname, "/worker"), "src/locales/en.json?light"];
const PUBLIC = ["/icon.svg", "/manifest.webmanifest"];

/** Tells the service worker which files it is to keep, and by a name whether they have changed. */
function phoneShell(): Plugin {
  return {
    name: "phone-shell",
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        const files = new Set(PUBLIC);
        const take = (name: string): void => {
          const part = bundle[name];
          if (part === undefined || files.has(`/${name}`)) return;
          files.add(`/${name}`);
          if (part.type === "chunk") part.imports.forEach(take);
        };
        for (const part of Object.values(bundle)) {
          const source = part.type === "chunk" ? part.facadeModuleId : null;
          const wanted = source != null && PHONE.some((path) => source.endsWith(`/${path}`));
          if (wanted || part.fileName.endsWith(".css")) take(part.fileName);
        }
        const worker = bundle["sw.js"];
        if (worker?.type !== "chunk") throw new Error("the build made no service worker");
        const list = [...files].sort();
        const name = createHash("sha256").update(list.join("\n")).digest("hex").slice(0, 12);
        worker.code = `const SHELL=${JSON.stringify({ name, files: list })};${worker.code}`;
      },
    },
  };
}

/** What so many pages share is in the script that all of them load. */
const COMMON = 12;

/** Below this there is next to nothing to gain. */
const WORTH_PACKING_BYTES = 200;

/** Puts texts beside themselves as they travel, `.br` and `.gz`: the dispatcher packs nothing while somebody waits. */
function packedTexts(): Plugin {
  let folder = "";
  return {
    name: "packed-texts",
    apply: "build",
    configResolved(config) {
      folder = resolve(config.root, config.build.outDir);
    },
    writeBundle: {
      order: "post",
      sequential: true,
      handler() {
        for (const name of readdirSync(folder, { recursive: true, encoding: "utf-8" })) {
          if (!/\.(js|css|html|svg|webmanifest)$/.test(name)) continue;
          const file = join(folder, name);
          const content = readFileSync(file);
          if (content.length < WORTH_PACKING_BYTES) continue;
          writeFileSync(`${file}.br`, brotliCompressSync(content));
          writeFileSync(`${file}.gz`, gzipSync(content, { level: 9 }));
        }
      },
    },
  };
}

export default defineConfig({
  plugins: [splitWords(import.meta.dirname), phoneShell(), packedTexts()],
  build: {
    // Nothing is inlined, so the pages work under `script-src 'self'; style-src 'self'; img-src 'self'`.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
    rollupOptions: {
      input: { index: "index.html", sw: "src/sw/sw.ts" },
      output: {
        // A service worker is asked for by its name.
        entryFileNames: (chunk) => (chunk.name === "sw" ? "sw.js" : "assets/[name]-[hash].js"),
        // What most pages need comes as one script: twenty small ones cost more bytes, and a way each.
        codeSplitting: { groups: [{ name: "common", minShareCount: COMMON }] },
      },
    },
  },
  server: { proxy: { "/api": dispatcher } },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
} as Parameters<typeof defineConfig>[0]);
