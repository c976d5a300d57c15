// The whole way by keyboard alone: the order in which things get the focus, and where it is after something went wrong.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Sandbox, focused, person, startBrowser } from "../harness.mjs";
import { COPIED, GLACIER, LINKED, awaitHeading, comeFrom, datasetPage, signedIn } from "../steps.mjs";

let sandbox, browser;
before(async () => { [sandbox, browser] = await Promise.all([Sandbox.start(), startBrowser()]); });
after(async () => { await browser?.close(); await sandbox?.stop(); });

const FRAME = ["Skip to the content", "Dataverse–Renku connector"];
const SIGNED_IN = [...FRAME, "My imports", "Kept up to date", "Account"];
const FOOT = ["English", "Français", "Deutsch"];

/** Presses Tab until this has the focus; gives the names of all that had it on the way. */
async function tabTo(page, name) {
  const way = [];
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press("Tab");
    const now = await focused(page);
    way.push(now);
    if (typeof name === "string" ? now === name : name.test(now)) return way;
    assert.ok(await seen(page), `the focus on “${now}” can be seen`);
  }
  return assert.fail(`Tab never comes to ${name}: ${way.join(" → ")}`);
}

/** Whether what has the focus is marked and inside the window. */
function seen(page) {
  return page.evaluate(() => {
    const element = document.activeElement;
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    const marked = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
    return marked && box.bottom > 0 && box.top < innerHeight;
  });
}

test("the first visit needs no mouse", async () => {
  const alice = await person(browser);
  await alice.page.goto(datasetPage(sandbox, GLACIER.pid));
  const opened = alice.context.waitForEvent("page");
  await alice.page.keyboard.press("Tab");
  assert.equal(await focused(alice.page), "Import into Renku");
  await alice.page.keyboard.press("Enter");
  const tab = await opened;
  await tab.waitForLoadState();

  assert.deepEqual(await tabTo(tab, COPIED), [...FRAME, GLACIER.pid, LINKED, COPIED]);
  await tab.keyboard.press("Enter");
  await tab.getByText("Renku copies the files into your project.", { exact: false }).waitFor();
  assert.deepEqual(await tabTo(tab, "Sign in to Simulated Renku"), [...FRAME, GLACIER.pid, LINKED, COPIED, "Sign in to Simulated Renku"]);
  await tab.keyboard.press("Enter");
  await tab.getByRole("heading", { name: "Sign in to dataverse-connector" }).waitFor();
  await tab.keyboard.press("Tab");
  await tab.keyboard.press("Space");
  await tab.keyboard.press("Tab");
  assert.equal(await focused(tab), "Sign in");
  await tab.keyboard.press("Enter");

  await tab.getByText("You are signed in as Alice Amsler.").waitFor();
  const way = await tabTo(tab, /first-project|second-project|protected-main|outdated/);
  assert.deepEqual(way.slice(0, -1), [...SIGNED_IN, GLACIER.pid, LINKED, COPIED]);
  // The arrows go through the list of projects, the space bar takes the one that has the focus.
  await tab.keyboard.press("Space");
  for (let presses = 0; presses < 10 && !/first-project/.test(await focused(tab)); presses += 1) await tab.keyboard.press("ArrowDown");
  assert.match(await focused(tab), /first-project/);
  assert.ok(await tab.getByRole("radio", { name: "first-project" }).isChecked());
  assert.deepEqual(await tabTo(tab, "Import"), ["Or paste a project's address", "Name and options", "Keep this project up to date", "Import"]);
  await tab.keyboard.press("Enter");
  await tab.waitForURL(/\/imports\/[^/]+$/);
  await awaitHeading(tab, "Complete");
  const after = await tabTo(tab, "Open in Renku");
  assert.ok(after.length <= SIGNED_IN.length + 2, after.join(" → "));
  await alice.close();
});

