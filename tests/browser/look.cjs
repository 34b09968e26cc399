// Checks reports in a headless browser: in light and dark mode, on a phone and in print.
//
// Usage: NODE_PATH=... node look.cjs BROWSER OUT FILE... ; needs playwright-core. Fails if a page reports an error, requests
// anything but itself, opens a dialog, has an element that is wider than the page, or draws a heat map that differs from its
// table. Screenshots go to OUT.

const { chromium } = require("playwright-core");
const path = require("node:path");
const { pathToFileURL } = require("node:url");

const [browserPath, out, ...files] = process.argv.slice(2);
const views = [
  { name: "light", viewport: { width: 1200, height: 900 }, colorScheme: "light" },
  { name: "dark", viewport: { width: 1200, height: 900 }, colorScheme: "dark" },
  { name: "narrow", viewport: { width: 320, height: 640 }, colorScheme: "light", isMobile: true, deviceScaleFactor: 2 },
  { name: "phone", viewport: { width: 360, height: 740 }, colorScheme: "light", isMobile: true, deviceScaleFactor: 2 },
];

// Elements that extend beyond the page, except those in a box with its own scroll bar.
function wideElements() {
  const width = document.documentElement.clientWidth;
  const scrolls = (element) => element && (element.matches(".scroll") || scrolls(element.parentElement));
  const wide = [...document.querySelectorAll("body *")].filter((element) => {
    if (scrolls(element) || element.closest("svg")?.parentElement !== element.parentElement && element.closest("svg")) return false;
    const box = element.getBoundingClientRect();
    return box.width > 0 && (box.right > width + 1 || box.left < -1);
  });
  if (document.scrollingElement.scrollWidth > width) wide.unshift(document.body);
  return wide.slice(0, 5).map((element) => `${element.tagName}.${element.className}: ${element.textContent.trim().slice(0, 60)}`);
}

