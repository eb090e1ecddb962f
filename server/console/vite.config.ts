import { createHash } from "node:crypto";
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

export default defineConfig({
  plugins: [splitWords(import.meta.dirname), phoneShell()],
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
      },
    },
  },
  server: { proxy: { "/api": dispatcher } },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
} as Parameters<typeof defineConfig>[0]);
