// SPDX-License-Identifier: MIT
// What saxi does with a drawing, by its own modules, for drawings_table.py. NODE_PATH is the node_modules where
// `npm install --ignore-scripts saxi` put it.
//   saxi.js order FILE    sorts the strokes; prints: mm seconds
//   saxi.js chain FILE    reads, sorts, joins and plans as `saxi plot` does
const fs = require("fs");
const { flattenSVG } = require("flatten-svg");
const { merge, reorder } = require("optimize-paths");

const [, , what, file] = process.argv;
const text = fs.readFileSync(file, "utf8");
if (what === "order") {
  const paths = [...text.matchAll(/ d="M([^"]*)"/g)].map((path) =>
    path[1].split(" L").map((pair) => {
      const [x, y] = pair.split(",").map(Number);
      return { x, y };
    }));
  const start = process.cpuUsage();
  const sorted = reorder(paths);
  const used = process.cpuUsage(start);
  let mm = 0;
  for (let i = 1; i < sorted.length; ++i) {
    const from = sorted[i - 1][sorted[i - 1].length - 1], to = sorted[i][0];
    mm += Math.hypot(to.x - from.x, to.y - from.y);
  }
  console.log(`${mm.toFixed(1)} ${((used.user + used.system) / 1e6).toFixed(3)}`);
} else {
  const { Window } = require("svgdom");
  const { replan } = require("saxi/dist/server/massager");
  const { defaultPlanOptions } = require("saxi/dist/server/planning");
  const window = new Window();
  window.document.documentElement.innerHTML = text;
  const lines = flattenSVG(window.document.documentElement, {}).map((line) => {
    const path = line.points.map(([x, y]) => ({ x, y }));
    path.stroke = line.stroke;
    path.groupId = line.groupId;
    return path;
  });
  const strokes = new Set(lines.map((line) => line.stroke));
  const plan = replan(lines, { ...defaultPlanOptions, selectedStrokeLayers: strokes });
  if (plan.motions.length < 2) process.exit(1);
}
