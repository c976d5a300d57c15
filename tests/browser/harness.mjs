// What every journey needs: a sandbox of its own, a browser, and the checks that hold for each page.
// What people do on the pages is told by the journeys; steps that several of them share are in steps.mjs.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const require = createRequire(import.meta.url);
const axeSource = await readFile(require.resolve("axe-core/axe.min.js"), "utf8");
const program = process.env.DATAVERSE_RENKU ?? new URL("../../target/debug/dataverse-renku", import.meta.url).pathname;
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** Nothing that a page does by itself takes longer than this on a busy machine. */
export const PATIENCE_MS = Number(process.env.PATIENCE_MS ?? 30_000);

/** A running `dataverse-renku sandbox` and the addresses that it printed. */
export class Sandbox {
  static async start(args = [], settings = {}) {
    // A place of its own for its files, so that its configuration is found.
    const place = await mkdtemp(join(tmpdir(), "journey-"));
    const env = { ...process.env, ...settings, TMPDIR: place };
    const child = spawn(program, ["sandbox", ...args], { stdio: ["ignore", "pipe", "pipe"], env });
    const sandbox = new Sandbox(child, place);
    await sandbox.#addresses();
    return sandbox;
  }

  constructor(child, place) {
    this.child = child;
    this.place = place;
    this.log = [];
    createInterface({ input: child.stderr }).on("line", (line) => this.log.push(line));
  }

  async #addresses() {
    const wanted = {
      connector: /^\s+connector\s+(\S+)/, dataverse: /^\s+simulated Dataverse\s+(\S+)/, issuer: /^\s+simulated Keycloak\s+(\S+)/,
      renku: /^\s+simulated Renku\s+(\S+)/, git: /^\s+git host of Renku 1\s+(\S+)/,
    };
    const lines = createInterface({ input: this.child.stdout });
    await new Promise((resolve, reject) => {
      this.child.once("exit", (code) => reject(new Error(`the sandbox ended with ${code}\n${this.log.join("\n")}`)));
      lines.on("line", (line) => {
        for (const [name, pattern] of Object.entries(wanted)) {
          const found = pattern.exec(line);
          if (found) this[name] = found[1];
        }
        if (line.startsWith("End it with")) resolve();
      });
    });
    for (const name of Object.keys(wanted)) assert.ok(this[name], `the sandbox printed no address of its ${name}`);
    this.keycloak = new URL(this.issuer).origin;
  }

  /** Turns a simulator (`dataverse`, `keycloak` or `renku`) by one of the controls at its `/_sim/`. */
  async tell(simulator, path, body, method = "POST") {
    const answer = await fetch(`${this[simulator]}/_sim/${path}`, {
      method, headers: { "content-type": "application/json" }, body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    assert.ok(answer.ok, `the simulated ${simulator} answered ${answer.status} to ${path}: ${text}`);
    return text ? JSON.parse(text) : undefined;
  }

  /** A command of ours, on the connector's machine: its process. */
  async command(...words) {
    const [folder] = await readdir(this.place);
    return spawn(program, ["--config", join(this.place, folder, "sandbox.toml"), ...words], { stdio: ["ignore", "pipe", "pipe"] });
  }

  async stop() {
    if (this.child.exitCode === null) {
      const ended = new Promise((resolve) => this.child.once("exit", resolve));
      this.child.kill("SIGINT");
      await ended;
    }
    await rm(this.place, { recursive: true, force: true });
  }
}

/** One headless Chromium for a file of journeys. */
export async function startBrowser() {
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}

/** A person's browser: its own cookies, language, screen and script switch. Whatever goes wrong on a page is in `faults`. */
export async function person(browser, { language = "en", width = 1280, height = 900, script = true, dark = false } = {}) {
  const context = await browser.newContext({
    locale: language, viewport: { width, height }, javaScriptEnabled: script, colorScheme: dark ? "dark" : "light",
    permissions: ["clipboard-write"],
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const faults = [];
  context.on("weberror", (error) => faults.push(`script: ${error.error().message}`));
  context.on("console", (message) => {
    // A page that tells of a problem has its status, which the browser mentions too.
    const page = message.location().url === message.page()?.url() || message.location().url.endsWith("/favicon.ico");
    if (message.type() === "error" && !page) faults.push(`console: ${message.text()} at ${message.location().url}`);
  });
  const page = await context.newPage();
  return {
    context, page, script, faults,
    /** Ends it; a fault on any of its pages fails the journey. */
    async close() {
      await context.close();
      assert.deepEqual(faults, [], "the browser complained");
    },
  };
}

/** WCAG 2.2 A and AA by axe-core. Evaluated by the browser's own tools, so that the page's strict content policy stays in force. */
export async function accessible(page, where) {
  const result = await page.evaluate(`${axeSource}; axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })`);
  const found = result.violations.map((v) => `${v.id}: ${v.help} (${v.nodes.map((n) => n.target.join(" ")).join("; ")})`);
  assert.deepEqual(found, [], `${where}: axe-core finds`);
  assert.ok(result.passes.length > 5, `${where}: axe-core looked at nothing`);
}

/** Nothing sticks out of a narrow screen. */
export async function fitsTheScreen(page, where) {
  const [content, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(content <= screen, `${where}: ${content} px wide on a screen of ${screen} px`);
}

/** The accessible name (or text) of what has the focus, for scripted focus orders. */
export async function focused(page) {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (!element || element === document.body) return "";
    const labelled = element.getAttribute("aria-labelledby");
    const label = element.getAttribute("aria-label") ?? (labelled && document.getElementById(labelled)?.textContent)
      ?? element.labels?.[0]?.textContent ?? element.textContent ?? "";
    return label.replace(/\s+/g, " ").trim();
  });
}
