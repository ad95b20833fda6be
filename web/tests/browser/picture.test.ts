import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import type { Page } from "playwright-core";

import { opened } from "./browser.ts";

const BOX = ".stage .node[aria-expanded=false]";
const FRAME = ".stage .cluster[aria-expanded=true]";

/** Open the page of a graph, with its first picture. */
function withPage(
  name: string,
  act: (page: Page) => Promise<void>,
  hash = "",
  prepare?: (page: Page) => Promise<unknown>,
): Promise<void> {
  const first = async (page: Page) => {
    await page.waitForSelector("#app svg");
    await act(page);
  };
  return opened(`graph_${name}.html`, first, { hash, prepare });
}

async function settled(page: Page): Promise<void> {
  await page.waitForSelector(".stage [role=button]");
  await page.waitForSelector(".stage[aria-busy=false]");
}

async function cornerOf(page: Page, selector: string): Promise<[number, number]> {
  return page.locator(selector).evaluate((part) => {
    const shape = part.querySelector("path, polygon, ellipse")!.getBoundingClientRect();
    return [shape.left, shape.top] as [number, number];
  });
}

const viewBox = (page: Page) => page.locator(".stage > svg").getAttribute("viewBox");

for (const [width, height] of [[1440, 900], [901, 700], [700, 500], [390, 844]] as const) {
  test(`the first picture never moves in a window of ${width} pixels`, async () => {
    for (const name of ["recurrent.html", "graph_levels.html", "graph_heat.html"]) {
      const watch = (page: Page) =>
        page.addInitScript(() => {
          const seen: string[] = [];
          Reflect.set(window, "seen", seen);
          const look = () => {
            requestAnimationFrame(look);
            const svg = document.querySelector(".stage > svg");
            if (!svg || getComputedStyle(svg).visibility === "hidden") return;
            const isOwn = document.querySelector(".stage [role=button]") ? "app" : "page";
            const boxes = [...svg.querySelectorAll(".node")].slice(0, 3);
            const places = boxes.map((box) => box.querySelector("text")!.getBoundingClientRect());
            const text = places.flatMap(({ x, y, width }) => [x, y, width].map(Math.round)).join();
            if (seen.at(-1) !== `${isOwn} ${text}`) seen.push(`${isOwn} ${text}`);
          };
          requestAnimationFrame(look);
        });
      const act = async (page: Page) => {
        await settled(page);
        await page.evaluate(() => new Promise(requestAnimationFrame));
        const seen: string[] = await page.evaluate(() => Reflect.get(window, "seen"));
        const [first, second, ...more] = seen.map((text) => text.split(" "));
        assert.deepEqual([first![0], second![0], more], ["page", "app", []]);
        const [before, after] = [first!, second!].map((at) => at[1]!.split(",").map(Number));
        before!.forEach((x, n) => assert.ok(Math.abs(x - after![n]!) <= 2, seen.join("\n")));
      };
      await opened(name, act, { viewport: { width, height }, prepare: watch });
    }
  });
}

test("a double click opens a box", () =>
  withPage("recurrent", async (page) => {
    await settled(page);
    const id = await page.locator(BOX).first().getAttribute("id");
    await page.locator(`.stage #${id} text`).first().dblclick();
    await page.waitForSelector(`${BOX}#${id}`, { state: "detached" });
    assert.match(page.url(), /open=/);
  }));

test("a frame that is opened stays where its box was", () =>
  withPage("levels", async (page) => {
    await settled(page);
    const frame = page.locator(FRAME).last();
    const id = await frame.getAttribute("id");
    const start = await cornerOf(page, `.stage #${id}`);
    await page.locator(`.stage #${id} > .toggle`).click();
    await page.waitForSelector(`${BOX}#${id}`);
    const closed = await cornerOf(page, `.stage #${id}`);
    await page.locator(`.stage #${id} > .toggle`).click();
    await page.waitForSelector(`${FRAME}#${id}`);
    const opened = await cornerOf(page, `.stage #${id}`);
    for (const [n, place] of start.entries()) {
      assert.ok(Math.abs(closed[n]! - place) < 12 && Math.abs(opened[n]! - place) < 12);
    }
  }));

test("back shows the groups that were open before", () =>
  withPage("levels", async (page) => {
    await settled(page);
    const id = await page.locator(FRAME).last().getAttribute("id");
    await page.locator(`.stage #${id} > .toggle`).click();
    await page.waitForSelector(`${BOX}#${id}`);
    await page.getByRole("button", { name: "back" }).click();
    await page.waitForSelector(`${FRAME}#${id}`);
  }));

