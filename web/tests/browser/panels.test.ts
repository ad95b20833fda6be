import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";

import { facts, folder, hash, opened, rows, tree } from "./browser.ts";

const PAGE = "recurrent.html";

test("a page has a tree, a picture, the source and facts", () =>
  opened(PAGE, async (page) => {
    await rows(page).filter({ hasText: "for t in range(30)" }).first().waitFor();
    await page.locator(".stage svg").waitFor();
    await page.getByRole("option", { name: "return np.tanh(h @ w + b + 0.1 * t)" }).waitFor();
    await facts(page).getByText("Params · 2").waitFor();
  }));

test("a search replaces the tree, Escape brings it back", () =>
  opened(PAGE, async (page) => {
    await tree(page).waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("op=tanh");
    await page.getByText("30 nodes found").waitFor();
    await page.waitForFunction(() => location.hash === "#q=op=tanh");
    await page.keyboard.press("Escape");
    await page.getByText("124 nodes", { exact: true }).waitFor();
  }));

test("Enter in a search goes to the first result", () =>
  opened(PAGE, async (page) => {
    await page.getByRole("searchbox").fill("op=matmul");
    await page.getByText("30 nodes found").waitFor();
    await page.keyboard.press("Enter");
    await facts(page)
      .getByRole("heading", { name: /^v\d+ = .*@/ })
      .waitFor();
    assert.match(await hash(page), /node=\d+/);
  }));

test("a wrong search says what to write", () =>
  opened(PAGE, async (page) => {
    await page.getByRole("searchbox").fill("weight>3");
    await page.getByText("unknown column “weight”").waitFor();
  }));

test("a search stays in a focus until a click leaves it", () =>
  opened("focused.html", async (page) => {
    await tree(page).waitFor();
    await page.getByRole("searchbox").fill("op=tanh");
    await page.getByText("2 nodes found").waitFor();
    assert.equal(await rows(page).count(), 2);
    await page.getByRole("button", { name: "1 more outside the focus" }).click();
    await page.getByText("3 nodes found").waitFor();
    assert.match(await hash(page), /outside=yes/);
    await rows(page).last().click();
    await page.getByText("v6 is outside the focus of this picture.").waitFor();
    await page.getByRole("button", { name: "only in the focus" }).click();
    await page.getByText("2 nodes found").waitFor();
  }));

test("arrow keys move, open and close in the tree", () =>
  opened(PAGE, async (page) => {
    await tree(page).focus();
    await page.keyboard.press("Home");
    const at = page.locator('[role="treeitem"][aria-selected="true"]');
    await at.waitFor();
    assert.equal(await at.getAttribute("aria-level"), "1");
    if ((await at.getAttribute("aria-expanded")) === "true") await page.keyboard.press("ArrowLeft");
    await page.locator('[aria-selected="true"][aria-expanded="false"]').waitFor();
    await page.keyboard.press("ArrowRight");
    await page.locator('[aria-selected="true"][aria-expanded="true"]').waitFor();
    await page.keyboard.press("ArrowRight");
    await page.locator('[role="treeitem"][aria-selected="true"][aria-level="2"]').waitFor();
    const isOpen = (await at.getAttribute("aria-expanded")) === "true";
    await page.keyboard.press("ArrowLeft");
    if (isOpen) await page.keyboard.press("ArrowLeft");
    await page.locator('[role="treeitem"][aria-selected="true"][aria-level="1"]').waitFor();
  }));

