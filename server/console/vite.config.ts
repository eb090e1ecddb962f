import { defineConfig } from "vite";

// `npm run dev` serves the pages with hot reload and hands the API to a dispatcher that runs.
const dispatcher = process.env["LOOKOUT_URL"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  build: {
    // Nothing is inlined, so the pages work under `script-src 'self'; style-src 'self'; img-src 'self'`.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  server: { proxy: { "/api": dispatcher } },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
} as Parameters<typeof defineConfig>[0]);
