// Photographs RabbitMQ's management page: all queues, and one queue after "Get messages". Usage: shoot.mjs ADDRESS FOLDER
import puppeteer from 'puppeteer-core';

const address = new URL(process.argv[2]);
const folder = process.argv[3];
const { username, password } = address;
address.username = address.password = '';
const browser = await puppeteer.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
const page = await browser.newPage();
await page.setViewport({ width: 1500, height: 1000 });
await page.goto(address.href);
await page.waitForSelector('input[name=username]');
await page.type('input[name=username]', username);
await page.type('input[name=password]', password);
await page.click('input[type=submit]');
await page.waitForSelector('#logout, #login-status', { timeout: 30000 });

await page.goto(`${address.href}#/queues`);
await page.waitForFunction(() => document.querySelectorAll('table.list tbody tr').length > 5, { timeout: 30000 });
await new Promise((done) => setTimeout(done, 6000)); // rates need two rounds of statistics
await page.screenshot({ path: `${folder}/queues.png`, fullPage: true });

// A queue in which something waits, so that there is a story to read.
const rows = await page.$$eval('table.list tbody tr', (all) => all.map((row) => [...row.cells].map((cell) => cell.innerText.trim())));
const filled = rows.filter((row) => row.some((cell) => /^[1-9]\d*$/.test(cell))).map((row) => row.find((cell) => cell.startsWith('dataverse-renku.')));
const wanted = ['imports-parked', 'imports-wait-for-retry-2m', 'imports-wait-for-retry-30s', 'imports-at-renku.poll-5s', 'imports-to-submit.turn-60s'];
const chosen = wanted.map((end) => filled.find((name) => name?.endsWith(end))).filter(Boolean);
let shot = false;
for (const name of chosen) {
  await page.goto(`${address.href}#/queues/%2F/${encodeURIComponent(name.trim())}`);
  await page.waitForSelector('form[action="#/queues/get"]', { timeout: 30000 });
  // The form lies in a section that is folded up.
  await page.evaluate(() => {
    const form = document.querySelector('form[action="#/queues/get"]');
    const section = form.closest('.section, .section-hidden, .section-invisible');
    if (section?.classList.contains('section-hidden') || form.offsetParent === null) section.querySelector('h2').click();
  });
  await new Promise((done) => setTimeout(done, 800));
  await page.evaluate(() => document.querySelector('form[action="#/queues/get"] input[type=submit]').click());
  await new Promise((done) => setTimeout(done, 2500));
  const there = await page.evaluate(() => document.querySelector('#msg-wrapper')?.innerText ?? '');
  console.log(name, there.slice(0, 60).replace(/\s+/g, ' '));
  if (there.includes('Message 1')) {
    await page.setViewport({ width: 1500, height: 1750 });
    await new Promise((done) => setTimeout(done, 1000));
    await page.screenshot({ path: `${folder}/get-messages.png` });
    shot = true;
    break;
  }
}
await browser.close();
if (!shot) throw new Error('no queue had a message to show');
