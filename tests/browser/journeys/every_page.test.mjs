// What holds for every page in every language: names, structure, contrast in light and dark, narrow screens and large type.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Sandbox, accessible, fitsTheScreen, person, startBrowser } from "../harness.mjs";
import { GLACIER, LINKED, awaitHeading, comeFrom, signedIn, startImport } from "../steps.mjs";
import { LANGUAGES, say } from "../texts.mjs";

let sandbox, browser, alice, bob, guest, pages;
const LONG = "doi:10.5072/FK2/HUGEN";

before(async () => {
  [sandbox, browser] = await Promise.all([Sandbox.start(), startBrowser()]);
  [alice, bob, guest] = await Promise.all([person(browser), person(browser), person(browser)]);
  await signedIn(alice, sandbox);
  await signedIn(bob, sandbox, "bob");
  const address = async (who, pid, way) => {
    const tab = await comeFrom(who, sandbox, pid, way && { way });
    const url = tab.url();
    await tab.close();
    return url;
  };
  const ended = async (pid, project, heading) => {
    const tab = await startImport(alice, sandbox, pid, project);
    await awaitHeading(tab, heading);
    const url = tab.url();
    await tab.close();
    return url;
  };
  const arrived = await ended(GLACIER.pid, "first-project", "Complete");
  const failed = await ended("doi:10.5072/FK2/MISSNG", "second-project", say("en", "file-not-downloadable"));
  const branch = await ended(LONG, "protected-main", "Complete, on a branch");
  const at = (path) => `${sandbox.connector}${path}`;
  // Who, where, and the heading: the name of a sentence, or words that are the same in every language.
  pages = [
    [guest, at("/"), "page-title"],
    [alice, at("/"), "page-title"],
    [guest, await address(guest, GLACIER.pid), "launch-title"],
    [alice, await address(alice, LONG), "launch-title"],
    [alice, await address(alice, "doi:10.5072/FK2/RESTRD"), "launch-title"],
    [bob, await address(bob, "doi:10.5072/FK2/UTF8"), "launch-title"],
    [alice, await address(alice, "doi:10.5072/FK2/RESTRD", LINKED), "launch-title"],
    [guest, at("/launch/demo"), "launch-invalid"],
    [guest, at("/launch/nowhere"), "installation-unknown"],
    [bob, at("/imports"), "list-title"],
    [alice, at("/imports"), "list-title"],
    [alice, at("/imports?q=nothing+like+it"), "list-title"],
    [alice, arrived, { same: GLACIER.title }],
    [alice, failed, { same: "Fake dataset MISSNG" }],
    [alice, branch, { same: "A title that is much longer than most" }],
    [alice, `${failed}/again`, "again-title"],
    [alice, at("/account"), "account-title"],
    [alice, at("/disconnect"), "disconnect-title"],
    [alice, at("/imports/nonsense"), "import-unknown"],
    [guest, at("/no/such/page"), "no-such-page"],
    [guest, at("/sign-in?renku=none"), "renku-unknown"],
  ];
});
after(async () => {
  for (const who of [alice, bob, guest]) await who?.close();
  await browser?.close();
  await sandbox?.stop();
});

function inLanguage(address, language) {
  const url = new URL(address);
  url.searchParams.set("locale", language);
  return `${url}`;
}

for (const language of LANGUAGES) {
  test(`every page in ${language}: language, title, one heading, nothing for axe-core to find in light and dark, fits narrow and enlarged`, async () => {
    for (const [who, address, heading] of pages) {
      const { page } = who;
      const where = `${language} ${address.replace(sandbox.connector, "")}`;
      await page.setViewportSize({ width: 1280, height: 900 });
      await page.goto(inLanguage(address, language));
      const words = heading.same ?? say(language, heading);
      assert.equal(await page.evaluate(() => document.documentElement.lang), language, where);
      const headings = await page.getByRole("heading", { level: 1 }).allInnerTexts();
      assert.equal(headings.length, 1, `${where}: ${headings}`);
      assert.ok(headings[0].startsWith(words), `${where}: ${headings[0]}`);
      assert.equal(await page.title(), `${headings[0]} · ${say(language, "page-product")}`, where);
      for (const colorScheme of ["light", "dark"]) {
        // Without motion, so that no colour is caught on its way.
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await accessible(page, `${where} ${colorScheme}`);
      }
      // 640 px are what a window of 1280 px has at 200 %.
      for (const [width, height] of [[640, 450], [360, 740], [320, 640]]) {
        await page.setViewportSize({ width, height });
        await fitsTheScreen(page, `${where} at ${width} px`);
      }
    }
  });
}

test("the language that Dataverse shows goes along, is remembered, and can be changed", async () => {
  const zoe = await person(browser, { language: "fr" });
  const tab = await comeFrom(zoe, sandbox);
  // Dataverse's own language (English here) counts more than the browser's.
  await tab.getByRole("heading", { level: 1, name: say("en", "launch-title") }).waitFor();
  await tab.getByRole("link", { name: "Deutsch" }).click();
  await tab.getByRole("heading", { level: 1, name: say("de", "launch-title") }).waitFor();
  await tab.goto(sandbox.connector);
  await tab.getByRole("heading", { level: 1, name: say("de", "page-title") }).waitFor();
  await zoe.close();
  const new_ = await person(browser, { language: "fr" });
  await new_.page.goto(sandbox.connector);
  await new_.page.getByRole("heading", { level: 1, name: say("fr", "page-title") }).waitFor();
  await new_.close();
});

test("animations rest for those who want none", async () => {
  const { page } = alice;
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.goto(`${sandbox.connector}/imports`);
  const moving = await page.evaluate(() => document.getAnimations().length);
  assert.equal(moving, 0);
});
