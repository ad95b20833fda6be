// Bundles the app into viewer/map/assets, or with --tests the tests into out/ for `node --test`.
import { readdir } from "node:fs/promises";
import { build } from "esbuild";

const common = {
  bundle: true,
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "inline",
  charset: "utf8",
  logLevel: "warning",
};

/** The worker as text, which the app starts from a Blob: a page opened from disk has no other file. */
async function worker() {
  const made = await build({
    ...common,
    entryPoints: ["src/worker.ts"],
    minify: true,
    write: false,
  });
  return made.outputFiles[0].text;
}

const define = { WORKER: JSON.stringify(await worker()) };
if (process.argv.includes("--tests")) {
  const files = await readdir("tests", { recursive: true });
  await build({
    ...common,
    define,
    entryPoints: files.filter((file) => file.endsWith(".test.ts")).map((file) => `tests/${file}`),
    outbase: "tests",
    outdir: "out",
    platform: "node",
    format: "esm",
    packages: "external",
    outExtension: { ".js": ".mjs" },
  });
} else {
  await build({
    ...common,
    define,
    entryPoints: { app: "src/app.tsx" },
    minify: true,
    outdir: "../viewer/map/assets",
  });
}