// Code shared by the contrast checks, added to every page as a script because pages cannot access this file.
function shareContrast() {
  const parse = (color) => (color.match(/[\d.]+/g) ?? []).map(Number);
  const channel = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const rgb = (color) => (color.startsWith("color(srgb") ? parse(color.slice(10)) : parse(color).map((v, i) => (i < 3 ? v / 255 : v)));
  const contrast = (one, other) => {
    const [a, b] = [light(rgb(one)), light(rgb(other))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  globalThis.lookTools = { rgb, contrast };
}

// Text that is hard to read: less contrast than WCAG AA requires.
function faintTexts() {
  const { rgb, contrast } = globalThis.lookTools;
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (rgb(color).length === 3 || rgb(color)[3] === 1) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const faint = [...document.querySelectorAll("h1,h2,h3,p,li,th,td,a,span,summary,figcaption,footer,button")].filter((element) => {
    if (!element.textContent.trim() || !element.getClientRects().length) return false;
    return contrast(getComputedStyle(element).color, behind(element)) < 4.5;
  });
  return faint.slice(0, 5).map((element) => `${element.tagName}.${element.className}: ${element.textContent.trim().slice(0, 40)}`);
}

// The heat map: a cell for every region and channel, with the number from the table, in legible text that does not overflow
// its cell.
function heatMap() {
  const { contrast } = globalThis.lookTools;
  const picture = document.querySelector(".heat");
  const table = picture?.closest("figure").nextElementSibling?.querySelector("table");
  if (!picture || !table) return picture ? ["a heat map without its table"] : [];
  const problems = [];
  const channels = table.tHead.rows[0].cells.length - 1;
  const rows = [...table.tBodies[0].rows];
  const regions = [...picture.querySelectorAll(".names title")].map((title) => title.textContent);
  const cells = [...picture.querySelectorAll("g")];
  if (regions.length !== Math.min(rows.length, 20)) problems.push(`${regions.length} regions in the heat map, ${rows.length} in the table`);
  if (cells.length !== regions.length * channels) problems.push(`${cells.length} cells in the heat map, not ${regions.length} x ${channels}`);
  cells.forEach((cell, at) => {
    // The table may be sorted differently by now, and truncated names may be equal.
    const region = rows.filter((row) => row.cells[0].textContent === regions[Math.floor(at / channels)]);
    const told = region.map((row) => row.cells[(at % channels) + 1].textContent);
    const [box, text] = [cell.querySelector("rect"), cell.querySelector("text")];
    if (!told.includes(text.textContent)) problems.push(`heat map says ${text.textContent}, its table ${told}`);
    if (!cell.querySelector("title")?.textContent) problems.push(`cell ${at} of the heat map has no title`);
    if (contrast(getComputedStyle(text).fill, getComputedStyle(box).fill) < 4.5) problems.push(`faint in the heat map: ${told}`);
    const [outer, inner] = [box.getBoundingClientRect(), text.getBoundingClientRect()];
    if (inner.left < outer.left || inner.right > outer.right) problems.push(`wider than its cell: ${told}`);
  });
  const small = [...picture.querySelectorAll("text")].find((text) => parseFloat(getComputedStyle(text).fontSize) < 11);
  if (small) problems.push(`small letters in the heat map: ${small.textContent}`);
  return [...new Set(problems)].slice(0, 5);
}

// Tables whose counts do not add up to the number of contacts or messages: collapsed rows must be summed in a separate row.
function sums() {
  const counts = (table) => [...table.tBodies[0].rows].filter((row) => row.getClientRects().length).map((row) => row.cells[1].textContent);
  const number = (text) => Number(text.replace(/[^0-9]/g, ""));
  const all = number(document.querySelector(".cards .number").textContent);
  const isOfMessages = document.title.includes("messages");
  const places = isOfMessages ? "#regions table, #channels table, #templates table" : "#regions table, #channels table, #time table";
  const tables = [...document.querySelectorAll(places)];
  const columns = (table) => [...table.tHead.rows[0].cells].map((cell) => cell.textContent);
  const adding = tables.filter((table) => columns(table).includes(isOfMessages ? "Messages" : "Contacts") && table.getClientRects().length);
  const wrong = adding.filter((table) => counts(table).reduce((sum, text) => sum + number(text), 0) !== all);
  // A contact counts once for each of its channels.
  const isOfChannels = (table) => ["Available", "Reachable"].includes(table.parentElement.querySelector("h3")?.textContent);
  return wrong.filter((table) => !isOfChannels(table)).map((table) => `does not add up to ${all}: ${counts(table)}`);
}

// A table that extends beyond the gap between columns and covers its neighbor.
function overlaps() {
  const tables = [...document.querySelectorAll(".grid table")].filter((table) => table.getClientRects().length);
  const wide = tables.filter((table) => table.getBoundingClientRect().right > table.parentElement.getBoundingClientRect().right + 20);
  return wide.slice(0, 3).map((table) => `a table that is wider than its column: ${table.textContent.trim().slice(0, 60)}`);
}

// A bar that extends beyond its column and covers its neighbor.
function longBars() {
  const bars = [...document.querySelectorAll("svg.bar")].filter((bar) => bar.getClientRects().length);
  const outside = bars.filter((bar) => {
    const [cell, box] = [bar.parentElement, bar].map((element) => element.getBoundingClientRect());
    const column = bar.closest("table").parentElement.getBoundingClientRect();
    return box.left < cell.left - 1 || box.right > Math.min(cell.right, column.right) + 1;
  });
  return outside.slice(0, 3).map((bar) => `a bar outside of its column: ${bar.closest("tr").textContent}`);
}

function structure() {
  const problems = [];
  if (document.querySelectorAll("h1").length !== 1) problems.push("not one h1");
  if (!document.documentElement.lang || !document.title) problems.push("no language or title");
  if ([...document.querySelectorAll("table")].some((table) => !table.querySelector("th[scope=col]") && table.rows.length)) {
    problems.push("a table without column heads");
  }
  if ([...document.querySelectorAll("svg:not(svg svg)")].some((svg) => !svg.hasAttribute("aria-hidden") && !svg.getAttribute("aria-label"))) {
    problems.push("a picture without words");
  }
  if (document.querySelectorAll("script").length !== 1 || document.querySelectorAll("img,iframe,object,embed").length) {
    problems.push("foreign elements");
  }
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  if (new Set(ids).size !== ids.length) problems.push("an id twice");
  return problems;
}

async function look(browser, file, view, problems) {
  const note = (problem) => problems.push(`${path.basename(file)}, ${view.name}: ${problem}`);
  const { name, ...settings } = view;
  const context = await browser.newContext(settings);
  const page = await context.newPage();
  await page.addInitScript(shareContrast);
  const address = pathToFileURL(file).href;
  page.on("console", (message) => note(`console: ${message.text()}`));
  page.on("pageerror", (error) => note(`error: ${error.message}`));
  page.on("dialog", (dialog) => (note(`dialog: ${dialog.message()}`), dialog.dismiss()));
  page.on("request", (request) => {
    if (request.url() !== address && !request.url().startsWith("data:")) note(`request: ${request.url()}`);
  });
  await page.goto(address);
  await page.waitForLoadState("load");
  for (const problem of await page.evaluate(wideElements)) note(`too wide: ${problem}`);
  for (const problem of await page.evaluate(faintTexts)) note(`faint: ${problem}`);
  for (const problem of await page.evaluate(heatMap)) note(problem);
  for (const problem of await page.evaluate(structure)) note(problem);
  for (const problem of await page.evaluate(sums)) note(problem);
  for (const problem of await page.evaluate(longBars)) note(problem);
  const stem = path.join(out, `${path.basename(file, ".html")}-${name}`);
  await page.screenshot({ path: `${stem}.png`, fullPage: true });
  if (name === "light") {
    await page.emulateMedia({ media: "print" });
    for (const problem of await page.evaluate(wideElements)) note(`too wide on paper: ${problem}`);
    for (const problem of await page.evaluate(heatMap)) note(`on paper: ${problem}`);
    // In print, collapsed rows are shown as a sum.
    for (const problem of await page.evaluate(sums)) note(`on paper: ${problem}`);
    const heads = await page.evaluate(() => [...document.querySelectorAll("thead")].every((head) => getComputedStyle(head).display === "table-header-group"));
    if (!heads) note("heads of tables are not repeated on paper");
    // tests/browser/pages.py checks the printed pages.
    await page.pdf({ path: `${stem.replace(/light$/, "print")}.pdf`, preferCSSPageSize: true });
    // The width of A4 without margins.
    await page.setViewportSize({ width: 703, height: 990 });
    for (const problem of await page.evaluate(overlaps)) note(`on paper: ${problem}`);
    await page.screenshot({ path: `${stem.replace(/light$/, "print")}.png`, fullPage: true });
    await page.emulateMedia({ media: "screen" });
    await unfold(page, note);
    await sortable(page, note);
  }
  await context.close();
}

// A button expands long tables and collapses them again, and keeps the focus.
async function unfold(page, note) {
  const buttons = page.locator("button.all");
  const clickAll = async (isFolded) => {
    for (let at = 0; at < (await buttons.count()); at += 1) {
      const button = buttons.nth(at);
      if (((await button.getAttribute("aria-expanded")) === "false") !== isFolded) continue;
      await button.click();
      if (!(await button.evaluate((element) => document.activeElement === element))) note("a button loses the focus");
    }
  };
  const hidden = () => page.evaluate(() => [...document.querySelectorAll("details[open] .more, :not(details) > div > table .more")].filter((row) => !row.getClientRects().length).length);
  await clickAll(true);
  for (const problem of await page.evaluate(sums)) note(`unfolded: ${problem}`);
  if (await hidden()) note("rows are folded away after a click");
  if (!(await buttons.count())) return;
  await clickAll(false);
  for (const problem of await page.evaluate(sums)) note(`folded again: ${problem}`);
  if (!(await hidden())) note("rows cannot be folded away again");
  await clickAll(true);
}

// Sorting works only if the page's own script runs, that is, if the policy that blocks other scripts has the correct hash.
async function sortable(page, note) {
  const head = page.locator("#regions table.sorted thead button").nth(1);
  if (!(await head.count())) return;
  await head.click();
  await head.click();
  const numbers = (table) =>
    page.$$eval(`${table} >> nth=0`, (tables) =>
      [...tables[0].tBodies[0].rows].filter((row) => !row.classList.contains("last")).map((row) => parseFloat(row.cells[1].textContent.replace(/[,<>]/g, ""))),
    );
  const isSorted = (counts) => counts.every((count, at) => at === 0 || counts[at - 1] <= count);
  const counts = await numbers("#regions table.sorted");
  if (!isSorted(counts)) note(`not sorted: ${counts.slice(0, 5)}`);
  const shares = "#regions details table.sorted";
  if (!(await page.locator(shares).count())) return;
  await page.locator("#regions summary").click();
  await page.locator(`${shares} thead button`).nth(1).click();
  await page.locator(`${shares} thead button`).nth(1).click();
  const sorted = (await numbers(shares)).filter((share) => !Number.isNaN(share));
  if (!isSorted(sorted)) note(`not sorted: ${sorted.slice(0, 5)}`);
}

// Without scripts, the same page shows every row, including those that are initially collapsed.
async function withoutScript(browser, file, problems) {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(pathToFileURL(file).href);
  const folded = page.locator("#regions summary");
  for (let at = 0; at < (await folded.count()); at += 1) await folded.nth(at).click();
  // The row that sums up collapsed rows is shown only where they can be expanded.
  const rows = page.locator("#regions tbody tr:not(.rest)");
  for (let at = 0; at < (await rows.count()); at += 1) {
    if (!(await rows.nth(at).isVisible())) {
      problems.push(`${path.basename(file)}: row ${at} is hidden without script`);
      break;
    }
  }
  await context.close();
}

(async () => {
  const quiet = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
  const browser = await chromium.launch({ executablePath: browserPath, args: quiet });
  const problems = [];
  for (const file of files) {
    for (const view of views) await look(browser, file, view, problems);
    await withoutScript(browser, file, problems);
  }
  await browser.close();
  problems.forEach((problem) => console.error(problem));
  process.exitCode = problems.length > 0 ? 1 : 0;
})();
