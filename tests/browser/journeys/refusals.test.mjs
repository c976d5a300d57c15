// Ways that lead nowhere: each page says what happened and what to do, and leads back.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { Sandbox, accessible, person, startBrowser } from "../harness.mjs";
import { COPIED, awaitHeading, chooseProject, chooseWay, comeFrom, signInAs, signedIn } from "../steps.mjs";
import { say } from "../texts.mjs";

let sandbox, browser;
before(async () => { [sandbox, browser] = await Promise.all([Sandbox.start(), startBrowser()]); });
after(async () => { await browser?.close(); await sandbox?.stop(); });

/** Somebody for the length of a test. */
async function withPerson(options, then) {
  const who = await person(browser, options);
  await then(who);
  await who.close();
}

/** axe-core itself needs the page's script. */
const checked = async (page, where, script) => script && accessible(page, where);

/** The page tells this problem and what to do about it, and each of its links of that name leads to a page that is there. */
async function tells(page, problem, back, script = true) {
  await page.getByRole("heading", { level: 1, name: say("en", problem) }).waitFor();
  const main = page.getByRole("main");
  await main.getByText(say("en", `${problem}-remedy`)).waitFor();
  await main.getByText(problem, { exact: true }).waitFor();
  await checked(page, problem, script);
  const answered = page.waitForResponse((response) => response.request().isNavigationRequest() && ![302, 303].includes(response.status()));
  await main.getByRole("link", { name: back }).click();
  return (await answered).url();
}

async function launchAddress(pid, as = "fiona") {
  const address = `${sandbox.dataverse}/_sim/launch?pid=${encodeURIComponent(pid)}&as=${as}&answer=json`;
  return new URL((await (await fetch(address)).json()).url);
}

function launchWith(callback) {
  return `${sandbox.connector}/launch/demo?callback=${encodeURIComponent(Buffer.from(callback).toString("base64"))}&locale=en`;
}

