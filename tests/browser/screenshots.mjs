// Renews docs/screenshots: the pages as the README shows them. Asserts nothing; the journeys do.

import { mkdir } from "node:fs/promises";
import { Sandbox, person, startBrowser } from "./harness.mjs";
import { GLACIER, awaitHeading, chooseProject, comeFrom, signedIn, startImport } from "./steps.mjs";
import { say } from "./texts.mjs";

const folder = new URL(process.env.SCREENSHOTS_FOLDER ?? "../../docs/screenshots/", import.meta.url);
await mkdir(folder, { recursive: true });
const [sandbox, browser] = await Promise.all([Sandbox.start(), startBrowser()]);
const WIDE = { width: 1100, height: 760 };
const NARROW = { width: 360, height: 740 };

/** A picture of the whole page, as the person's screen, colours and language show it. */
async function picture(page, name, { size = WIDE, dark = false, language } = {}) {
  await page.setViewportSize(size);
  await page.emulateMedia({ colorScheme: dark ? "dark" : "light", reducedMotion: "reduce" });
  if (language) {
    const url = new URL(page.url());
    url.searchParams.set("locale", language);
    await page.goto(`${url}`);
  }
  await page.mouse.move(0, 0);
  await page.screenshot({ path: new URL(`${name}.png`, folder).pathname, fullPage: true });
}

try {
  const guest = await person(browser);
  const alice = await person(browser);
  await guest.page.goto(sandbox.connector);
  await picture(guest.page, "start");
  let tab = await comeFrom(guest, sandbox);
  await picture(tab, "before-the-sign-in-dark", { dark: true });
  await guest.page.goto(`${sandbox.connector}/launch/demo?callback=%21%21&locale=en`);
  await picture(guest.page, "damaged-link");
  tab = await comeFrom(guest, sandbox, "doi:10.5072/FK2/RESTRD");
  await picture(tab, "closed-files-narrow-french", { size: NARROW, language: "fr" });

  await signedIn(alice, sandbox);
  await picture(alice.page, "no-imports-yet", { size: NARROW });
  await alice.page.setViewportSize(WIDE);
  tab = await comeFrom(alice, sandbox);
  await chooseProject(tab);
  await picture(tab, "choose-a-project");
  await picture(tab, "choose-a-project-narrow-german", { size: NARROW, language: "de" });
  await tab.setViewportSize(WIDE);
  await tab.goto(`${new URL(tab.url()).origin}${new URL(tab.url()).pathname}?way=sandbox.core&locale=en`);
  await tab.getByRole("textbox", { name: "Or paste a project's address" }).fill("https://nowhere.example/a/b");
  await tab.getByText("Name and options").click();
  await tab.getByRole("textbox", { name: "Name in the project" }).fill("not a name!");
  await tab.getByRole("button", { name: "Import", exact: true }).click();
  await tab.getByRole("alert").waitFor();
  await picture(tab, "mistakes");
  await tab.goto(`${sandbox.connector}/imports?locale=en`);

  const ended = async (pid, project, heading) => {
    const page = await startImport(alice, sandbox, pid, project);
    await awaitHeading(page, heading);
    return page;
  };
  const arrived = await ended(GLACIER.pid, "first-project", "Complete");
  await picture(arrived, "arrived");
  await picture(arrived, "arrived-narrow-dark", { size: NARROW, dark: true });
  const failed = await ended("doi:10.5072/FK2/MISSNG", "second-project", say("en", "file-not-downloadable"));
  await picture(failed, "not-arrived");
  await picture(failed, "not-arrived-german-dark", { dark: true, language: "de" });
  await ended("doi:10.5072/FK2/HUGEN", "protected-main", "Complete, on a branch");
  await sandbox.tell("renku", "mode", { job_ms: 30_000 });
  const running = await startImport(alice, sandbox, "doi:10.5072/FK2/TABULR", "first-project");
  await running.getByRole("listitem").filter({ hasText: /Renku fetches the files|Renku holt/ }).filter({ hasText: /Since|Seit/ }).waitFor();
  await picture(running, "under-way", { language: "en" });
  await alice.page.goto(`${sandbox.connector}/imports`);
  await picture(alice.page, "my-imports");
  await picture(alice.page, "my-imports-narrow-german", { size: NARROW, language: "de" });
  await alice.page.goto(`${sandbox.connector}/account?locale=en`);
  await picture(alice.page, "account-dark", { dark: true });
} finally {
  await browser.close();
  await sandbox.stop();
}

const device = await Sandbox.start(["--flow", "device"]);
const other = await startBrowser();
try {
  const alice = await person(other);
  await alice.page.goto(`${device.connector}/sign-in`);
  await picture(alice.page, "sign-in-with-a-code");
} finally {
  await other.close();
  await device.stop();
}