test("Enter in the tree opens a group of the picture", () =>
  opened(PAGE, async (page) => {
    const cell = rows(page).filter({ hasText: /cell/ }).first();
    await cell.click();
    const before = await hash(page);
    await page.keyboard.press("Enter");
    await page.waitForFunction((old) => decodeURIComponent(location.hash) !== old, before);
    assert.match(await hash(page), /^#open=.*&group=\d+$/);
  }));

test("a line of the source selects its nodes, a node its line", () =>
  opened(PAGE, async (page) => {
    const line = page.getByRole("option", { name: "return np.sum(h**2)" });
    await line.click();
    await facts(page).getByText("computed here · 2").waitFor();
    await facts(page).getByRole("button", { name: /sum/ }).last().click();
    await facts(page).getByRole("heading", { name: "sum" }).waitFor();
    assert.equal(await line.getAttribute("aria-selected"), "true");
  }));

test("a line, a row of the hotspots and a node select one another", () =>
  opened(PAGE, async (page) => {
    await page.getByRole("tab", { name: "Hotspots" }).click();
    const row = page.getByRole("row", { name: "recurrent.py:10" }).first();
    await row.click();
    assert.equal(await row.getAttribute("aria-selected"), "true");
    const line = page.getByRole("option", { name: "return np.tanh" });
    assert.equal(await line.getAttribute("aria-selected"), "true");
    await row.dblclick();
    assert.equal(
      await page.getByRole("tab", { name: "Graph" }).getAttribute("aria-selected"),
      "true",
    );
  }));

test("the source says that its times are those of the whole run", () =>
  opened(PAGE, async (page) => {
    await page.getByText("run of 2 gradients").waitFor();
  }));

test("a header sorts its table", () =>
  opened(PAGE, async (page) => {
    await page.getByRole("tab", { name: "Hotspots" }).click();
    const table = page.getByRole("table").nth(1);
    const calls = () => table.locator("tbody tr td:nth-child(2)").allInnerTexts();
    const before = (await calls()).slice(0, -1).map(Number);
    await table.getByRole("button", { name: "calls" }).click();
    await table.locator('th[aria-sort="descending"]').waitFor();
    assert.deepEqual(
      (await calls()).slice(0, -1).map(Number),
      before.toSorted((a, b) => b - a),
    );
    await table.getByRole("button", { name: "calls" }).click();
    await table.locator('th[aria-sort="ascending"]').waitFor();
    assert.deepEqual(
      (await calls()).slice(0, -1).map(Number),
      before.toSorted((a, b) => a - b),
    );
  }));

test("a click on the timeline selects a line", () =>
  opened(PAGE, async (page) => {
    await page.getByRole("tab", { name: "Timeline" }).click();
    const canvas = page.getByRole("img", { name: /Timeline of the run/ });
    const box = (await canvas.boundingBox())!;
    for (let x = 20; x < box.width && !/line=/.test(await hash(page)); x += 15) {
      await page.mouse.click(box.x + x, box.y + 125);
    }
    assert.match(await hash(page), /line=\d+:\d+/);
  }));

test("the wheel zooms the timeline at the pointer, a drag moves it", () =>
  opened(PAGE, async (page) => {
    await page.getByRole("tab", { name: "Timeline" }).click();
    const box = (await page.getByRole("img", { name: /Timeline of the run/ }).boundingBox())!;
    const tip = page.locator(".tip");
    let x = box.x + 20;
    const y = box.y + 55;
    for (; x < box.x + box.width && !(await tip.count()); x += 10) await page.mouse.move(x, y);
    const text = await tip.innerText();
    assert.match(text, /^loss .*s\s+at /);
    await page.mouse.wheel(0, -500);
    await page.mouse.move(x - 9, y);
    assert.equal(await tip.innerText(), text);
    await page.mouse.down();
    await page.mouse.move(x + 60, y, { steps: 4 });
    await page.mouse.up();
    await page.mouse.move(x + 61, y);
    assert.equal(await tip.innerText(), text);
  }));

test("back and forward go through what was selected", () =>
  opened(PAGE, async (page) => {
    const params = facts(page).locator(".list button");
    await params.filter({ hasText: "w" }).last().click();
    await facts(page).getByRole("heading", { name: "w", exact: true }).waitFor();
    await page.goBack();
    await facts(page).getByText("Params · 2").waitFor();
    await page.goForward();
    await facts(page).getByRole("heading", { name: "w", exact: true }).waitFor();
  }));

test("a hash opens its view", () =>
  opened(
    PAGE,
    async (page) => {
      await page.getByText("30 nodes found").waitFor();
      await facts(page).getByRole("heading", { name: "v124 = sum" }).waitFor();
      const sorted = page.locator('.heads button[aria-pressed="true"]');
      assert.equal(await sorted.innerText(), "∇ max");
    },
    { hash: "#node=124&q=op%3Dtanh&sort=grad" },
  ));

test("nothing selected is a view of its own, with back and forward", () =>
  opened("selected.html", async (page) => {
    const isSelected = page.locator('[role="treeitem"][aria-selected="true"]');
    await isSelected.waitFor();
    assert.equal(await hash(page), "");
    await page.keyboard.press("Escape");
    await isSelected.waitFor({ state: "detached" });
    assert.equal(await hash(page), "#node=0");
    await page.goBack();
    await isSelected.waitFor();
    await page.goForward();
    await isSelected.waitFor({ state: "detached" });
    await page.reload();
    await tree(page).waitFor();
    assert.equal(await isSelected.count(), 0);
  }));

test("a hash of another page is ignored", () =>
  opened(
    PAGE,
    async (page) => {
      await facts(page).getByText("Params · 2").waitFor();
    },
    { hash: "#open=99999&node=99999&by=nothing&view=changes&copy=1:99&%%%" },
  ));

test("the help lists the keys, Escape closes it", () =>
  opened(PAGE, async (page) => {
    await tree(page).waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog").getByText("fit the picture").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
  }));

test("a panel closes and opens", () =>
  opened(PAGE, async (page) => {
    const divider = page.getByRole("separator", { name: "Width of the tree" });
    await divider.focus();
    await page.keyboard.press("Enter");
    await tree(page).waitFor({ state: "hidden" });
    await page.keyboard.press("Enter");
    await tree(page).waitFor();
  }));

test("a divider moves by keys", () =>
  opened(PAGE, async (page) => {
    await tree(page).waitFor();
    const width = () => page.locator(".left").evaluate((pane) => (pane as HTMLElement).offsetWidth);
    const before = await width();
    await page.getByRole("separator", { name: "Width of the tree" }).focus();
    await page.keyboard.press("ArrowRight");
    await page.waitForFunction(
      (old) => document.querySelector<HTMLElement>(".left")!.offsetWidth > old,
      before,
    );
    assert.equal(await width(), before + 24);
  }));

test("a divider moves by the pointer", () =>
  opened(PAGE, async (page) => {
    await tree(page).waitFor();
    const box = (await page.getByRole("separator", { name: "Width of the tree" }).boundingBox())!;
    await page.mouse.move(box.x + 2, 700);
    await page.mouse.down();
    await page.mouse.move(box.x + 62, 700, { steps: 3 });
    await page.mouse.up();
    assert.equal(await page.locator(".left").evaluate((pane) => pane.clientWidth), box.x + 60);
  }));

test("names with markup are text", () =>
  opened("hostile.html", async (page) => {
    await rows(page).filter({ hasText: "<script>alert(3)</script>" }).first().waitFor();
    await facts(page).getByText("<img src=x onerror=alert(1)>").waitFor();
    await page.getByText("<b>hostile & co.py").first().waitFor();
    for (const tab of await page.getByRole("tab").all()) await tab.click();
    for (const text of ["alert", "param"]) await page.getByRole("searchbox").fill(text);
    await rows(page).last().click();
    assert.equal(await page.locator("#app :is(img, script, b > b)").count(), 0);
  }));

test("one click goes to the first NaN", () =>
  opened("hostile.html", async (page) => {
    await page.getByRole("button", { name: "First NaN" }).click();
    await page.getByRole("status").getByText("produces the first NaN from finite inputs").waitFor();
    await facts(page).getByRole("heading", { name: "sqrt" }).waitFor();
  }));

test("a question without an answer is disabled and says why", () =>
  opened(PAGE, async (page) => {
    const button = page.getByRole("button", { name: "First NaN" });
    await page.waitForFunction(() =>
      document.querySelector(".finds button")?.getAttribute("title")?.includes("finite"),
    );
    assert.equal(await button.isDisabled(), true);
    assert.equal(await button.getAttribute("title"), "All values and gradients are finite.");
    await button.focus();
    await page.keyboard.press("Enter");
    await page.getByRole("status").getByText("All values and gradients are finite.").waitFor();
  }));

test("a comparison lists the lines that changed", () =>
  opened("compared.html", async (page) => {
    await page.getByRole("tab", { name: "Changes" }).click();
    const row = page.getByRole("row", { name: "make_pages.py" }).first();
    await row.click();
    assert.equal(await row.getAttribute("aria-selected"), "true");
    await page.getByRole("searchbox").fill("changed");
    await page.getByText(/^[1-9]\d* nodes? found$/).waitFor();
  }));

test("damaged data is said in the page, with the first picture", async () => {
  const text = readFileSync(join(folder, PAGE), "utf8");
  const [from, to] = [
    text.indexOf('id="map-data">') + 200,
    text.indexOf("</script>", text.indexOf('id="map-data">')),
  ];
  writeFileSync(join(folder, "cut.html"), text.slice(0, from) + text.slice(to));
  await opened("cut.html", async (page) => {
    await page.getByRole("alert").getByText("The data of this page is damaged").waitFor();
    assert.equal(await page.locator("#app svg").count(), 1);
  });
});

test("a browser that cannot unpack the data is told what it lacks", () =>
  opened(
    PAGE,
    async (page) => {
      await page.getByRole("alert").getByText("has no DecompressionStream").waitFor();
      assert.equal(await page.locator("#app svg").count(), 1);
    },
    {
      prepare: (page) =>
        page.addInitScript(() => Reflect.deleteProperty(globalThis, "DecompressionStream")),
    },
  ));

test("a page works in a frame without an address", () =>
  opened("frame.html", async (page) => {
    const frame = page.frameLocator("iframe");
    await frame.getByRole("treeitem").first().click();
    await frame.locator('[role="treeitem"][aria-selected="true"]').waitFor();
    await frame.getByRole("searchbox").fill("op=tanh");
    await frame.getByText("30 nodes found").waitFor();
  }));

test("in a frame the wheel zooms only after a click into the picture", () =>
  opened("frame.html", async (page) => {
    const frame = page.frameLocator("iframe");
    const svg = frame.locator(".stage > svg");
    await frame.locator(".stage[aria-busy=false]").waitFor();
    const box = (await frame.locator(".stage").boundingBox())!;
    await page.mouse.move(box.x + 5, box.y + 5);
    const start = await svg.getAttribute("viewBox");
    await page.mouse.wheel(0, 200);
    await page.waitForFunction(() => window.scrollY > 0);
    assert.equal(await svg.getAttribute("viewBox"), start);
    await page.evaluate(() => window.scrollTo(0, 0));
    await page.mouse.click(box.x + 5, box.y + 5);
    await page.mouse.wheel(0, 200);
    await frame.locator(`.stage > svg:not([viewBox="${start}"])`).waitFor();
    assert.equal(await page.evaluate(() => window.scrollY), 0);
  }));

test("a click on a call selects the functions that begin there", () =>
  opened(PAGE, async (page) => {
    await page.getByRole("option", { name: "h = cell(h, t)" }).click();
    await facts(page).getByText("begins here").waitFor();
    await facts(page).getByRole("button", { name: /cell/ }).click();
    await facts(page).getByRole("heading", { name: "cell" }).waitFor();
  }));

test("a profile without a graph is tables and source", () =>
  opened("profile.html", async (page) => {
    await page
      .getByRole("row", { name: /^recurrent.py:10/ })
      .first()
      .click();
    const line = page.getByRole("option", { name: "return np.tanh" });
    assert.equal(await line.getAttribute("aria-selected"), "true");
    assert.equal(await tree(page).count(), 0);
  }));

test("damaged data of one tab leaves the others as they are", async () => {
  const text = readFileSync(join(folder, PAGE), "utf8");
  const whole = /(?<=id="map-data">)[^<]*/;
  const bytes = gunzipSync(Buffer.from(whole.exec(text)![0], "base64"));
  const cut = gzipSync(bytes.subarray(0, -8)).toString("base64"); // of the timeline
  writeFileSync(join(folder, "cut.html"), text.replace(whole, cut));
  await opened("cut.html", async (page) => {
    await page.getByRole("tab", { name: "Timeline" }).click();
    await page.getByRole("alert").getByText("The timeline cannot be shown").waitFor();
    await page.getByRole("tab", { name: "Hotspots" }).click();
    await page.getByRole("heading", { name: "Hotspots by line" }).waitFor();
    assert.equal(await page.getByRole("alert").count(), 0);
  });
});

test("panels stack on a phone", () =>
  opened(
    PAGE,
    async (page) => {
      await tree(page).waitFor();
      const left = (await page.locator(".left").boundingBox())!;
      const middle = (await page.locator(".middle").boundingBox())!;
      assert.ok(left.y >= middle.y + middle.height - 1);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
    },
    { viewport: { width: 390, height: 844 } },
  ));

test("a dark screen has dark panels", () =>
  opened(
    PAGE,
    async (page) => {
      await tree(page).waitFor();
      assert.equal(
        await page.evaluate(() => getComputedStyle(document.body).backgroundColor),
        "rgb(20, 24, 29)",
      );
    },
    { colorScheme: "dark" },
  ));

test("each symbol of a formula is one of the node that is selected", () =>
  opened("formulas.html", async (page) => {
    const texts = () => page.locator("code.formula").allInnerTexts();
    const select = (id: number) => page.evaluate((hash) => (location.hash = hash), `#node=${id}`);
    await select(6);
    await facts(page).getByRole("heading", { name: /^v6 = / }).waitFor();
    assert.deepEqual(await texts(), ["v6 = v5 * c6", "∇v5 = ∇v6 * c6"]);
    await facts(page).getByText("c6 = float64[7]").waitFor();
    await select(3);
    await facts(page).getByRole("heading", { name: /^v3 = / }).waitFor();
    assert.deepEqual(await texts(), [
      "v3 = concatenate([v1, v2, v1])",
      "∇v1, ∇v2 = ∇v3[0:2] + ∇v3[5:7], ∇v3[2:5]",
    ]);
    await page.locator("code.formula").first().getByRole("button", { name: "v2" }).click();
    await facts(page).getByRole("heading", { name: "w = v2" }).waitFor();
    await select(8);
    await facts(page).getByRole("heading", { name: /^v8 = / }).waitFor();
    assert.deepEqual(await texts(), ["v8 = v3[c8]", "∇v3[c8] += ∇v8"]);
  }));

for (const colorScheme of ["light", "dark"] as const) {
  test(`axe finds no serious barrier on a ${colorScheme} page`, () =>
    opened(
      PAGE,
      async (page) => {
        await page.locator(".stage .node.param text").first().click();
        await page.addScriptTag({ path: "node_modules/axe-core/axe.min.js" });
        for (const name of ["Graph", "Hotspots", "Timeline"]) {
          await page.getByRole("tab", { name }).click();
          const found = await page.evaluate(async () => {
            const { violations } = await Reflect.get(window, "axe").run();
            return violations
              .filter(({ impact }: { impact: string }) => /serious|critical/.test(impact))
              .map((one: { id: string; nodes: { html: string }[] }) => [one.id, one.nodes[0]!.html]);
          });
          assert.deepEqual(found, []);
        }
      },
      { colorScheme, bypassCSP: true },
    ));
}