for (const script of [true, false]) {
  const how = script ? "with script" : "without script";
  const project = script ? "second-project" : "first-project";

  test(`a guest of the repository imports published data like everybody else, ${how}`, async () => withPerson({ script }, async (alice) => {
    const tab = await comeFrom(alice, sandbox, "doi:10.5072/FK2/SMALL3", { guest: true });
    await tab.getByRole("link", { name: "Sign in to Simulated Renku" }).click();
    await signInAs(tab, "alice");
    await chooseProject(tab, project);
    await tab.getByRole("button", { name: "Import", exact: true }).click();
    await awaitHeading(tab, "Complete", script);
  }));

  test(`a link that was left lying says so, and leads back to its dataset, ${how}`, async () => withPerson({ script }, async ({ page }) => {
    const fresh = await launchAddress("doi:10.5072/FK2/SMALL3");
    const callback = Buffer.from(fresh.searchParams.get("callback"), "base64").toString();
    const old = callback.replace(/until=[^&]+/, "until=2020-01-01T00:00:00.000");
    assert.notEqual(old, callback);
    await page.goto(launchWith(old));
    const back = await tells(page, "launch-expired", "Back to Simulated Dataverse", script);
    assert.ok(back.startsWith(`${sandbox.dataverse}/dataset.xhtml?id=`), back);
    await page.getByRole("heading", { name: "Fake dataset SMALL3" }).waitFor();
  }));

  test(`a link that leads elsewhere is not followed: nobody there is asked anything, ${how}`, async () => withPerson({ script }, async ({ page }) => {
    let requests = 0;
    const elsewhere = createServer((_request, answer) => { requests += 1; answer.end("{}"); }).listen(0, "127.0.0.1");
    await once(elsewhere, "listening");
    const outside = `127.0.0.1:${elsewhere.address().port}`;
    const path = "/api/v1/datasets/1/versions/:latest/toolparams/1";
    const dataverse = new URL(sandbox.dataverse).host;
    for (const forged of [
      `http://${outside}${path}`, `http://${dataverse}@${outside}${path}`, `http://${outside}/${dataverse}${path}`, `//${outside}${path}`,
      `http://localhost:${elsewhere.address().port}${path}`,
    ]) {
      await page.goto(launchWith(forged));
      await page.getByRole("heading", { level: 1, name: /^This link leads to another place|^The link from the repository is incomplete/ }).waitFor();
      assert.equal(requests, 0, forged);
    }
    await page.goto(launchWith(`http://${outside}${path}`));
    assert.equal(await tells(page, "launch-foreign", "Back to Simulated Dataverse", script), `${sandbox.dataverse}/`);
    await fetch(`http://${outside}`);
    assert.equal(requests, 1, "the server there does count");
    elsewhere.close();
  }));

  test(`a damaged link says so, ${how}`, async () => withPerson({ script }, async ({ page }) => {
    await page.goto(`${sandbox.connector}/launch/demo?callback=%21%21`);
    await tells(page, "launch-invalid", "Back to Simulated Dataverse", script);
    await page.goto(`${sandbox.connector}/launch/demo`);
    await tells(page, "launch-invalid", "Back to Simulated Dataverse", script);
  }));

  test(`a draft is no dataset yet, ${how}`, async () => withPerson({ script }, async (alice) => {
    const tab = await comeFrom(alice, sandbox, "doi:10.5072/FK2/DRAFT1");
    const back = await tells(tab, "dataset-not-published", "Back to Simulated Dataverse", script);
    assert.ok(back.includes("DRAFT1"), back);
  }));

  test(`a draft over a published version is told apart from it, ${how}`, async () => withPerson({ script }, async (alice) => {
    const tab = await comeFrom(alice, sandbox, "doi:10.5072/FK2/DRAFT2");
    await tab.getByText("You looked at a draft. Only the published version can be imported.").waitFor();
  }));

  test(`an installation that is not known leads to those that are, ${how}`, async () => withPerson({ script }, async ({ page }) => {
    await page.goto(`${sandbox.connector}/launch/nowhere?callback=eA`);
    assert.equal(await tells(page, "installation-unknown", "Back to Simulated Dataverse", script), `${sandbox.dataverse}/`);
  }));

  test(`what Renku could not read is said before anybody signs in, ${how}`, async () => withPerson({ script }, async (alice) => {
    for (const [name, problem] of [
      ["RESTRD", "dataset-has-closed-files"], ["EMBARG", "dataset-has-closed-files"], ["GUESTB", "dataset-has-guestbook"],
    ]) {
      const tab = await comeFrom(alice, sandbox, `doi:10.5072/FK2/${name}`);
      await tab.getByRole("heading", { name: "This dataset cannot be imported into Simulated Renku" }).waitFor();
      await tab.getByText(say("en", problem)).waitFor();
      await tab.getByText(say("en", `${problem}-remedy`)).waitFor();
      assert.equal(await tab.getByRole("link", { name: /^Sign in/ }).count(), 0, `${name}: nobody has to sign in for nothing`);
      await tab.getByRole("link", { name: "Back to Simulated Dataverse" }).click();
      await tab.waitForURL(new RegExp(name));
      await tab.close();
    }
  }));

  test(`a dataset without files is not offered for import, ${how}`, async () => withPerson({ script }, async ({ page }) => {
    await page.goto(`${await launchAddress("doi:10.5072/FK2/NOFILE")}`);
    await page.getByRole("main").getByText(say("en", "dataset-empty")).waitFor();
    assert.equal(await page.getByRole("link", { name: /^Sign in/ }).count(), 0);
  }));

  test(`a repository that does not answer is said to be away, and the same page can be tried again, ${how}`, async () => withPerson({ script }, async ({ page }) => {
    const address = await launchAddress("doi:10.5072/FK2/S3REDIR");
    await sandbox.tell("dataverse", "faults", { name: "down" });
    await page.goto(`${address}`);
    await page.getByRole("heading", { level: 1, name: say("en", "dataverse-unreachable") }).waitFor();
    await checked(page, "a repository that is away", script);
    await sandbox.tell("dataverse", "faults", undefined, "DELETE");
    await page.getByRole("link", { name: /^(Load this page again|Back to Simulated Dataverse)$/ }).first().waitFor();
  }));

  test(`an import that is not there is unknown, and so is any other address, ${how}`, async () => withPerson({ script }, async (alice) => {
    await signedIn(alice, sandbox);
    for (const number of ["nonsense", "019a0000-0000-7000-8000-000000000000"]) {
      const answer = await alice.page.goto(`${sandbox.connector}/imports/${number}`);
      assert.equal(answer.status(), 404);
      assert.equal(await tells(alice.page, "import-unknown", "Back to the start", script), `${sandbox.connector}/`);
    }
    await alice.page.goto(`${sandbox.connector}/no/such/page`);
    await tells(alice.page, "no-such-page", "Back to the start", script);
    await alice.page.goto(`${sandbox.connector}/preflight/forged`);
    await tells(alice.page, "launch-unknown", "Back to Simulated Dataverse", script);
  }));

  test(`whoever refuses the sign-in can sign in again, ${how}`, async () => withPerson({ script }, async ({ page }) => {
    await page.goto(`${sandbox.connector}/sign-in`);
    await page.getByRole("button", { name: "Refuse" }).click();
    await page.getByRole("heading", { level: 1, name: say("en", "sign-in-refused") }).waitFor();
    await checked(page, "a refused sign-in", script);
    const refused = page.url();
    await page.getByRole("main").getByRole("link", { name: /^(Sign in|Back to the start)/ }).first().click();
    await page.waitForURL((url) => `${url}` !== refused);
  }));

  test(`whose session ended meanwhile signs in again and finds the page as it was, ${how}`, async () => withPerson({ script }, async (alice) => {
    await signedIn(alice, sandbox);
    const tab = await comeFrom(alice, sandbox, "doi:10.5072/FK2/MANY20");
    const page = new URL(tab.url());
    await alice.context.clearCookies();
    await chooseProject(tab, project === "second-project" ? "first-project" : "second-project");
    await tab.getByRole("button", { name: "Import", exact: true }).click();
    await tab.getByText(say("en", "launch-again")).waitFor();
    await tab.getByRole("link", { name: "Sign in to Simulated Renku" }).click();
    await signInAs(tab, "alice");
    await tab.waitForURL((url) => url.pathname === page.pathname);
    await chooseWay(tab, COPIED);
    await chooseProject(tab, project === "second-project" ? "first-project" : "second-project");
    await tab.getByRole("button", { name: "Import", exact: true }).click();
    await awaitHeading(tab, "Complete", script);
  }));

  test(`a page that was confirmed once is not confirmed by somebody else, ${how}`, async () => withPerson({ script }, async (alice) => {
    await signedIn(alice, sandbox);
    const tab = await comeFrom(alice, sandbox, "doi:10.5072/FK2/UTF8");
    const page = tab.url();
    await chooseProject(tab, project === "second-project" ? "first-project" : "second-project");
    await tab.getByRole("button", { name: "Import", exact: true }).click();
    await tab.waitForURL(/\/imports\/[^/]+$/);
    const import_ = tab.url();
    await tab.goto(page);
    assert.equal(tab.url(), import_, "she is led to what came of it");
    await withPerson({ script }, async (bob) => {
      await signedIn(bob, sandbox, "bob");
      await bob.page.goto(page);
      await tells(bob.page, "launch-used", "Back to Simulated Dataverse", script);
    });
  }));
}
