// From the button in Dataverse to the dataset in Renku: the first time, a slow sign-in, and coming again; with script and without.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Sandbox, person, startBrowser } from "../harness.mjs";
import { COPIED, GLACIER, awaitHeading, chooseProject, chooseWay, comeFrom, datasetPage, pressTheButton, signInAs } from "../steps.mjs";

let sandbox, browser;
before(async () => { [sandbox, browser] = await Promise.all([Sandbox.start(), startBrowser()]); });
after(async () => { await browser?.close(); await sandbox?.stop(); });

for (const script of [true, false]) {
  const how = script ? "with script" : "without script";
  const project = script ? "first-project" : "second-project";

  test(`a first visit leads from the repository's front page to the dataset in Renku, ${how}`, async () => {
    const alice = await person(browser, { script });
    await alice.page.goto(sandbox.dataverse);
    await alice.page.getByRole("link", { name: GLACIER.title }).click();
    const tab = await pressTheButton(alice.page);

    await tab.getByRole("heading", { level: 1, name: "Import a dataset into Renku" }).waitFor();
    await tab.getByRole("heading", { level: 2, name: GLACIER.title }).waitFor();
    const facts = await tab.getByRole("main").innerText();
    for (const fact of ["Simulated Dataverse", "1.0, published on", GLACIER.pid, "5 files"]) assert.ok(facts.includes(fact), `${fact}: ${facts}`);
    await chooseWay(tab, COPIED);
    assert.equal(await tab.getByRole("button", { name: "Import", exact: true }).count(), 0, "nothing can be imported before the sign-in");

    await tab.getByRole("link", { name: "Sign in to Simulated Renku" }).click();
    await signInAs(tab, "alice");
    await tab.getByText("You are signed in as Alice Amsler.").waitFor();
    await chooseProject(tab, project);
    await tab.getByRole("button", { name: "Import", exact: true }).click();

    await tab.getByRole("heading", { level: 1, name: GLACIER.title }).waitFor();
    await awaitHeading(tab, "Complete", script);
    await tab.getByText("5 of 5 files of the repository were found").waitFor();
    const link = await tab.getByRole("link", { name: "Open in Renku" }).getAttribute("href");
    assert.ok(link.startsWith(sandbox.renku) || link.startsWith(sandbox.git), link);
    assert.ok(link.includes(`alice/${project}`), link);

    await tab.getByRole("link", { name: "My imports" }).click();
    await tab.getByRole("listitem").filter({ hasText: GLACIER.title }).getByText("Arrived").first().waitFor();
    await alice.close();
  });

  test(`a sign-in that takes its time, in another tab, loses nothing, ${how}`, async () => {
    const alice = await person(browser, { script });
    const tab = await comeFrom(alice, sandbox, "doi:10.5072/FK2/SMALL3");
    const address = tab.url();
    const elsewhere = await alice.context.newPage();
    await elsewhere.goto(`${sandbox.connector}/sign-in`);
    // The link from the repository is good for five minutes; nobody looks at it any more.
    await signInAs(elsewhere, "alice");
    await elsewhere.waitForURL(`${sandbox.connector}/`);
    await tab.reload();
    assert.equal(tab.url(), address);
    await chooseProject(tab, project);
    await tab.getByRole("button", { name: "Import", exact: true }).click();
    await awaitHeading(tab, "Complete", script);
    await alice.close();
  });

  test(`somebody who comes again needs three clicks: the button, the project that is chosen already, Import, ${how}`, async () => {
    const alice = await person(browser, { script });
    let tab = await comeFrom(alice, sandbox, "doi:10.5072/FK2/MANY20");
    await tab.getByRole("link", { name: "Sign in to Simulated Renku" }).click();
    await signInAs(tab, "alice");
    await chooseProject(tab, project);
    await tab.getByRole("button", { name: "Import", exact: true }).click();
    await awaitHeading(tab, "Complete", script);

    await alice.page.goto(datasetPage(sandbox, "doi:10.5072/FK2/TABULR"));
    let clicks = 0;
    const click = async (locator) => { clicks += 1; await locator.click(); };
    const opened = alice.context.waitForEvent("page");
    await click(alice.page.getByRole("link", { name: "Import into Renku" }));
    tab = await opened;
    await tab.waitForLoadState();
    assert.ok(await tab.getByRole("radio", { name: project }).isChecked(), "the last choice is chosen again");
    await click(tab.getByRole("button", { name: "Import", exact: true }));
    await awaitHeading(tab, "Complete", script);
    assert.ok(clicks <= 3, `${clicks} clicks`);
    await alice.close();
  });
}
