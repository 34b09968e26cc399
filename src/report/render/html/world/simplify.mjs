// Makes world.txt: the outlines of all countries, small enough to be part of every report.
//
//   npm install world-atlas@2.0.2 world-countries@5.1.0 topojson-client@3.1.0 topojson-server@3.0.1 topojson-simplify@3.0.3 \
//     d3-geo@3.1.2 d3-geo-projection@4.0.0
//   node simplify.mjs > world.txt
//
// One country per line: its ISO 3166-1 alpha-2 code (XK for Kosovo, - for land without one), a tab, and an SVG path in whole
// units of a world that is 1000 wide, or "@x,y" for a country that is too small for an outline.

import { createRequire } from "node:module";
import { geoNaturalEarth1 } from "d3-geo";
import { geoProject } from "d3-geo-projection";
import { feature } from "topojson-client";
import { topology } from "topojson-server";
import { presimplify, simplify } from "topojson-simplify";

const require = createRequire(import.meta.url);
const world = require("world-atlas/countries-50m.json");
const countries = require("world-countries");

const WIDTH = 1000;
// Minimum areas, in square units, for a point, a ring and a country to be drawn.
const POINT = 0.9;
const RING = 2;
const OUTLINE = 7;

const codes = new Map(countries.map((country) => [country.ccn3, country.cca2]));
const code = ({ id, properties }) => codes.get(id) ?? (properties.name === "Kosovo" ? "XK" : "-");

const land = feature(world, world.objects.countries);
// Antarctica is uninhabited, and would take up a quarter of the map.
land.features = land.features.filter((country) => code(country) !== "AQ");
const projection = geoNaturalEarth1().fitWidth(WIDTH, land);
const flat = geoProject(land, projection);
flat.features.forEach((country, at) => (country.id = land.features[at].id));
const simple = simplify(presimplify(topology({ countries: flat }, 1e5)), POINT);

const area = (ring) => {
  let sum = 0;
  for (let i = 0; i + 1 < ring.length; i++) sum += ring[i][0] * ring[i + 1][1] - ring[i + 1][0] * ring[i][1];
  return Math.abs(sum / 2);
};

function path(rings) {
  let text = "";
  for (const ring of rings) {
    const points = ring.map(([x, y]) => [Math.round(x), Math.round(y)]);
    const kept = points.filter(([x, y], at) => at === 0 || x !== points[at - 1][0] || y !== points[at - 1][1]);
    if (kept.length > 1 && String(kept[0]) === String(kept.at(-1))) kept.pop();
    if (kept.length < 3) continue;
    text += `M${kept[0].join(" ")}l`;
    text += kept.slice(1).map(([x, y], at) => `${x - kept[at][0]} ${y - kept[at][1]}`).join(" ").replaceAll(" -", "-");
    text += "z";
  }
  return text;
}

const lines = new Map();
feature(simple, simple.objects.countries).features.forEach((country, at) => {
  const whole = flat.features[at];
  const parts = (shape) => (shape.geometry?.type === "Polygon" ? [shape.geometry.coordinates] : shape.geometry?.coordinates ?? []);
  const size = parts(whole).reduce((sum, part) => sum + area(part[0]), 0);
  const largest = parts(whole).reduce((best, part) => (area(part[0]) > area(best[0]) ? part : best), parts(whole)[0]);
  const rings = parts(country).flat().filter((ring) => area(ring) >= RING);
  const outline = size >= OUTLINE ? path(rings) : "";
  const middle = largest[0].reduce(([x, y], point) => [x + point[0] / largest[0].length, y + point[1] / largest[0].length], [0, 0]);
  const line = outline || `@${middle.map(Math.round).join(",")}`;
  const name = code(land.features[at]);
  // Land without a code is drawn only as an outline, and another part of the same country only replaces a smaller one.
  if (name === "-" && line.startsWith("@")) return;
  if (lines.has(name) && name !== "-" && line.length <= lines.get(name).length) return;
  lines.set(name, name === "-" && lines.has(name) ? lines.get(name) + line : line);
});
for (const [name, line] of [...lines].sort(([a], [b]) => (a < b ? -1 : 1))) console.log(`${name}\t${line}`);