test("the first Tab leads past the navigation", async () => {
  const alice = await person(browser);
  await signedIn(alice, sandbox);
  for (const path of ["/", "/imports", "/account"]) {
    await alice.page.goto(`${sandbox.connector}${path}`);
    await alice.page.keyboard.press("Tab");
    assert.equal(await focused(alice.page), "Skip to the content");
    assert.ok(await seen(alice.page), "it can be seen when it has the focus");
    await alice.page.keyboard.press("Enter");
    assert.equal(await alice.page.evaluate(() => document.activeElement.id), "main");
    await alice.page.keyboard.press("Tab");
    const next = await focused(alice.page);
    assert.ok(!SIGNED_IN.includes(next), `${path}: “${next}” is beyond the navigation`);
  }
  await alice.close();
});

test("the languages are the last that Tab comes to, and nothing traps it", async () => {
  const alice = await person(browser);
  await signedIn(alice, sandbox);
  for (const path of ["/", "/imports", "/account", "/disconnect"]) {
    await alice.page.goto(`${sandbox.connector}${path}`);
    const way = await tabTo(alice.page, "Deutsch");
    assert.deepEqual(way.slice(0, SIGNED_IN.length), SIGNED_IN, path);
    assert.deepEqual(way.slice(-3), FOOT, path);
    assert.equal(new Set(way).size, way.length, `${path}: nothing comes twice: ${way.join(" → ")}`);
  }
  await alice.close();
});

test("after a mistake the summary has the focus, and leads to the field", async () => {
  const alice = await person(browser);
  await signedIn(alice, sandbox);
  const tab = await comeFrom(alice, sandbox, "doi:10.5072/FK2/SMALL3");
  const address = tab.getByRole("textbox", { name: "Or paste a project's address" });
  const mistakes = [
    // An address that is typed takes the choice off the list.
    [async () => { await address.fill("https://x"); await address.fill(""); }, "Choose a project, or paste the address of one."],
    [() => address.fill("https://nowhere.example/a/b"), "Projects at this address cannot be reached"],
  ];
  for (const [mistake, words] of mistakes) {
    await mistake();
    await tab.getByRole("button", { name: "Import", exact: true }).focus();
    await tab.keyboard.press("Enter");
    const summary = tab.getByRole("alert");
    await summary.getByText(words, { exact: false }).waitFor();
    assert.equal(await focused(tab), "Nothing was imported yet");
    await tab.keyboard.press("Tab");
    assert.ok((await focused(tab)).startsWith(words), await focused(tab));
    await tab.keyboard.press("Enter");
    // A field is reached at once, a group of them with the next key.
    if ((await focused(tab)) === "") await tab.keyboard.press("Tab");
    assert.match(await focused(tab), /project|address/i, "the field is next");
  }
  await alice.close();
});

test("a page that changes by itself leaves the focus where it was", async () => {
  const alice = await person(browser);
  await signedIn(alice, sandbox);
  await sandbox.tell("renku", "mode", { job_ms: 6000 });
  const tab = await comeFrom(alice, sandbox, "doi:10.5072/FK2/MANY20");
  await tab.getByRole("radio", { name: "second-project" }).check();
  await tab.getByRole("button", { name: "Import", exact: true }).click();
  await tab.waitForURL(/\/imports\/[^/]+$/);
  const shown = await tab.locator("[data-live]").getAttribute("data-announce");
  await tab.getByRole("button", { name: "Cancel" }).focus();
  await tab.waitForFunction((before) => document.querySelector("[data-live]").dataset.announce !== before, shown);
  assert.equal(await focused(tab), "Cancel");
  const summary = tab.getByText("Everything that happened");
  await summary.focus();
  await tab.keyboard.press("Enter");
  await awaitHeading(tab, "Complete");
  await sandbox.tell("renku", "mode", { job_ms: 0 });
  assert.equal(await focused(tab), "Everything that happened");
  assert.ok(await tab.getByText("It was compared with the repository").isVisible(), "what was unfolded stays so");
  await alice.close();
});
