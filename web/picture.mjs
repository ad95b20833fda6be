// Writes docs/pictures/map.png, the map of a run of examples/digits_mlp.py: `npm run picture`
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const folder = mkdtempSync(join(tmpdir(), "map-"));
const page = join(folder, "digits_mlp.html");
const run = "import sys; from viewer.command.cli import main; sys.exit(main(sys.argv[1:]))";
const script = resolve("../examples/digits_mlp.py");
execFileSync(process.env.PYTHON ?? "python3", ["-c", run, "map", "-o", page, script], {
  cwd: folder, // the script writes a drawing
  env: { ...process.env, PYTHONPATH: resolve("..") },
});
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
const tab = await browser.newPage({ viewport: { width: 1400, height: 850 }, colorScheme: "light" });
await tab.goto(`${pathToFileURL(page).href}#node=1`);
await tab.waitForSelector(".stage svg.lit");
await tab.screenshot({ path: "../docs/pictures/map.png" });
await browser.close();
rmSync(folder, { recursive: true });
