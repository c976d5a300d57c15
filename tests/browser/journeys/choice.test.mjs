// The choice of a project when there are many, what is wrong with it, and what is remembered of it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Sandbox, accessible, fitsTheScreen, focused, person, startBrowser } from "../harness.mjs";
import { GLACIER, awaitHeading, chooseProject, comeFrom, signedIn, startImport } from "../steps.mjs";
import { say } from "../texts.mjs";

let sandbox, browser;
before(async () => {
  [sandbox, browser] = await Promise.all([Sandbox.start(), startBrowser()]);
  for (const name of ["glaciers", "snow", "rivers-of-the-upper-rhone-valley-between-gletsch-and-brig"]) {
    await sandbox.tell("renku", "projects", { path: `alice/${name}` });
  }
});
after(async () => { await browser?.close(); await sandbox?.stop(); });

async function withAlice(options, then) {
  const alice = await person(browser, options);
  await signedIn(alice, sandbox);
  await then(alice);
  await alice.close();
}

const project = (page, name) => page.getByRole("group", { name: "Into which project?" }).getByRole("radio", { name });

test("the list narrows while somebody types, keeps what is chosen in sight, and the key Enter imports", async () => withAlice({}, async (alice) => {
  const tab = await comeFrom(alice, sandbox, "doi:10.5072/FK2/SMALL3");
  await chooseProject(tab, "glaciers");
  const search = tab.getByRole("searchbox", { name: "Search your projects" });
  await search.fill("snow");
  await tab.getByRole("status").getByText("Shown: 1").waitFor();
  assert.ok(await project(tab, "snow").isVisible());
  assert.ok(await project(tab, "glaciers").isVisible(), "it is chosen");
  assert.ok(!(await project(tab, "first-project").isVisible()));
  await search.fill("");
  assert.ok(await project(tab, "first-project").isVisible());
  await tab.setViewportSize({ width: 360, height: 740 });
  await fitsTheScreen(tab, "a project with a long name");
  // Enter in another field than the search confirms, as everywhere.
  await tab.getByText("Name and options").click();
  await tab.getByRole("textbox", { name: "Name in the project" }).fill("readings");
  await tab.keyboard.press("Enter");
  await tab.waitForURL(/\/imports\/[^/]+$/);
  await awaitHeading(tab, "Complete");
  await tab.getByText("readings", { exact: true }).waitFor();
}));

for (const script of [true, false]) {
  const how = script ? "with script" : "without script";

  test(`a search loses nothing that was typed, and starts nothing, ${how}`, async () => withAlice({ script }, async (alice) => {
    const tab = await comeFrom(alice, sandbox, "doi:10.5072/FK2/TABULR");
    await tab.getByText("Name and options").click();
    const name = tab.getByRole("textbox", { name: "Name in the project" });
    await name.fill(`table-${script}`);
    const search = tab.getByRole("searchbox", { name: "Search your projects" });
    await search.fill("snow");
    await search.press("Enter");
    await tab.getByRole("status").getByText("Found: 1").waitFor();
    assert.equal(await name.inputValue(), `table-${script}`);
    assert.equal(await focused(tab), "Search your projects", "where somebody was, they are again");
    assert.equal(await project(tab, "glaciers").count(), 0);
    await project(tab, "snow").check();
    await tab.getByRole("button", { name: "Show all again" }).click();
    await project(tab, "glaciers").waitFor();
    assert.ok(await project(tab, "snow").isChecked(), "what was chosen stays chosen");
    assert.equal(await name.inputValue(), `table-${script}`);
    await tab.getByRole("button", { name: "Import", exact: true }).click();
    await awaitHeading(tab, "Complete", script);
    await tab.getByText(`table-${script}`, { exact: true }).waitFor();
  }));

  test(`all mistakes are named at once, each leads to its field, and what was typed is there, ${how}`, async () => withAlice({ script }, async (alice) => {
    const tab = await comeFrom(alice, sandbox, "doi:10.5072/FK2/SMALL3");
    const address = tab.getByRole("textbox", { name: "Or paste a project's address" });
    await address.fill("https://nowhere.example/a/b");
    await tab.getByText("Name and options").click();
    const name = tab.getByRole("textbox", { name: "Name in the project" });
    await name.fill("not a name!");
    await tab.getByRole("button", { name: "Import", exact: true }).click();
    const summary = tab.getByRole("alert");
    await summary.getByRole("heading", { name: "Nothing was imported yet" }).waitFor();
    assert.equal(await summary.getByRole("link").count(), 2);
    if (script) await accessible(tab, "two mistakes");
    for (const [problem, field, typed] of [["project-host-not-allowed", address, "https://nowhere.example/a/b"], ["dataset-name-invalid", name, "not a name!"]]) {
      await summary.getByRole("link", { name: say("en", problem) }).click();
      assert.ok(await field.evaluate((element) => element === document.activeElement), problem);
      assert.equal(await field.inputValue(), typed);
      assert.equal(await field.getAttribute("aria-invalid"), "true");
      const told = (await field.getAttribute("aria-describedby")).split(" ").map((id) => tab.locator(`#${id}`).innerText());
      assert.ok((await Promise.all(told)).join(" ").includes(say("en", problem)), "the field says what is wrong with it");
    }
    await tab.getByRole("link", { name: "Deutsch" }).click();
    await tab.getByRole("heading", { level: 1, name: say("de", "launch-title") }).waitFor();
    await tab.getByRole("link", { name: "English" }).click();
  }));

  test(`where Renku itself wants a sign-in, the way there is a button, and the list comes afterwards, ${how}`, async () => withAlice({ script }, async (alice) => {
    await sandbox.tell("renku", "faults", { name: "gitlab_token_gone", user: "alice" });
    const tab = await comeFrom(alice, sandbox, "doi:10.5072/FK2/SMALL3");
    await tab.getByText("Your projects cannot be shown.", { exact: false }).waitFor();
    if (script) await accessible(tab, "projects that cannot be shown");
    const there = tab.getByRole("link", { name: "Sign in to Renku" });
    assert.ok((await there.getAttribute("href")).startsWith(sandbox.renku));
    await sandbox.tell("renku", "people", { name: "alice", signed_in: true, gitlab: "good" });
    await tab.getByRole("link", { name: "Load this page again" }).click();
    await project(tab, "glaciers").waitFor();
  }));

  test(`what was chosen last stands in the account, and can be forgotten, ${how}`, async () => withAlice({ script }, async (alice) => {
    const tab = await startImport(alice, sandbox, "doi:10.5072/FK2/UTF8", script ? "glaciers" : "snow");
    await tab.getByRole("link", { name: "Account" }).click();
    const choices = tab.getByRole("region", { name: say("en", "account-choices") });
    await choices.getByRole("link", { name: script ? "alice/glaciers" : "alice/snow" }).waitFor();
    if (script) await accessible(tab, "an account with choices");
    await choices.getByRole("button", { name: "Forget what you chose for Simulated Dataverse" }).click();
    await choices.waitFor({ state: "detached" });
    const next = await comeFrom(alice, sandbox, GLACIER.pid);
    assert.equal(await next.getByRole("radio", { checked: true, name: /glaciers|snow/ }).count(), 0);
  }));
}
