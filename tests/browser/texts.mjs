// The sentences of the pages as the locales have them, for checks that hold in every language. Journeys in English write them out.

import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";

const folder = new URL("../../locales/", import.meta.url);
export const LANGUAGES = ["en", "fr", "de"];
const known = Object.fromEntries(await Promise.all(LANGUAGES.map(async (language) => {
  const files = (await readdir(new URL(`${language}/`, folder))).filter((name) => name.endsWith(".ftl"));
  const texts = await Promise.all(files.map((name) => readFile(new URL(`${language}/${name}`, folder), "utf8")));
  const lines = texts.join("\n").split("\n").map((line) => /^([a-z0-9-]+) = (.+)$/.exec(line)).filter(Boolean);
  return [language, new Map(lines.map(([, name, text]) => [name, text]))];
})));

/** The sentence of this name with its values, as Fluent would write it (one line, no choices). */
export function say(language, name, values = {}) {
  const text = known[language].get(name);
  assert.ok(text, `no “${name}” in ${language}`);
  return text.replace(/\{ \$(\w+) \}/g, (_all, key) => {
    assert.ok(key in values, `“${name}” needs ${key}`);
    return values[key];
  });
}
