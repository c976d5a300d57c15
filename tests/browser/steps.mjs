// Steps that several journeys take, done as people do them: by what stands on the pages.
// What a journey wants to show is asserted in the journey.

import assert from "node:assert/strict";
import { PATIENCE_MS } from "./harness.mjs";

export const GLACIER = { pid: "doi:10.5072/FK2/GLACIER", title: "Glacier mass balance measurements, Rhône basin, 2010–2023" };

/** What the two services of a Renku are called. */
export const COPIED = "Simulated Renku, copied (Renku 1)";
export const LINKED = "Simulated Renku, linked (Renku 2)";

/** The page of a dataset at the simulated Dataverse, logged in as fiona unless as a guest. */
export function datasetPage(sandbox, pid, { guest = false } = {}) {
  return `${sandbox.dataverse}/dataset.xhtml?persistentId=${encodeURIComponent(pid)}${guest ? "" : "&as=fiona"}`;
}

/** Clicks the button on the dataset's page; the connector opens in a tab of its own. */
export async function pressTheButton(page) {
  const opened = page.context().waitForEvent("page");
  await page.getByRole("link", { name: "Import into Renku" }).click();
  const tab = await opened;
  await tab.waitForLoadState();
  return tab;
}

/** From the dataset's page to the page that the connector opens, where the one or the other Renku is chosen. */
export async function comeFrom(who, sandbox, pid = GLACIER.pid, { guest, way = COPIED } = {}) {
  await who.page.goto(datasetPage(sandbox, pid, { guest }));
  const tab = await pressTheButton(who.page);
  await chooseWay(tab, way);
  return tab;
}

/** Chooses one of the two services of the simulated Renku, if there is something to choose. */
export async function chooseWay(page, way) {
  const link = page.getByRole("navigation", { name: "Where to import" }).getByRole("link", { name: way });
  if (way && await link.count() > 0) await link.click();
}

/** Answers the simulated Keycloak's question who one is. */
export async function signInAs(page, name) {
  await page.getByRole("radio", { name: `(${name})` }).check();
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

/** Somebody who has signed in to the connector from its front page. */
export async function signedIn(who, sandbox, name = "alice") {
  await who.page.goto(`${sandbox.connector}/sign-in?next=/imports`);
  await signInAs(who.page, name);
  await who.page.waitForURL(`${sandbox.connector}/imports`);
}

/** Chooses a project of the list by its name. */
export async function chooseProject(page, name = "first-project") {
  await page.getByRole("group", { name: "Into which project?" }).getByRole("radio", { name }).check();
}

/** Waits until a heading is there; without script by loading the page again, as its own link offers. */
export async function awaitHeading(page, name, script = true) {
  const heading = page.getByRole("heading", { name });
  if (!script) {
    const until = Date.now() + PATIENCE_MS;
    while (!(await heading.isVisible())) {
      assert.ok(Date.now() < until, `no heading “${name}” at ${page.url()}: ${await page.getByRole("main").innerText()}`);
      await page.reload();
    }
  }
  await heading.waitFor();
}

/** The whole way for somebody who is signed in: button, project, import. Gives the tab with the import's page. */
export async function startImport(who, sandbox, pid = GLACIER.pid, project = "first-project", way = COPIED) {
  const tab = await comeFrom(who, sandbox, pid, { way });
  await chooseProject(tab, project);
  await tab.getByRole("button", { name: "Import", exact: true }).click();
  await tab.waitForURL(/\/imports\/[^/]+$/);
  return tab;
}
