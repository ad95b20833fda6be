// Prints how long pages take in Chromium, in ms, medians: `node bench.mjs PAGE.html ...`
import { resolve } from "node:path";
import { chromium } from "playwright-core";

const TRIES = 5;
const OPENED = 3;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--enable-precise-memory-info"],
});

/** In the page: note when parts of it appear. */
function observe() {
  const seen = (window.seen = {});
  const parts = { app: "[role=treeitem]", layout: ".stage svg [role=button]" };
  new MutationObserver(() => {
    for (const [name, part] of Object.entries(parts)) {
      if (!(name in seen) && document.querySelector(part)) seen[name] = performance.now();
    }
  }).observe(document, { childList: true, subtree: true });
}

/** In the page: open the first closed box; return the ms until another picture is on the screen. */
function open() {
  return new Promise((done, failed) => {
    const stage = document.querySelector(".stage");
    const start = performance.now();
    const watch = new MutationObserver(() => {
      watch.disconnect();
      requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
    });
    watch.observe(stage, { childList: true });
    setTimeout(failed, 15000, new Error("no other picture"));
    const box = stage.querySelector("[aria-expanded=false] text");
    box.dispatchEvent(new MouseEvent("dblclick", { bubbles: true }));
  });
}

async function measure(path) {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.addInitScript(observe);
  await page.goto(`file://${resolve(path)}`);
  await page.waitForSelector(".stage svg [role=button]");
  await page.waitForTimeout(1000);
  const found = await page.evaluate(() => ({
    "first paint": performance.getEntriesByName("first-contentful-paint")[0]?.startTime,
    "app and data": window.seen.app,
    "its own layout": window.seen.layout,
  }));
  for (
    let n = 1;
    n <= OPENED && (await page.locator(".stage [aria-expanded=false]").count());
    n++
  ) {
    found[`open box ${n}`] = await page.evaluate(open);
  }
  found["boxes then"] = await page.locator(".stage .node").count();
  const client = await page.context().newCDPSession(page);
  await client.send("HeapProfiler.collectGarbage");
  found["heap, MB"] = await page.evaluate(() => performance.memory.usedJSHeapSize / 1e6);
  await page.close();
  return found;
}

for (const path of process.argv.slice(2)) {
  const found = [];
  for (let n = 0; n < TRIES; n++) found.push(await measure(path));
  console.log(path);
  for (const name of Object.keys(found[0])) {
    const sorted = found.map((times) => times[name]).sort((a, b) => a - b);
    console.log(`  ${name.padEnd(14)} ${sorted[TRIES >> 1]?.toFixed(1)}`);
  }
}
await browser.close();
