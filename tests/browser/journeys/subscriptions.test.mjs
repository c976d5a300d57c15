// A project is kept up to date: asked for with the import, a new version is published at Dataverse, and it arrives by itself.

import assert from "node:assert/strict";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { PATIENCE_MS, Sandbox, accessible, fitsTheScreen, person, startBrowser } from "../harness.mjs";
import { COPIED, GLACIER, LINKED, awaitHeading, chooseProject, comeFrom, datasetPage, signInAs, signedIn, startImport } from "../steps.mjs";
import { LANGUAGES, say } from "../texts.mjs";

const KEPT = say("en", "keep-kept");
const KEEP = say("en", "keep-title");

let sandbox, browser;
before(async () => { [sandbox, browser] = await Promise.all([Sandbox.start(), startBrowser()]); });
after(async () => { await browser?.close(); await sandbox?.stop(); });

/** Presses the button that a curator presses in Dataverse. */
async function publish(who, pid) {
  await who.page.goto(datasetPage(sandbox, pid));
  await who.page.getByRole("button", { name: "Publish a new version" }).click();
  await who.page.getByText("version 2.0").waitFor();
}

/** Looks at the page of subscriptions until this version of the dataset is so. */
async function awaitVersion(page, pid, version, outcome) {
  const row = page.locator("li.card", { hasText: pid }).getByRole("row", { name: new RegExp(`^${version} `) });
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    await page.goto(`${sandbox.connector}/subscriptions`);
    if (await row.count() === 1 && (await row.innerText()).includes(outcome)) return row;
    assert.ok(Date.now() < until, `${version} is not “${outcome}”: ${await page.getByRole("main").innerText()}\n${sandbox.log.join("\n")}`);
    await page.waitForTimeout(200);
  }
}

for (const [way, pid, script] of [[COPIED, GLACIER.pid, true], [LINKED, "doi:10.5072/FK2/MANY20", false]]) {
  test(`what is ticked before the import arrives again when it is published anew: ${way}`, async () => {
    const alice = await person(browser, { script });
    await signedIn(alice, sandbox);
    const tab = await comeFrom(alice, sandbox, pid, { way });
    await tab.getByText(say("en", way === COPIED ? "keep-core-needs" : "keep-data")).waitFor();
    await chooseProject(tab);
    await tab.getByRole("checkbox", { name: KEEP }).check();
    if (script) await accessible(tab, "the page before an import that is kept up to date");
    await tab.getByRole("button", { name: "Import", exact: true }).click();
    await awaitHeading(tab, "Complete", script);
    await tab.getByRole("heading", { name: KEPT }).waitFor();
    const allow = tab.getByRole("link", { name: say("en", "keep-lasting-do") });
    if (way === COPIED) {
      // One more step, where somebody has to work for her while she is away.
      await allow.click();
      await signInAs(tab, "alice");
      await awaitHeading(tab, KEPT, script);
    }
    assert.equal(await allow.count(), 0, "nothing more is asked");

    await publish(alice, pid);
    const row = await awaitVersion(tab, pid, "2.0", "arrived");
    await row.getByRole("link", { name: "arrived" }).click();
    await tab.getByRole("heading", { name: "Complete" }).waitFor();
    const { locks } = await fetch(`${sandbox.dataverse}/api/datasets/:persistentId/locks?persistentId=${pid}`)
      .then((answer) => answer.json()).then((answer) => ({ locks: answer.data }));
    assert.deepEqual(locks, [], "Dataverse goes on");
    await alice.close();
  });
}

