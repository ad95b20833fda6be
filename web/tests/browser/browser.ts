/** Pages written by Python, opened from disk in the system's Chromium. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { pathToFileURL } from "node:url";

import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const PYTHON = process.env.PYTHON ?? "python3";
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

export const folder = mkdtempSync(join(tmpdir(), "map-"));
let browser: Browser;

before(async () => {
  const env = { ...process.env, PYTHONPATH: ".." };
  execFileSync(PYTHON, ["tests/browser/make_pages.py", folder], {
    env,
    stdio: ["ignore", "ignore", "inherit"],
  });
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
});
after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Open a page, do something, and check that it requested nothing and had no error. */
export async function opened(
  name: string,
  does: (page: Page) => Promise<unknown>,
  options: BrowserContextOptions & {
    hash?: string;
    prepare?: (page: Page) => Promise<unknown>;
  } = {},
): Promise<void> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(8000);
  const heard: string[] = [];
  page.on("console", (message) => heard.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => heard.push(error.message));
  page.on("dialog", (dialog) => {
    heard.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    if (!/^(file|blob|data):/.test(request.url())) heard.push(`request: ${request.url()}`);
  });
  await options.prepare?.(page);
  await page.goto(pathToFileURL(join(folder, name)).href + (options.hash ?? ""));
  await does(page);
  assert.deepEqual(heard, []);
  await context.close();
}

export const tree = (page: Page) => page.getByRole("tree");
export const rows = (page: Page) => page.getByRole("treeitem");
export const facts = (page: Page) => page.getByRole("region", { name: "Facts" });
export const hash = (page: Page) => page.evaluate(() => decodeURIComponent(location.hash));