test("a click on a box selects it and lights its path", () =>
  withPage("recurrent", async (page) => {
    await settled(page);
    await page.locator(".stage .node.param text").first().click();
    await page.waitForSelector(".stage svg.lit .node.param.selected.on");
    await page.waitForSelector(".stage svg.lit .node.end.on");
    assert.match(page.url(), /node=\d+/);
    await page.locator(".stage").click({ position: { x: 2, y: 2 } });
    await page.waitForSelector(".stage svg:not(.lit)");
  }));

test("keys go from box to box and open them", () =>
  withPage("recurrent", async (page) => {
    await settled(page);
    await page.locator(".stage").focus();
    await page.keyboard.press("ArrowDown");
    const first = await page.waitForSelector(".stage .node.selected");
    const before = await first.getAttribute("id");
    await page.keyboard.press("ArrowDown");
    await page.waitForSelector(`.stage .node.selected:not(#${before})`);
    const id = await page.locator(BOX).first().getAttribute("id");
    await page.locator(`.stage #${id} text`).first().click();
    await page.keyboard.press("Enter");
    await page.waitForSelector(`${BOX}#${id}`, { state: "detached" });
    await settled(page);
    const selected = () => page.evaluate(() => document.activeElement!.id);
    const opened = await selected();
    await page.keyboard.press("ArrowDown");
    await page.waitForFunction((id) => document.activeElement!.id !== id, opened);
    assert.match(await selected(), /^n|^g/);
  }));

test("the slider of a folded loop chooses the step that boxes show", () =>
  withPage("recurrent", async (page) => {
    await settled(page);
    await page.locator(`.stage [aria-expanded]:has-text("×9") > text`).first().click();
    const slider = page.locator(".steps input");
    assert.equal(await slider.getAttribute("aria-valuetext"), "all 9");
    const texts = () => page.locator(".stage").textContent();
    const all = await texts();
    await slider.fill("4");
    await page.waitForFunction(
      () => document.querySelector(".steps output")!.textContent === "step 4 · 4 of 9",
    );
    await settled(page);
    const fourth = await texts();
    assert.notEqual(fourth, all);
    await page
      .locator(".strip svg")
      .first()
      .click({ position: { x: 235, y: 10 } });
    await page.waitForFunction(
      () => document.querySelector(".steps output")!.textContent === "step 9 · 9 of 9",
    );
    await settled(page);
    assert.ok(await page.locator(".strip rect.chosen").count());
    assert.notEqual(await texts(), fourth);
  }));

test("the slider of a loop selects the node of its step", () =>
  withPage("recurrent", async (page) => {
    await settled(page);
    await page.locator("#n6 text").first().click();
    await page.locator(".facts h2").getByText("v6 = tanh").waitFor();
    await page.locator(".steps input").focus();
    for (let n = 0; n < 3; n++) await page.keyboard.press("ArrowRight");
    await page.locator(".facts h2").getByText("v14 = tanh").waitFor();
    await page.waitForFunction(() => location.hash === "#node=14&copy=2:2");
    await settled(page);
    assert.equal(await page.locator(".stage .selected").getAttribute("id"), "n6");
  }));

test("the switch chooses functions, lines or operations", () =>
  withPage("recurrent", async (page) => {
    await settled(page);
    const count = () => page.locator(".stage .node").count();
    const before = await count();
    await page.getByRole("button", { name: "functions", exact: true }).click();
    await page.waitForFunction(
      (before) => document.querySelectorAll(".stage .node").length < before,
      before,
    );
    await page.getByRole("button", { name: "operations", exact: true }).click();
    await page.waitForFunction(
      (before) => document.querySelectorAll(".stage .node").length === before,
      before,
    );
  }));

test("a button turns the direction in which values flow", () =>
  withPage("levels", async (page) => {
    await settled(page);
    const shape = async () => (await page.locator(".stage > svg").getAttribute("class"))!;
    assert.match(await shape(), /down/);
    await page.getByRole("button", { name: "let values flow right" }).click();
    await page.waitForSelector(".stage > svg.right");
    assert.match(page.url(), /flow=right/);
  }));

test("heat has a legend with its colours", () =>
  withPage("levels", async (page) => {
    await settled(page);
    await page.locator("select[aria-label=heat]").selectOption("gradient");
    await page.waitForSelector(".legend rect");
    assert.ok(await page.locator(".stage [class*=heat]").count());
  }));

test("the tip of a box has its facts", () =>
  withPage("recurrent", async (page) => {
    await settled(page);
    const box = page.locator(".stage .node.param").first();
    assert.doesNotMatch((await box.locator("title").textContent())!, /norm/);
    await box.locator("text").first().hover();
    const tip = (await box.locator("title").textContent())!;
    assert.match(tip, /^w\n.*\nvalue: shape 4×4 {2}dtype float64 .* norm 0\.6667  zeros/);
  }));

