// Two people, and somebody from elsewhere: nobody sees or does what is not theirs.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { Sandbox, person, startBrowser } from "../harness.mjs";
import { GLACIER, awaitHeading, signedIn, startImport } from "../steps.mjs";
import { say } from "../texts.mjs";

let sandbox, browser;
before(async () => { [sandbox, browser] = await Promise.all([Sandbox.start(), startBrowser()]); });
after(async () => { await browser?.close(); await sandbox?.stop(); });

for (const script of [true, false]) test(`nobody sees another's import: not its page, not its events, not in the list, ${script ? "with" : "without"} script`, async () => {
  const [alice, bob] = await Promise.all([person(browser, { script }), person(browser, { script })]);
  await signedIn(alice, sandbox, "alice");
  await signedIn(bob, sandbox, "bob");
  const tab = await startImport(alice, sandbox, GLACIER.pid, script ? "first-project" : "second-project");
  await awaitHeading(tab, "Complete", script);

  const answer = await bob.page.goto(tab.url());
  assert.equal(answer.status(), 404);
  await bob.page.getByRole("heading", { level: 1, name: say("en", "import-unknown") }).waitFor();
  assert.ok(!(await bob.page.content()).includes("Glacier"), "not even its title");
  for (const [path, method] of [["/events", "GET"], ["/again", "GET"]]) {
    const refused = await bob.context.request.fetch(`${tab.url()}${path}`, { method, headers: { accept: "text/html" } });
    assert.equal(refused.status(), 404, path);
  }
  await bob.page.goto(`${sandbox.connector}/imports`);
  await bob.page.getByRole("heading", { name: "You have not imported anything yet" }).waitFor();

  await alice.page.goto(`${sandbox.connector}/imports`);
  await alice.page.getByRole("link", { name: GLACIER.title }).first().waitFor();
  await alice.close();
  await bob.close();
});

for (const script of [true, false]) test(`after signing out nothing of it can be seen, ${script ? "with" : "without"} script`, async () => {
  const alice = await person(browser, { script });
  await signedIn(alice, sandbox);
  await alice.page.getByRole("link", { name: "Account" }).click();
  await alice.page.getByRole("heading", { level: 2, name: "Alice Amsler" }).waitFor();
  await alice.page.getByRole("button", { name: "Sign out" }).click();
  await alice.page.getByRole("link", { name: "Sign in to Simulated Renku" }).waitFor();
  await alice.page.goto(`${sandbox.connector}/imports`);
  await alice.page.getByRole("heading", { name: "Sign in to dataverse-connector" }).waitFor();
  await alice.close();
});

for (const script of [true, false]) test(`disconnecting revokes the sign-in at Keycloak and erases it here, ${script ? "with" : "without"} script`, async () => {
  const carol = await person(browser, { script });
  await signedIn(carol, sandbox, "carol");
  await carol.page.getByRole("link", { name: "Account" }).click();
  await carol.page.getByText("Sign-in works").waitFor();
  await carol.page.getByRole("link", { name: "Disconnect from Renku" }).click();
  await carol.page.getByRole("heading", { level: 1, name: "Disconnect from Renku?" }).waitFor();
  await carol.page.getByRole("button", { name: "Disconnect" }).click();
  await carol.page.getByText(say("en", "disconnected-title")).waitFor();
  await carol.page.goto(`${sandbox.connector}/account`);
  await carol.page.getByRole("heading", { name: "Sign in to dataverse-connector" }).waitFor();
  await carol.close();
});

test("a form on somebody else's page does nothing here", async () => {
  const alice = await person(browser);
  await signedIn(alice, sandbox);
  const tab = await startImport(alice, sandbox, "doi:10.5072/FK2/SMALL3", "second-project");
  await awaitHeading(tab, "Complete");
  // Cookies do not tell ports apart: this page is of our site for them, and still not ours.
  const elsewhere = createServer((request, answer) => {
    const { searchParams } = new URL(request.url, "http://elsewhere");
    answer.setHeader("content-type", "text/html");
    answer.end(`<!doctype html><title>Elsewhere</title><form method="post" action="${searchParams.get("to")}">
      <input type="hidden" name="csrf" value="${searchParams.get("csrf")}"><button>Win</button></form>`);
  }).listen(0, "127.0.0.1");
  await once(elsewhere, "listening");
  const csrf = await tab.locator("input[name=csrf]").first().inputValue().catch(() => "");
  await tab.goto(`${sandbox.connector}/account`);
  const token = csrf || await tab.locator("input[name=csrf]").first().inputValue();
  for (const path of ["/sign-out", "/disconnect", `${new URL(tab.url()).pathname}`.replace("/account", "/sign-out")]) {
    for (const guess of ["", "guess", token]) {
      const target = `${sandbox.connector}${path}`;
      await alice.page.goto(`http://127.0.0.1:${elsewhere.address().port}/?to=${encodeURIComponent(target)}&csrf=${encodeURIComponent(guess)}`);
      await alice.page.getByRole("button", { name: "Win" }).click();
      await alice.page.getByRole("heading", { level: 1, name: say("en", "form-not-ours") }).waitFor();
    }
  }
  elsewhere.close();
  await alice.page.goto(`${sandbox.connector}/account`);
  await alice.page.getByText("Sign-in works").waitFor();
  await alice.close();
});

test("no page of ours can be framed by another", async () => {
  const alice = await person(browser);
  await alice.page.goto(`${sandbox.dataverse}`);
  const answer = await alice.context.request.get(sandbox.connector);
  const policy = answer.headers()["content-security-policy"];
  assert.match(policy, /frame-ancestors 'none'/);
  assert.doesNotMatch(policy, /unsafe-inline|unsafe-eval|\*/);
  await alice.close();
});
