// Opens the page of the task in Chromium, lets the visit happen, and stays until stdin ends. Prints what it saw as JSON.
const { chromium } = require('playwright-core');

const task = JSON.parse(process.env.TASK);
const flags = [
  '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
  '--disable-sync', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];
const stdinEnds = new Promise((resolve) => process.stdin.on('end', resolve).resume());

/** Opens the sandbox's page and returns a function that tells what it shows once it shows all that is awaited. */
async function watch(browser, { url, events, profile, screenshot }) {
  const page = await browser.newPage();
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.goto(url);
  await page.locator('#live[data-state=live]').waitFor();
  const before = await page.locator('#events').innerText();
  await page.evaluate(() => { window.openedOnce = true; });
  return async () => {
    await page.bringToFront();
    for (const name of events) await page.locator('#events summary', { hasText: name }).first().waitFor();
    const shown = { before, events: await page.locator('#events').innerText(), profiles: await page.locator('#panel').innerText() };
    await page.screenshot({ path: screenshot });
    await page.locator('#panel .person', { hasText: profile }).click();
    await page.locator('#panel .profile header', { hasText: profile }).waitFor();
    return { ...shown, profile: await page.locator('#panel').innerText(), reloaded: !await page.evaluate(() => window.openedOnce) };
  };
}

async function main() {
  const browser = await chromium.launchPersistentContext(task.profile, { executablePath: task.chromium, headless: true, args: flags });
  browser.setDefaultTimeout(20000);
  const watched = task.watch && await watch(browser, task.watch);

  const page = await browser.newPage();
  const log = [];
  page.on('console', (message) => log.push(message.text()));
  page.on('pageerror', (error) => log.push(String(error)));
  await page.goto(task.page);
  const ids = await page.evaluate((settings) => visit(settings), task.settings);
  const seen = watched && await watched();

  await stdinEnds;
  await browser.close();
  return { ids, log, seen };
}

setTimeout(() => { throw new Error('the visit takes too long'); }, 50000).unref();
main().then((report) => {
  process.stdout.write(JSON.stringify(report), () => process.exit(0));
});
