// Prints how long Model Explorer takes for a graph, in ms: `node peer.mjs PROGRAM GRAPH.json`
// It has no marks to wait for: a picture is there when two looks in a row are the same.
import {spawn} from "node:child_process";
import {chromium} from "playwright-core";

const PORT = 8129, LOOK = 200, LONGEST = 120_000;
const [program, graph] = process.argv.slice(2);
const server = spawn(program, ["--port", String(PORT), "--no_open_in_browser", "--skip_health_check",
  graph], {detached: true});
const address = await new Promise((found, failed) => {
  server.on("error", failed);
  server.stdout.on("data", text => {
    const url = /http:\/\/localhost\S+/.exec(String(text));
    if (url) found(url[0]);
  });
});
const browser = await chromium.launch({executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--enable-precise-memory-info"]});
const page = await browser.newPage({viewport: {width: 1440, height: 900}});
let error = "";
page.on("pageerror", found => { error = found.message; });

const wait = ms => new Promise(done => setTimeout(done, ms));
const look = async () => (await page.screenshot()).toString("base64");
const busy = async () => (await page.locator("body").innerText()).includes("Processing graph");

/** Wait until the picture differs from one before, and stays; return the ms since a start. */
async function settled(start, before) {
  let last = before, since = 0;
  while (performance.now() - start < LONGEST && !error) {
    const now = await look();
    if (now === before || now !== last || await busy()) since = performance.now();
    else return since - start;
    last = now;
    await wait(LOOK);
  }
  return NaN;
}

async function heap() {
  const client = await page.context().newCDPSession(page);
  await client.send("HeapProfiler.collectGarbage");
  return page.evaluate(() => performance.memory.usedJSHeapSize / 1e6);
}

const show = (name, value) => console.log(`  ${name.padEnd(16)} ${value.toFixed(1)}`);
try {
  let start = performance.now();
  await page.goto(address, {waitUntil: "commit"});
  while (!await page.locator("text=/nodes$/").count() && !error) await wait(LOOK);
  show("graph shown", await settled(start, ""));
  if (error) throw new Error(error);
  show("heap, MB", await heap());
  const before = await look();
  start = performance.now();
  await page.mouse.click(337, 360); // the sign that opens the only box of a loop
  show("open the loop", await settled(start, before));
  show("heap then, MB", await heap());
} catch (found) {
  console.log(`  ${found.message}`);
} finally {
  await browser.close();
  process.kill(-server.pid);
}
