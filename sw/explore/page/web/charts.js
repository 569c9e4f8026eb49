"use strict";
// Charts of what sw/explore/page/data.py makes: columns by name, all as long; axes as places in their texts.

const INK = "#1d2530", GRID = "#e8ebef", FRONT = "#1f5fa8", OTHER = "#a8b1bc", CHOSEN = "#d9541e";
const VIRIDIS = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [225, 200, 30]];
const GRID_OF_DOTS = 600;  // dots nearer than one part of so many of the range are one
const LINES_SPREAD = 0.5;  // of the distance between two values of an axis

function start(data) {
  const { columns, labels, axes } = data;
  const element = (id) => document.getElementById(id);
  const narrow = window.matchMedia("(max-width: 640px)").matches;
  const touch = narrow || window.matchMedia("(pointer: coarse)").matches;
  const front = new Set(data.front);
  const isShare = (column) => labels[column].unit === "%";

  // Plotly takes a little HTML in texts; names are none.
  const safe = (text) => String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const number = (value) =>
    Number.isInteger(value) || Math.abs(value) >= 1000
      ? Math.round(value).toLocaleString("en")
      : String(Number(value.toPrecision(4)));
  const amount = (column, place) => {
    const value = columns[column][place];
    return isShare(column) && value !== null ? 100 * value : value;
  };
  const written = (column, place) => {
    if (column in axes) return axes[column].texts[columns[column][place]];
    const value = amount(column, place), unit = labels[column].unit;
    if (value === null) return "-";
    return `${isShare(column) ? value.toFixed(2) : number(value)}${unit ? ` ${unit}` : ""}`;
  };
  const ends = (values) => values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
  const isWide = ([low, high]) => low > 0 && high > data.wide_ratio * low;
  const colours = (count) => Array.from({ length: count }, (_, index) => {
    const at = count === 1 ? 1 : (index / (count - 1)) * (VIRIDIS.length - 1), low = Math.min(Math.floor(at), VIRIDIS.length - 2);
    return `rgb(${VIRIDIS[low].map((part, band) => Math.round(part + (at - low) * (VIRIDIS[low + 1][band] - part)))})`;
  });
  const told = columns.point.map((point, place) => {
    const line = (column) => `${safe(labels[column].short)} ${safe(written(column, place))}`;
    const sizes = data.varied.map(line).map((text, index) => text + (index % 2 ? "<br>" : ", "));
    return [`<b>point ${point}</b>${front.has(place) ? ", Pareto front" : ""}`, ...data.told.map(line)].join("<br>") +
      `<br>${sizes.join("").replace(/(, |<br>)$/, "")}`;
  });

  const layout = (more) => ({
    font: { family: "system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif", size: 13, color: INK },
    margin: { l: narrow ? 52 : 64, r: 14, t: 10, b: 52 }, paper_bgcolor: "#fff", plot_bgcolor: "#fff", hovermode: "closest",
    hoverlabel: { bgcolor: "#fff", bordercolor: "#9aa5b1", align: "left", font: { size: 12, color: INK } },
    legend: { orientation: "h", y: -0.2, yanchor: "top", x: 0, font: { size: 12 } },
    dragmode: touch ? false : "zoom", ...more });
  const config = { responsive: true, displaylogo: false, displayModeBar: touch ? false : "hover",
    modeBarButtonsToRemove: ["lasso2d", "select2d", "autoScale2d"] };
  const from = (column, range = "range") => (element(range).value === "near" && column in data.from ? 100 * data.from[column] : -Infinity);
  const axisOf = (column, places, range) => {
    const [low, high] = ends(places.map((place) => amount(column, place)));
    const axis = { title: { text: safe(labels[column][narrow ? "heading" : "title"]), standoff: 8 }, automargin: true, gridcolor: GRID, zeroline: false };
    if (isWide([low, high])) return { ...axis, type: "log", dtick: "D2", exponentformat: "none" };
    const begin = Math.max(from(column, range), low), spare = 0.05 * (high - begin) || 0.5;
    return isShare(column) && begin <= high ? { ...axis, range: [begin - spare, high + spare] } : axis;
  };
  const draw = (id, traces, more) => {
    element(id).style.height = `${more.height}px`;  // when the window changes, Plotly takes the height from here
    return Plotly.react(id, traces, layout(more), config);
  };

  const apart = (group, places, pair) => {
    const seen = new Set(), spans = pair.map((column) => ends(places.map((place) => amount(column, place))));
    const cell = (place) => pair.map((column, index) =>
      Math.round((GRID_OF_DOTS * (amount(column, place) - spans[index][0])) / (spans[index][1] - spans[index][0] || 1))).join();
    return group.filter((place) => !seen.has(cell(place)) && seen.add(cell(place)));
  };
  const scatter = (places) => {
    const [x, y, by] = ["x", "y", "by"].map((id) => element(id).value);
    const trace = (name, group, marker, more) => ({ type: "scatter", mode: "markers", name: safe(name), marker, customdata: group,
      x: group.map((place) => amount(x, place)), y: group.map((place) => amount(y, place)),
      text: group.map((place) => told[place]), hovertemplate: "%{text}<extra></extra>", ...more });
    const values = by ? axes[by].texts : [null], palette = by ? colours(values.length) : [FRONT];
    const groups = values.map((_, value) => places.filter((place) => !by || columns[by][place] === value));
    const others = groups.map((group, value) => trace("other points", apart(group.filter((place) => !front.has(place)), places, [x, y]),
      { size: 5, color: by ? palette[value] : OTHER, opacity: by ? 0.45 : 0.6 }, { showlegend: !by }));
    const best = groups.map((group, value) => trace(by ? `${labels[by].short} ${values[value]}` : "Pareto front", group.filter((place) => front.has(place)),
      { size: 9, color: palette[value], line: { width: 1, color: "#fff" } }, { showlegend: true }))
      .map((one) => (one.x.length ? one : { ...one, x: [null], y: [null] }));  // an empty one is not in the legend
    const star = trace("recommended", places.filter((place) => place === data.chosen),
      { size: 17, symbol: "star", color: CHOSEN, line: { width: 1.5, color: "#fff" } }, { showlegend: true });
    return draw("scatter", [...others, ...best, star], { height: narrow ? 400 + 20 * (values.length + 2) : 520, xaxis: axisOf(x, places), yaxis: axisOf(y, places) });
  };

  const curves = (places) => {
    const lines = axes.rows.texts.map(() => new Map());
    for (const place of places) {
      const line = lines[columns.rows[place]], bits = columns.adc_bits[place], best = line.get(bits);
      if (best === undefined || columns.accuracy_mean[place] > columns.accuracy_mean[best]) line.set(bits, place);
    }
    const palette = colours(lines.length), ticks = axes.adc_bits.texts;
    const traces = lines.map((line, key) => {
      const found = [...line].sort(([one], [two]) => one - two).map(([, place]) => place);
      return { type: "scatter", mode: "lines+markers", name: `${axes.rows.texts[key]} rows`, visible: found.length > 0, customdata: found,
        line: { color: palette[key], width: 2 }, marker: { size: 8 }, text: found.map((place) => told[place]), hovertemplate: "%{text}<extra></extra>",
        x: found.map((place) => columns.adc_bits[place]), y: found.map((place) => amount("accuracy_mean", place)) };
    });
    const shown = traces.flatMap((trace) => trace.customdata);
    return draw("curves", traces, { height: 440, showlegend: true, yaxis: axisOf("accuracy_mean", shown, "curves-range"),
      xaxis: { title: { text: "ADC bits", standoff: 8 }, tickvals: ticks.map((_, place) => place), ticktext: ticks,
        range: [-0.4, ticks.length - 0.6], gridcolor: GRID, zeroline: false } });
  };

  const energy = () => {
    const parts = data.parts.filter((part) => element("parts").value === "whole" || !part.frontend);
    const names = data.bars.map((place) => `${place === data.chosen ? "★ " : ""}${columns.point[place]}`);
    const traces = parts.map((part) => ({ type: "bar", orientation: "h", name: safe(part.name), marker: { color: part.colour }, y: names,
      x: data.bars.map((place) => columns[part.column][place]), customdata: data.bars, text: data.bars.map((place) => told[place]), textposition: "none",
      hovertemplate: `<b>${safe(part.name)} %{x:.4g} nJ</b><br>%{text}<extra></extra>` }));
    const bars = 30 * names.length, legend = narrow ? 19 * parts.length : 40;
    return draw("energy", traces, { barmode: "stack", height: bars + legend + 100, showlegend: true,
      margin: { l: 60, r: 14, t: 10, b: legend + 80 },
      yaxis: { type: "category", autorange: "reversed", automargin: true, title: { text: "point", standoff: 12 } },
      xaxis: { title: { text: "nJ per classification", standoff: 8 }, gridcolor: GRID, rangemode: "tozero" },
      legend: { orientation: "h", x: 0, y: -66 / bars, yanchor: "top", font: { size: 12 }, traceorder: "normal" } });
  };

  const parallel = (places) => {
    const first = data.dimensions.find((column) => !(column in axes)) ?? data.dimensions[0];
    const shades = places.map((place) => amount(first, place)), order = places.map((_, index) => index).sort((one, two) => shades[one] - shades[two]);
    const ranks = [];
    order.forEach((index, rank) => { ranks[index] = order.length > 1 ? LINES_SPREAD * (rank / (order.length - 1) - 0.5) : 0; });
    const dimensions = data.dimensions.map((column) => {
      const label = safe(labels[column].heading);
      if (column in axes) {  // lines of one value lie side by side, by rank
        const texts = axes[column].texts, some = texts.length <= 24 ? texts : [];
        return { label, values: places.map((place, index) => columns[column][place] + ranks[index]), range: [-0.4, texts.length - 0.6],
          tickvals: some.map((_, place) => place), ticktext: some.map((text) => safe(text.length > 16 ? `${text.slice(0, 15)}…` : text)) };
      }
      const values = places.map((place) => amount(column, place));
      if (!values.length || !isWide(ends(values))) return { label, values };
      const [low, high] = ends(values), ticks = [];
      for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
        ticks.push(...[1, 2, 5].map((digit) => digit * 10 ** power).filter((tick) => tick >= low && tick <= high));
      }
      return { label, values: values.map(Math.log10), tickvals: ticks.map(Math.log10), ticktext: ticks.map(number) };
    });
    const [low, high] = ends(shades), dark = first in data.from ? Math.max(low, 100 * data.from[first]) : low;
    const line = { color: shades, cmin: dark, cmax: Math.max(high, dark + 1e-9), colorscale: "Viridis", reversescale: !data.most, showscale: false };
    const width = Math.max(element("parallel").parentElement.clientWidth, 96 * dimensions.length);
    const trace = { type: "parcoords", dimensions, line, labelfont: { size: 12 }, tickfont: { size: 11 }, rangefont: { size: 11, color: "rgba(0,0,0,0)" } };
    return Plotly.react("parallel", places.length ? [trace] : [], layout({ margin: { l: 56, r: 56, t: 44, b: 20 }, width, height: 430 }), { ...config, responsive: false });
  };

  const pick = (place) => {
    const list = document.createElement("dl");
    for (const column of [...data.varied, ...data.details]) {
      const [line, name, value] = ["div", "dt", "dd"].map((kind) => document.createElement(kind));
      name.textContent = labels[column].short;
      value.textContent = written(column, place);
      line.append(name, value);
      list.append(line);
    }
    const kind = place === data.chosen ? ", recommended" : front.has(place) ? ", Pareto front" : "";
    element("picked").querySelector("h3").textContent = `Point ${columns.point[place]}${kind}`;
    element("picked").querySelector("dl").replaceWith(list);
  };

  const filters = [...document.querySelectorAll("select[data-axis]")];
  const left = () => columns.point.map((_, place) => place).filter((place) =>
    filters.every((filter) => filter.value === "" || columns[filter.dataset.axis][place] === Number(filter.value)));
  const redraw = async () => {
    const places = left(), pair = ["x", "y"].map((id) => element(id).value);
    const below = places.filter((place) => pair.some((column) => amount(column, place) < from(column))).length;
    element("left").textContent = `${number(places.length)} of ${number(data.count)} points. ` +
      (below ? `${number(below)} of them lie below the range shown. ` : "") + "Of other points that lie on one another, one is drawn.";
    await scatter(places);
    if (element("curves")) await curves(places);
    await parallel(places);
  };
  for (const control of [...filters, ...["x", "y", "by", "range"].map(element)]) control.addEventListener("change", redraw);
  element("all")?.addEventListener("click", () => { filters.forEach((filter) => { filter.value = ""; }); redraw(); });
  element("parts")?.addEventListener("change", energy);
  element("curves-range")?.addEventListener("change", () => curves(left()));
  let width = window.innerWidth;
  window.addEventListener("resize", () => {
    if (window.innerWidth !== width) parallel(left());  // phones resize when their bars come and go
    width = window.innerWidth;
  });
  return redraw().then(() => element("energy") && energy()).then(() => {
    for (const chart of ["scatter", "curves", "energy"].map(element)) {
      chart?.on("plotly_click", (event) => pick(event.points[0].customdata));
    }
    pick(data.chosen ?? 0);
  });
}
