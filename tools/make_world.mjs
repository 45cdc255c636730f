// Make the two files of the server's map: the outline of all land, and where each country's
// bubble stands. Run once, when the map shall change; the files are committed, so that nothing
// of npm is needed to install or run the server.
//
//     npm install world-atlas@2 topojson-client@3 topojson-simplify@3 d3-geo@3 i18n-iso-countries@7
//     node tools/make_world.mjs server/src/tito_bench_server/pages/static
//
// world-atlas is ISC, its data are Natural Earth's: public domain. Borders between countries are
// not drawn: where they run is what maps are complained of most, and a bubble needs none.

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

// Packages are found in the folder where this is run, not beside this file.
const require = createRequire(join(process.cwd(), "here.cjs"));
const { geoEqualEarth, geoPath, geoArea } = await import(require.resolve("d3-geo"));
const topojson = await import(require.resolve("topojson-client"));
const { presimplify, simplify } = await import(require.resolve("topojson-simplify"));
const countries = require("i18n-iso-countries");

const WIDTH = 1000;
const NORTH = 78; // Above and below are ice and water: cropped, so that phones show more of the rest.
const SOUTH = -56;
const LEAST_ISLAND = 12; // square pixels; smaller ones are specks

// What world-atlas does not have, or not under its own number; longitude, latitude.
const BY_HAND = {
  BQ: [-68.3, 12.2], BV: [3.4, -54.4], CC: [96.9, -12.2], CX: [105.7, -10.5], GF: [-53.1, 3.9],
  GI: [-5.35, 36.1], GP: [-61.5, 16.2], MQ: [-61.0, 14.6], RE: [55.5, -21.1], SJ: [16.0, 77.0],
  TK: [-171.8, -9.2], TV: [179.2, -8.5], UM: [-176.5, 0.2], YT: [45.2, -12.8],
};
// The middle of the largest part is not where people look for these.
const NUDGED = { AQ: [0, SOUTH], US: [-98, 39.5], CA: [-106, 57], NO: [9, 61], FR: [2.4, 46.6] };

const load = (name) => JSON.parse(readFileSync(require.resolve(`world-atlas/${name}`), "utf8"));

const projection = geoEqualEarth().scale(1).translate([0, 0]);
const [left] = projection([-180, 0]);
const [right] = projection([180, 0]);
const [, top] = projection([0, NORTH]);
const [, bottom] = projection([0, SOUTH]);
const scale = WIDTH / (right - left);
const height = Math.round((bottom - top) * scale);
projection.scale(scale).translate([-left * scale, -top * scale]);
projection.clipExtent([[0, 0], [WIDTH, height]]);

// --- the land, as one path in whole pixels, each step relative to the one before
const atlas = load("land-110m.json");
const land = topojson.feature(simplify(presimplify(atlas), 0.12), atlas.objects.land);
const rings = geoPath(projection)(land)
  .split("M").slice(1)
  .map((ring) => ring.replace("Z", "").split("L").map((p) => p.split(",").map(Math.round)))
  .map((ring) => ring.filter((p, i) => i === 0 || p[0] !== ring[i - 1][0] || p[1] !== ring[i - 1][1]))
  .filter((ring) => ring.length > 3 && Math.abs(area(ring)) >= LEAST_ISLAND);
const path = rings.map(relative).join("");

function area(ring) {
  return ring.reduce((sum, [x, y], i) => {
    const [nextX, nextY] = ring[(i + 1) % ring.length];
    return sum + (x * nextY - nextX * y) / 2;
  }, 0);
}

function relative(ring) {
  let text = `M${ring[0][0]} ${ring[0][1]}l`;
  for (let i = 1; i < ring.length; i += 1) {
    const steps = [ring[i][0] - ring[i - 1][0], ring[i][1] - ring[i - 1][1]];
    const part = steps.map((n, k) => (n < 0 || (i === 1 && k === 0) ? `${n}` : ` ${n}`)).join("");
    text += part;
  }
  return `${text}z`;
}

// --- the places, one a country
const places = {};
const fine = load("countries-50m.json");
const unclipped = geoEqualEarth().scale(scale).translate([-left * scale, -top * scale]);
for (const feature of topojson.feature(fine, fine.objects.countries).features) {
  const code = feature.id && countries.numericToAlpha2(feature.id);
  // Ashmore and Cartier Islands bear Australia's number.
  if (!code || feature.properties.name.startsWith("Ashmore")) continue;
  places[code] = geoPath(unclipped).centroid(largest(feature.geometry));
}
for (const [code, place] of Object.entries({ ...BY_HAND, ...NUDGED })) {
  places[code] = unclipped(place);
}

function largest(geometry) {
  if (geometry.type === "Polygon") return geometry;
  const parts = geometry.coordinates.map((coordinates) => ({ type: "Polygon", coordinates }));
  return parts.reduce((best, part) => (geoArea(part) > geoArea(best) ? part : best));
}

const missing = Object.keys(countries.getAlpha2Codes()).filter((code) => !places[code] && code !== "XK");
if (missing.length) throw new Error(`no place for ${missing.join(" ")}`);
const inside = ([x, y]) => [Math.round(Math.min(Math.max(x, 8), WIDTH - 8)), Math.round(Math.min(Math.max(y, 8), height - 8))];
const sorted = Object.keys(places).filter((code) => code !== "XK").sort();
const out = resolve(process.argv[2]);
writeFileSync(join(out, "world.path"), `${path}\n`);
writeFileSync(
  join(out, "places.json"),
  `${JSON.stringify({ width: WIDTH, height, places: Object.fromEntries(sorted.map((c) => [c, inside(places[c])])) })}\n`,
);
console.log(`${path.length} bytes of land, ${sorted.length} places, ${WIDTH} x ${height}`);
