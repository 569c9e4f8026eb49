// Unpacks library and data, then draws; sorts tables.
(async () => {
  const element = (id) => document.getElementById(id);
  const unpacked = async (id) => {
    const bytes = Uint8Array.from(atob(element(id).textContent), (letter) => letter.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
  };
  const complain = (error) => {
    for (const chart of document.querySelectorAll(".chart")) {
      chart.textContent = `This browser cannot draw the chart (${error}); the tables hold its figures.`;
    }
  };
  let data;
  try {
    data = JSON.parse(await unpacked("data"));
    const library = document.createElement("script");
    library.textContent = await unpacked("plotly");
    document.head.append(library);
    if (element("scatter")) await start(data);
  } catch (error) {
    complain(error);
    throw error;
  }
  document.documentElement.dataset.drawn = "yes";

  for (const table of document.querySelectorAll("table.sortable")) {
    const headings = [...table.tHead.rows[0].cells];
    headings.forEach((heading, place) => {
      const sort = () => {
        const up = heading.getAttribute("aria-sort") !== "ascending";
        headings.forEach((other) => other.removeAttribute("aria-sort"));
        heading.setAttribute("aria-sort", up ? "ascending" : "descending");
        const key = (row) => row.cells[place].dataset.value ?? row.cells[place].textContent;
        const order = (one, two) => key(one).localeCompare(key(two), "en", { numeric: true });
        const number = (row) => Number(key(row));
        const rows = [...table.tBodies[0].rows];
        const numeric = rows.every((row) => !Number.isNaN(number(row)));
        rows.sort((one, two) => (numeric ? number(one) - number(two) : order(one, two)) * (up ? 1 : -1));
        table.tBodies[0].append(...rows);
      };
      heading.tabIndex = 0;
      heading.dataset.sort = "";
      heading.addEventListener("click", sort);
      heading.addEventListener("keydown", (event) => event.key === "Enter" && sort());
    });
  }
})();