test("the wheel zooms and dragging moves", () =>
  withPage("recurrent", async (page) => {
    await settled(page);
    const start = await viewBox(page);
    await page.mouse.move(700, 500);
    await page.mouse.wheel(0, -300);
    const zoomed = await viewBox(page);
    assert.notEqual(zoomed, start);
    await page.mouse.down();
    await page.mouse.move(760, 560, { steps: 4 });
    await page.mouse.up();
    assert.notEqual(await viewBox(page), zoomed);
  }));

test("a hint says that the picture is larger than the window", () =>
  withPage("levels", async (page) => {
    await settled(page);
    const hint = () =>
      page.locator(".stage").evaluate((stage) => getComputedStyle(stage, "::after").content);
    assert.equal(await hint(), "none");
    await page.setViewportSize({ width: 1000, height: 300 });
    await page.waitForSelector(".stage[data-cut]");
    assert.equal(await hint(), '"larger than the window: f or ⤢ shows all"');
    await page.keyboard.press("f");
    assert.equal(await hint(), "none");
  }));

test("two fingers zoom", () =>
  withPage("recurrent", async (page) => {
    await settled(page);
    const client = await page.context().newCDPSession(page);
    const width = async () => Number((await viewBox(page))!.split(" ")[2]);
    const touch = (type: "touchStart" | "touchMove" | "touchEnd", half: number) =>
      client.send("Input.dispatchTouchEvent", {
        type,
        touchPoints:
          type === "touchEnd"
            ? []
            : [
                { x: 700 - half, y: 500, id: 1 },
                { x: 700 + half, y: 500, id: 2 },
              ],
      });
    const before = await width();
    await touch("touchStart", 50);
    for (const half of [60, 80, 100]) await touch("touchMove", half);
    await touch("touchEnd", 0);
    assert.ok((await width()) < 0.7 * before);
  }));

test("names with markup are text", () =>
  withPage("hostile", async (page) => {
    await settled(page);
    assert.ok(
      (await page.locator(".stage").textContent())!.includes("<img src=x onerror=alert(1)>"),
    );
    assert.equal(await page.locator(".stage :is(img, script, foreignObject, a)").count(), 0);
  }));

for (const [format, start] of [
  ["SVG", "<svg"],
  ["PNG", "\x89PNG"],
] as const) {
  test(`the picture is saved as ${format}`, () =>
    withPage("recurrent", async (page) => {
      await settled(page);
      const waiting = page.waitForEvent("download");
      await page.getByRole("button", { name: `save as ${format}` }).click();
      const saved = readFileSync(await (await waiting).path(), "latin1");
      assert.ok(saved.startsWith(start));
      assert.doesNotMatch(saved, /toggle|tabindex/);
    }));
}

test("without WebAssembly the first picture stays, with a note", () =>
  withPage(
    "recurrent",
    async (page) => {
      await page.getByText("this browser has no WebAssembly").waitFor();
      assert.ok((await page.locator(".stage .node").count()) > 3);
    },
    "",
    (page) =>
      page.addInitScript(() => {
        Reflect.deleteProperty(globalThis, "WebAssembly");
      }),
  ));

test("a slow layout is simplified, and a note says so", () =>
  withPage(
    "recurrent",
    async (page) => {
      await page.getByText("Simplified, because the layout took too long.").waitFor();
      assert.ok((await page.locator(".stage .node[role=button]").count()) > 3);
    },
    "",
    (page) =>
      page.addInitScript(() => {
        const { setTimeout: later, Worker: Real } = window;
        window.setTimeout = ((act: () => void, ms?: number) => {
          // the first deadline is short
          if (ms !== 10_000) return later(act, ms);
          window.setTimeout = later;
          return later(act, 1);
        }) as typeof setTimeout;
        let tasks = 0;
        window.Worker = class extends Real {
          // the first layout never ends
          override postMessage(task: { dot?: string }) {
            if (!task.dot || tasks++) super.postMessage(task);
          }
        };
      }),
  ));

test("what the address selects is on the screen", () =>
  withPage(
    "recurrent",
    async (page) => {
      await page.waitForSelector(".stage .node.selected", { state: "attached" });
      const box = await page.locator(".stage .node.selected").boundingBox();
      assert.ok(box!.x > 0 && box!.y > 0 && box!.width > 20);
    },
    "#node=1",
  ));

test("paper has the whole picture, no larger than on the screen", () =>
  withPage("inputs", async (page) => {
    await settled(page);
    const whole = () => page.locator(".stage > svg").boundingBox();
    const onScreen = await viewBox(page);
    await page.emulateMedia({ media: "print" });
    await page.waitForFunction(
      (before) => document.querySelector(".stage > svg")!.getAttribute("viewBox") !== before,
      onScreen,
    );
    const [, , wide, high] = (await viewBox(page))!.split(" ").map(Number);
    const box = (await whole())!;
    assert.ok(Math.abs(box.height / box.width - high! / wide!) < 0.01);
    assert.ok(box.width <= (4 / 3) * wide! + 1);
  }));
