// Signing in where Renku's gateway takes only its own clients: a code, confirmed at Keycloak on this device or another.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Sandbox, accessible, fitsTheScreen, person, startBrowser } from "../harness.mjs";
import { awaitHeading, chooseProject, comeFrom } from "../steps.mjs";
import { LANGUAGES, say } from "../texts.mjs";

let sandbox, browser;
before(async () => { [sandbox, browser] = await Promise.all([Sandbox.start(["--flow", "device"]), startBrowser()]); });
after(async () => { await browser?.close(); await sandbox?.stop(); });

/** The page with the code, from the button in Dataverse. */
async function askedForCode(alice) {
  const tab = await comeFrom(alice, sandbox);
  await tab.getByRole("link", { name: "Sign in to Simulated Renku" }).click();
  await tab.getByRole("heading", { level: 1, name: "Confirm your sign-in" }).waitFor();
  return tab;
}

for (const script of [true, false]) {
  test(`a first visit with a code leads to the dataset in Renku, ${script ? "with script" : "without script"}`, async () => {
    const alice = await person(browser, { script });
    const tab = await askedForCode(alice);
    const code = await tab.getByText(/^[A-Z]{4}-[A-Z]{4}$/).innerText();
    await tab.getByRole("status").getByText("Waiting for you to confirm.", { exact: false }).waitFor();
    const opened = alice.context.waitForEvent("page");
    await tab.getByRole("link", { name: "Open the sign-in page" }).click();
    const keycloak = await opened;
    await keycloak.waitForLoadState();
    assert.equal(await keycloak.getByRole("textbox", { name: "Code from your device" }).inputValue(), code, "it shows the same code");
    await keycloak.getByRole("radio", { name: "(alice)" }).check();
    await keycloak.getByRole("button", { name: "Yes, let the device in" }).click();
    await keycloak.getByRole("heading", { name: "Device Login Successful" }).waitFor();
    await keycloak.close();
    // The page goes on by itself, also without script, where it loads itself again.
    await tab.getByText("You are signed in as Alice Amsler.").waitFor();
    await chooseProject(tab, script ? "first-project" : "second-project");
    await tab.getByRole("button", { name: "Import", exact: true }).click();
    await awaitHeading(tab, "Complete", script);
    await alice.close();
  });
}

test("the code's page is accessible in every language, and fits a narrow screen", async () => {
  const alice = await person(browser);
  const tab = await askedForCode(alice);
  const address = new URL(tab.url());
  for (const language of LANGUAGES) {
    address.searchParams.set("locale", language);
    await tab.setViewportSize({ width: 1280, height: 900 });
    await tab.goto(`${address}`);
    assert.equal(await tab.title(), `${say(language, "page-device-title")} · ${say(language, "page-product")}`);
    await tab.getByRole("img", { name: say(language, "page-device-qr") }).waitFor();
    for (const colorScheme of ["light", "dark"]) {
      await tab.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await accessible(tab, `${language} ${colorScheme}`);
    }
    await tab.setViewportSize({ width: 360, height: 740 });
    await fitsTheScreen(tab, language);
  }
  await alice.close();
});

for (const script of [true, false]) {
  test(`a code that was refused says so, ${script ? "with" : "without"} script`, async () => {
    const alice = await person(browser, { script });
    const tab = await askedForCode(alice);
    const code = await tab.getByText(/^[A-Z]{4}-[A-Z]{4}$/).innerText();
    await sandbox.tell("keycloak", "device/deny", { user_code: code });
    // The page goes on by itself, also without script, where it loads itself again.
    await tab.getByRole("heading", { level: 1, name: say("en", "sign-in-refused") }).waitFor();
    await alice.close();
  });
}
