/** A hundred figures, as many of them filled as patients had the outcome. */

import { svg } from "./dom.js";
import { ofHundred, t } from "./data.js";

const CELL = 12;
// A head and shoulders in a cell of 12 by 12.
const FIGURE = "M6 1.2a2.1 2.1 0 1 1 0 4.2a2.1 2.1 0 0 1 0-4.2zM2.3 11c0-3.1 1.3-4.9 3.7-4.9s3.7 1.8 3.7 4.9z";

/** @param {number} risk @returns {SVGElement} */
export function iconArray(risk) {
  const filled = Math.round(100 * risk);
  const figures = (from, to, kind) => {
    const group = svg("g", { class: kind });
    for (let i = from; i < to; i++) {
      const move = `translate(${(i % 10) * CELL} ${Math.floor(i / 10) * CELL})`;
      group.append(svg("path", { d: FIGURE, transform: move }));
    }
    return group;
  };
  return svg(
    "svg",
    {
      class: "icons",
      viewBox: `0 0 ${10 * CELL} ${10 * CELL}`,
      role: "img",
      "aria-label": t("risks.icons", { n: ofHundred(risk) }),
    },
    figures(0, filled, "with"),
    figures(filled, 100, "without"),
  );
}
