// Checks reports with axe-core in a headless browser: light and dark, on a wide and on a narrow screen.
//
// Usage: NODE_PATH=... node axe.cjs BROWSER FILE... ; needs playwright-core and axe-core. Fails if axe-core finds a violation or
// does not finish within a minute.

const { chromium } = require("playwright-core");
const path = require("node:path");
const { pathToFileURL } = require("node:url");

const TIMEOUT_MS = 60_000;
const [browserPath, ...files] = process.argv.slice(2);
const views = ["light", "dark"].flatMap((colorScheme) => [1280, 320].map((width) => ({ colorScheme, viewport: { width, height: 900 } })));

async function check(browser, file, view) {
  // The page's policy allows only its own script, so it would block axe-core.
  const context = await browser.newContext({ ...view, bypassCSP: true });
  const page = await context.newPage();
  page.setDefaultTimeout(TIMEOUT_MS);
  await page.goto(pathToFileURL(file).href);
  await page.addScriptTag({ path: require.resolve("axe-core/axe.min.js") });
  // Collapsed parts are checked, too.
  await page.evaluate(() => document.querySelectorAll("details").forEach((part) => (part.open = true)));
  let timer;
  const limit = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error("axe-core takes more than a minute")), TIMEOUT_MS)));
  const result = await Promise.race([page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] })), limit]);
  clearTimeout(timer);
  await context.close();
  const name = `${path.basename(file)}, ${view.colorScheme}, ${view.viewport.width} px`;
  return result.violations.map(({ id, help, nodes }) => `${name}: ${id}: ${help}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")}`);
}

(async () => {
  const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox", "--disable-gpu"] });
  const problems = [];
  for (const file of files) {
    for (const view of views) {
      problems.push(...(await check(browser, file, view).catch((error) => [`${path.basename(file)}: ${error.message}`])));
    }
  }
  await browser.close();
  problems.forEach((problem) => console.error(problem));
  process.exitCode = problems.length > 0 ? 1 : 0;
})();
