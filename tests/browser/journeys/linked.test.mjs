// The same button into Renku 2, which links the dataset instead of copying it; and what it says of data that it could not read.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Sandbox, accessible, person, startBrowser } from "../harness.mjs";
import { COPIED, GLACIER, LINKED, awaitHeading, chooseProject, comeFrom, signInAs, signedIn } from "../steps.mjs";
import { say } from "../texts.mjs";

let sandbox, browser;
before(async () => { [sandbox, browser] = await Promise.all([Sandbox.start(), startBrowser()]); });
after(async () => { await browser?.close(); await sandbox?.stop(); });

for (const script of [true, false]) {
  test(`a first visit leads to a link in a project of Renku 2, ${script ? "with script" : "without script"}`, async () => {
    const alice = await person(browser, { script });
    const tab = await comeFrom(alice, sandbox, script ? GLACIER.pid : "doi:10.5072/FK2/MANY20", { way: LINKED });
    await tab.getByText(say("en", "launch-data-links")).waitFor();
    await tab.getByRole("link", { name: "Sign in to Simulated Renku" }).click();
    await signInAs(tab, "alice");
    assert.equal(await tab.getByRole("link", { name: LINKED }).getAttribute("aria-current"), "true", "the choice outlives the sign-in");
    await chooseProject(tab);
    await tab.getByRole("button", { name: "Import", exact: true }).click();
    await awaitHeading(tab, "Complete", script);
    await tab.getByText(say("en", "import-linked")).waitFor();
    const link = await tab.getByRole("link", { name: "Open in Renku" }).getAttribute("href");
    assert.ok(link.startsWith(sandbox.renku), link);
    if (script) await accessible(tab, "a dataset that is linked");
    const { links } = await sandbox.tell("renku", "data/state", undefined, "GET");
    assert.equal(Object.values(links).length, 1, JSON.stringify(links));

    await tab.getByRole("button", { name: say("en", "import-undo") }).click();
    await awaitHeading(tab, say("en", "import-undone"), script);
    const undone = await sandbox.tell("renku", "data/state", undefined, "GET");
    assert.equal(Object.values(undone.links).length, 0, JSON.stringify(undone.links));
    await alice.close();
  });
}

test("closed files are a warning where data are linked, and stand in the way where they are copied", async () => {
  const alice = await person(browser);
  await signedIn(alice, sandbox);
  const tab = await comeFrom(alice, sandbox, "doi:10.5072/FK2/RESTRD", { way: LINKED });
  await tab.getByRole("heading", { name: say("en", "launch-warns") }).waitFor();
  await tab.getByRole("button", { name: "Import", exact: true }).waitFor();
  await tab.getByRole("link", { name: COPIED }).click();
  await tab.getByRole("heading", { name: "This dataset cannot be imported into Simulated Renku" }).waitFor();
  assert.equal(await tab.getByRole("button", { name: "Import", exact: true }).count(), 0);
  await alice.close();
});

test("what Renku does not recognise is said before the click, and what may pass is a warning", async () => {
  const alice = await person(browser);
  await signedIn(alice, sandbox);
  await sandbox.tell("renku", "data/faults", { name: "doi_elsewhere" });
  const tab = await comeFrom(alice, sandbox, "doi:10.5072/FK2/SMALL3", { way: LINKED });
  await tab.getByRole("heading", { name: "This dataset cannot be imported into Simulated Renku" }).waitFor();
  await tab.getByText(say("en", "dataset-not-recognised-by-renku")).waitFor();
  assert.equal(await tab.getByRole("button", { name: "Import", exact: true }).count(), 0);

  await sandbox.tell("renku", "data/faults", undefined, "DELETE");
  await sandbox.tell("renku", "data/faults", { name: "doi_unresolvable" });
  await tab.reload();
  await tab.getByText(say("en", "doi-not-resolvable")).waitFor();
  await tab.getByRole("button", { name: "Import", exact: true }).waitFor();

  await sandbox.tell("renku", "data/faults", undefined, "DELETE");
  await tab.reload();
  await tab.getByRole("button", { name: "Import", exact: true }).waitFor();
  assert.equal(await tab.getByText(say("en", "doi-not-resolvable")).count(), 0, "it has passed, and the page says nothing of it");
  await alice.close();
});

test("a new project is made on the way, and made once", async () => {
  const alice = await person(browser);
  await signedIn(alice, sandbox);
  const tab = await comeFrom(alice, sandbox, "doi:10.5072/FK2/TABULR", { way: LINKED });
  await tab.getByText(say("en", "launch-new"), { exact: true }).click();
  await tab.getByLabel(say("en", "launch-new-title")).fill("Beaks of Daphne Major");
  await tab.getByRole("button", { name: "Import", exact: true }).dblclick();
  await awaitHeading(tab, "Complete");
  const { projects } = await sandbox.tell("renku", "data/state", undefined, "GET");
  const made = Object.values(projects).filter((project) => JSON.stringify(project).includes("beaks-of-daphne-major"));
  assert.equal(made.length, 1, JSON.stringify(projects));
  await alice.close();
});
