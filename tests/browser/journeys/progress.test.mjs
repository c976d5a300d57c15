// An import while it runs, and the ways on when it does not arrive: what is seen, what is heard, and which button helps.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Sandbox, accessible, person, startBrowser } from "../harness.mjs";
import { GLACIER, awaitHeading, chooseProject, comeFrom, signedIn, startImport } from "../steps.mjs";
import { say } from "../texts.mjs";

let sandbox, browser;
before(async () => { [sandbox, browser] = await Promise.all([Sandbox.start(), startBrowser()]); });
after(async () => { await browser?.close(); await sandbox?.stop(); });

async function withAlice(options, then) {
  const alice = await person(browser, options);
  await signedIn(alice, sandbox);
  await then(alice);
  await alice.close();
}

/** Remembers what a screen reader would be told by the page's live regions. */
function listen(page) {
  return page.evaluate(() => {
    window.heard = [];
    const regions = document.querySelectorAll("[role=status], [aria-live=polite]");
    for (const region of regions) {
      new MutationObserver(() => window.heard.push(region.textContent.trim())).observe(region, { childList: true, characterData: true, subtree: true });
    }
    return regions.length;
  });
}

test("while an import runs each stage is announced, and its end", async () => withAlice({}, async (alice) => {
  await sandbox.tell("renku", "mode", { job_ms: 3000 });
  // The second import into a project waits for the first, so that all of its stages come while somebody listens.
  const first = await startImport(alice, sandbox, "doi:10.5072/FK2/BIGLFS");
  const tab = await startImport(alice, sandbox);
  assert.ok(await listen(tab) > 0, "there is a live region");
  await tab.getByText("You can close this page.", { exact: false }).waitFor();
  await accessible(tab, "an import under way");
  await tab.getByRole("listitem").filter({ hasText: "Renku fetches the files" }).filter({ hasText: "Since" }).waitFor();
  await awaitHeading(tab, "Complete");
  await sandbox.tell("renku", "mode", { job_ms: 0 });
  const heard = await tab.evaluate(() => window.heard);
  assert.ok(heard.includes("Renku fetches the files"), `${heard}`);
  assert.equal(heard.at(-1), "Complete");
  await first.close();
  assert.equal(new Set(heard).size, heard.length, `nothing is said twice: ${heard}`);
  const stages = await tab.getByRole("list").filter({ hasText: "Handed to Renku" }).first().getByRole("listitem").allInnerTexts();
  assert.equal(stages.length, 4);
  for (const stage of stages) assert.match(stage, /Done at \d\d:\d\d UTC|Done at .*UTC/);
}));

test("a page that was closed finds its import at the end, from the list", async () => withAlice({}, async (alice) => {
  const tab = await startImport(alice, sandbox, "doi:10.5072/FK2/SMALL3");
  await tab.close();
  await alice.page.goto(`${sandbox.connector}/imports`);
  await alice.page.getByRole("link", { name: "Fake dataset SMALL3" }).click();
  await awaitHeading(alice.page, "Complete");
}));