test("an import that has arrived offers it too, and it can be paused, let go on and ended", async () => {
  const alice = await person(browser, { width: 360 });
  await signedIn(alice, sandbox);
  const tab = await startImport(alice, sandbox, "doi:10.5072/FK2/SMALL3", "second-project");
  await awaitHeading(tab, "Complete");
  await tab.getByRole("button", { name: KEEP }).click();
  await tab.getByRole("heading", { name: KEPT }).waitFor();
  await tab.getByRole("link", { name: say("en", "keep-see") }).click();
  const card = tab.locator("li.card", { hasText: "SMALL3" });
  await card.getByText(say("en", "subscriptions-state-active"), { exact: true }).waitFor();
  await card.getByRole("button", { name: /^Pause/ }).click();
  await card.getByText(say("en", "subscriptions-state-paused"), { exact: true }).waitFor();
  for (const language of LANGUAGES) {
    await tab.goto(`${sandbox.connector}/subscriptions?locale=${language}`);
    await tab.getByRole("heading", { name: say(language, "subscriptions-new") }).waitFor();
    await accessible(tab, `subscriptions in ${language}`);
    await fitsTheScreen(tab, `subscriptions in ${language}`);
  }
  await tab.goto(`${sandbox.connector}/subscriptions?locale=en`);
  await card.getByRole("button", { name: /^Go on/ }).click();
  await card.getByText(say("en", "subscriptions-state-active"), { exact: true }).waitFor();
  await card.getByRole("button", { name: /^Unsubscribe/ }).click();
  await card.waitFor({ state: "detached" });

  // What is typed wrongly is said where it was typed, and stays there.
  await tab.getByLabel(say("en", "subscriptions-dataset")).fill("no dataset");
  await tab.getByLabel(say("en", "subscriptions-project")).fill(`${sandbox.git}/alice/second-project`);
  await tab.getByRole("button", { name: say("en", "subscriptions-subscribe") }).click();
  await tab.getByRole("alert").waitFor();
  assert.equal(await tab.getByLabel(say("en", "subscriptions-dataset")).inputValue(), "no dataset");
  assert.equal(await tab.getByLabel(say("en", "subscriptions-dataset")).getAttribute("aria-invalid"), "true");
  await accessible(tab, "a subscription that was refused");
  await alice.close();
});

test("an administrator lets the service person import, who signed in on the connector's machine", async () => {
  const ours = await Sandbox.start([], { DATAVERSE_RENKU__ADMIN__PEOPLE: "0a11ce00-5f1c-4d0e-9c38-7a6c4a4f0001" });
  try {
    const [alice, bob] = [await person(browser), await person(browser)];
    await signedIn(alice, ours);
    await alice.page.goto(`${ours.connector}/subscriptions`);
    const box = (language) => alice.page.getByRole("checkbox", { name: say(language, "subscriptions-service", { name: "Bob Brunner" }) });
    assert.equal(await box("en").count(), 0, "nobody serves yet");

    const command = await ours.command("token", "get", "--store", "--service");
    const address = await new Promise((resolve, reject) => {
      createInterface({ input: command.stderr }).on("line", (line) => { if (line.trim().startsWith("http")) resolve(line.trim()); });
      command.once("exit", (code) => reject(new Error(`no address, ended with ${code}`)));
    });
    const ended = new Promise((resolve) => command.once("exit", resolve));
    await bob.page.goto(address);
    await signInAs(bob.page, "bob");
    await bob.page.getByText(say("en", "at-token-close-window")).waitFor();
    assert.equal(await ended, 0);

    for (const language of LANGUAGES) {
      await alice.page.goto(`${ours.connector}/subscriptions?locale=${language}`);
      await box(language).waitFor();
      await accessible(alice.page, `a service person is offered in ${language}`);
    }
    await alice.page.goto(`${ours.connector}/subscriptions?locale=en`);
    await alice.page.getByLabel(say("en", "subscriptions-dataset")).fill("doi:10.5072/FK2/SMALL3");
    // What one of the two may not write to is refused where it was asked for.
    const project = alice.page.getByLabel(say("en", "subscriptions-project"));
    await project.fill(`${ours.renku}/p/alice/first-project`);
    await box("en").check();
    await alice.page.getByRole("button", { name: say("en", "subscriptions-subscribe") }).click();
    await alice.page.getByRole("alert").waitFor();
    assert.equal(await box("en").getAttribute("aria-invalid"), "true");
    assert.ok(await box("en").isChecked());
    await accessible(alice.page, "a service person who may not write");
    await project.fill(`${ours.renku}/p/bob/shared`);
    await alice.page.getByRole("button", { name: say("en", "subscriptions-subscribe") }).click();
    const card = alice.page.locator("li.card", { hasText: "SMALL3" });
    await card.getByText(say("en", "subscriptions-served-by", { name: "Bob Brunner" })).waitFor();
    await card.getByText(say("en", "subscriptions-made-by", { name: "Alice Amsler" })).waitFor();
    const row = card.getByRole("row", { name: /^1.0 / });
    const until = Date.now() + PATIENCE_MS;
    while (!((await row.count()) === 1 && (await row.innerText()).includes("arrived"))) {
      assert.ok(Date.now() < until, await alice.page.getByRole("main").innerText());
      await alice.page.waitForTimeout(200);
      await alice.page.reload();
    }
    assert.equal(await row.getByRole("link").count(), 0, "the import's page is Bob's");
    await fitsTheScreen(alice.page, "what a service person serves");
    await Promise.all([alice.close(), bob.close()]);
  } finally {
    await ours.stop();
  }
});