for (const script of [true, false]) {
  const how = script ? "with script" : "without script";
  const inList = (page, words) => page.getByRole("listitem").filter({ hasText: words });

  test(`an import can be called off, ${how}`, async () => withAlice({ script }, async (alice) => {
    await sandbox.tell("renku", "mode", { job_ms: 3000 });
    const tab = await startImport(alice, sandbox, "doi:10.5072/FK2/SLOW3", script ? "second-project" : "first-project");
    await tab.getByRole("button", { name: "Cancel" }).click();
    await awaitHeading(tab, "Cancelled", script);
    await sandbox.tell("renku", "mode", { job_ms: 0 });
    await tab.getByRole("link", { name: "My imports" }).click();
    await inList(tab, "Fake dataset SLOW3").getByText("Cancelled").first().waitFor();
  }));

  test(`a file that cannot be fetched is named, with whose turn it is, and trying again makes a new import, ${how}`, async () => withAlice({ script }, async (alice) => {
    const tab = await startImport(alice, sandbox, "doi:10.5072/FK2/MISSNG", "protected-main");
    await awaitHeading(tab, say("en", "file-not-downloadable"), script);
    await tab.getByText(say("en", "file-not-downloadable-remedy")).waitFor();
    await tab.getByText("file-not-downloadable", { exact: true }).waitFor();
    await tab.getByText("Reference number").waitFor();
    if (script) await accessible(tab, "an import that failed");
    const first = tab.url();
    await tab.getByRole("button", { name: "Try again" }).click();
    await tab.waitForURL((url) => `${url}` !== first);
    await awaitHeading(tab, say("en", "file-not-downloadable"), script);
    await tab.getByRole("link", { name: "My imports" }).click();
    await tab.getByRole("link", { name: "Not arrived" }).click();
    await inList(tab, "Fake dataset MISSNG").first().waitFor();
  }));

  test(`a project that must be updated is updated once that is allowed, ${how}`, async () => withAlice({ script }, async (alice) => {
    await sandbox.tell("renku", "projects", { path: "alice/outdated", template: "outdated" });
    const tab = await startImport(alice, sandbox, "doi:10.5072/FK2/SMALL3", "outdated");
    await awaitHeading(tab, say("en", "project-needs-migration"), script);
    // It is the person's turn, and stands there until they did something.
    const failed = tab.url();
    await tab.goto(`${sandbox.connector}/imports`);
    await tab.getByRole("link", { name: "Waiting for you" }).click();
    await tab.getByRole("link", { name: "Fake dataset SMALL3" }).first().click();
    await tab.waitForURL(failed);
    await tab.getByRole("link", { name: "Allow the migration" }).click();
    await tab.getByRole("checkbox", { name: "bring the project up to its present version" }).check();
    await tab.getByRole("button", { name: "Start the import" }).click();
    await awaitHeading(tab, "Complete", script);
  }));

  test(`a name that is taken is changed on the spot, ${how}`, async () => withAlice({ script }, async (alice) => {
    const project = `names-${script}`;
    await sandbox.tell("renku", "projects", { path: `alice/${project}` });
    for (const pid of ["doi:10.5072/FK2/SMALL3", "doi:10.5072/FK2/TABULR"]) {
      const tab = await comeFrom(alice, sandbox, pid);
      await chooseProject(tab, project);
      await tab.getByText("Name and options").click();
      await tab.getByRole("textbox", { name: "Name in the project" }).fill("readings");
      await tab.getByRole("button", { name: "Import", exact: true }).click();
      if (pid.endsWith("SMALL3")) {
        await awaitHeading(tab, "Complete", script);
      } else {
        await awaitHeading(tab, say("en", "dataset-name-taken"), script);
        await tab.getByRole("link", { name: "Choose another name" }).click();
        await tab.getByRole("textbox", { name: "Name in the project" }).fill("beaks");
        await tab.getByRole("button", { name: "Start the import" }).click();
        await awaitHeading(tab, "Complete", script);
        await tab.getByText("beaks", { exact: true }).waitFor();
      }
    }
  }));

  test(`a sign-in that Renku lost is asked for, and the same import goes on, ${how}`, async () => withAlice({ script }, async (alice) => {
    const project = script ? "second-project" : "first-project";
    await sandbox.tell("renku", "faults", { name: "gitlab_token_gone", user: "alice" });
    const tab = await comeFrom(alice, sandbox, "doi:10.5072/FK2/OWNTRM");
    await tab.getByText("Your projects cannot be shown.", { exact: false }).waitFor();
    await tab.getByRole("textbox", { name: "Or paste a project's address" }).fill(`${sandbox.git}/alice/${project}`);
    await tab.getByRole("button", { name: "Import", exact: true }).click();
    await awaitHeading(tab, "Sign in to Renku once, and it goes on", script);
    const import_ = tab.url();
    assert.ok((await tab.getByRole("link", { name: "Sign in to Renku" }).getAttribute("href")).startsWith(sandbox.renku));
    await sandbox.tell("renku", "people", { name: "alice", signed_in: true, gitlab: "good" });
    await tab.getByRole("button", { name: "I have signed in: go on" }).click();
    await awaitHeading(tab, "Complete", script);
    assert.equal(tab.url(), import_, "it kept its place");
  }));
}

for (const script of [true, false]) {
  test(`what has arrived on a protected project says where it lies and what to do, ${script ? "with" : "without"} script`, async () => withAlice({ script }, async (alice) => {
    const tab = await startImport(alice, sandbox, `doi:10.5072/FK2/${script ? "UTF8" : "MANY20"}`, "protected-main");
    await awaitHeading(tab, "Complete, on a branch of its own that you still have to merge", script);
    await tab.getByText(/Merge the branch/).waitFor();
    if (script) await accessible(tab, "a dataset on a branch of its own");
  }));
}

for (const script of [true, false]) {
  test(`my imports can be searched and filtered, ${script ? "with" : "without"} script`, async () => withAlice({ script }, async (alice) => {
    const { page } = alice;
    if (script) await awaitHeading(await startImport(alice, sandbox, GLACIER.pid, "second-project"), "Complete");
    await page.goto(`${sandbox.connector}/imports`);
    await page.getByRole("searchbox", { name: "Title or identifier" }).fill("glacier");
    await page.getByRole("button", { name: "Search" }).click();
    await page.getByRole("link", { name: GLACIER.title }).first().waitFor();
    assert.equal(await page.getByRole("link", { name: "Fake dataset" }).count(), 0);
    await page.getByRole("link", { name: "Under way" }).click();
    await page.getByRole("heading", { name: "Nothing found" }).waitFor();
    await page.getByRole("link", { name: "See all imports" }).click();
    await page.getByRole("link", { name: "Fake dataset" }).first().waitFor();
  }));
}
