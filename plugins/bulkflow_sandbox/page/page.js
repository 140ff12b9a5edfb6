// Polls the sandbox every second, and updates only the elements that changed: focus, selection and
// scroll position stay where they are. `/?every=200` polls every 200 milliseconds.

const PAUSE = Number(new URLSearchParams(window.location.search).get("every")) || 1000;
const MAX_REQUESTS = 500;

const byId = (id) => document.getElementById(id);
const whole = new Intl.NumberFormat("en");
const time = new Intl.DateTimeFormat("en", { timeStyle: "medium", hourCycle: "h23" });
const moment = new Intl.DateTimeFormat("en", {
  dateStyle: "medium",
  timeStyle: "medium",
  hourCycle: "h23",
});

const page = {
  paused: false,
  states: new Map(), // job id -> its last known state
  opened: new Map(), // job id -> its details, or null while they load
  requests: [], // newest first
  last: 0, // the number of the newest request
  object: "",
  after: "",
  picked: false, // whether the user chose the object
};

async function fetchJson(path) {
  const answer = await fetch(path, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`, { cause: answer.status });
  return answer.json();
}

// Elements. Values of records are always inserted as text, never as HTML.

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

function cell(kind = "", text = "") {
  return make("td", { className: kind, textContent: text });
}

/** Shows `items` as the rows of a table body, and reuses existing rows. */
function sync(body, items, key, create, update) {
  const known = new Map(Array.from(body.rows, (row) => [row.dataset.key, row]));
  const first = known.size === 0;
  let place = body.firstElementChild;
  for (const item of items) {
    const name = String(key(item));
    let row = known.get(name);
    if (row) {
      known.delete(name);
    } else {
      row = create(item);
      row.dataset.key = name;
      if (!first) row.classList.add("new");
    }
    update(row, item);
    if (row === place) place = place.nextElementSibling;
    else body.insertBefore(row, place);
  }
  for (const row of known.values()) row.remove();
}

function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  for (const unit of ["kB", "MB", "GB"]) {
    bytes /= 1000;
    if (bytes < 999.5) return `${bytes < 9.95 ? bytes.toFixed(1) : Math.round(bytes)} ${unit}`;
  }
  return `${whole.format(Math.round(bytes))} GB`;
}

function length(milliseconds) {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  return seconds < 120 ? `${seconds.toFixed(1)} s` : `${(seconds / 60).toFixed(1)} min`;
}

// Jobs: each has a row, a row for its error if any, and a row for its details while they are open.

function jobRows(jobs) {
  return jobs.flatMap((job) => {
    const rows = [{ kind: "job", job }];
    if (job.error) rows.push({ kind: "error", job });
    if (page.opened.has(job.id)) rows.push({ kind: "details", job });
    return rows;
  });
}

function createJobRow({ kind, job }) {
  if (kind === "job") {
    const button = make("button", { type: "button", className: "job", textContent: job.id });
    button.addEventListener("click", () => toggleJob(job.id));
    const state = make("span");
    const cells = [cell(), cell(), make("td", {}, state)];
    const numbers = [cell("number"), cell("number")];
    const row = make("tr", {}, make("th", { scope: "row" }, button), ...cells, ...numbers);
    row.append(cell(), cell("number"), cell("number"));
    return row;
  }
  const data = make("td", { colSpan: 9 });
  if (kind === "error") data.append(make("span", { className: "reason" }));
  return make("tr", { className: kind === "error" ? "under" : "details" }, data);
}

function updateJobRow(row, { kind, job }) {
  if (kind === "error") {
    setText(row.querySelector(".reason"), job.error);
    return;
  }
  if (kind === "details") {
    updateDetails(row.firstElementChild, job);
    return;
  }
  const [, object, operation, state, processed, failed, created, took, rate] = row.cells;
  const opened = String(page.opened.has(job.id));
  const button = row.querySelector("button");
  if (button.getAttribute("aria-expanded") !== opened) button.setAttribute("aria-expanded", opened);
  setText(object, job.object);
  setText(operation, job.operation);
  const badge = state.firstElementChild;
  badge.className = `state ${job.state}`;
  setText(badge, job.state);
  setText(processed, whole.format(job.processed));
  setText(failed, job.failed ? whole.format(job.failed) : "0");
  failed.className = job.failed ? "number failed" : "number nothing";
  setText(created, time.format(new Date(job.created)));
  created.title = job.created;
  const done = job.final && job.milliseconds > 0 && job.processed > 0;
  setText(took, job.final ? length(job.milliseconds) : "");
  setText(rate, done ? whole.format(Math.round((job.processed / job.milliseconds) * 1000)) : "");
}

function updateDetails(data, job) {
  const details = page.opened.get(job.id);
  const facts = [
    ["Kind", job.kind],
    ["External id", job.key],
    ["Query", job.query],
    ["Uploaded", job.kind === "ingest" ? size(job.uploaded) : null],
    ["Format", job.format],
    ["API", `v${job.version}`],
    ["Created", moment.format(new Date(job.created))],
    ["Closed", job.closed ? moment.format(new Date(job.closed)) : null],
  ].filter(([, value]) => value !== null && value !== undefined);
  const seen = JSON.stringify([facts, details]);
  if (data.dataset.seen === seen) return;
  data.dataset.seen = seen;
  const list = make("dl");
  for (const [name, value] of facts) {
    list.append(
      make("div", {}, make("dt", { textContent: name }), make("dd", { textContent: value })),
    );
  }
  data.replaceChildren(list);
  const failures = details?.failures;
  if (!failures) return;
  const title = failures.more ? `The first ${failures.rows.length} failed rows` : "Failed rows";
  const head = make("tr");
  for (const name of ["Error", "Id", "Row"]) {
    head.append(make("th", { scope: "col", textContent: name }));
  }
  const body = make("tbody");
  for (const [id, error, row] of failures.rows) {
    body.append(make("tr", {}, cell("failed", error), cell("mono", id), cell("", row)));
  }
  data.append(
    make("h3", { textContent: title }),
    make("table", {}, make("thead", {}, head), body),
  );
}

async function toggleJob(id) {
  if (page.opened.has(id)) {
    page.opened.delete(id);
  } else {
    page.opened.set(id, null);
  }
  await showOverview(page.overview);
}

async function refreshDetails(jobs) {
  const wanted = jobs.filter((job) => page.opened.has(job.id) && !page.opened.get(job.id)?.final);
  for (const job of wanted) {
    const details = await fetchJson(`/_sandbox/view/jobs/${job.id}`);
    if (page.opened.has(job.id)) page.opened.set(job.id, details);
  }
}

function tellNews(jobs) {
  const news = jobs
    .filter((job) => job.final && page.states.has(job.id) && page.states.get(job.id) !== job.state)
    .map((job) => {
      const failed = job.failed ? `, ${whole.format(job.failed)} failed` : "";
      return `${job.operation} ${job.object}: ${job.state}, ${whole.format(job.processed)} rows${failed}`;
    });
  page.states = new Map(jobs.map((job) => [job.id, job.state]));
  if (news.length > 3) setText(byId("news"), `${news.length} jobs ended`);
  else if (news.length) setText(byId("news"), news.join(". "));
}

async function showOverview(overview) {
  page.overview = overview;
  const { jobs } = overview;
  await refreshDetails(jobs);
  setText(byId("version"), `v${overview.version}`);
  setText(byId("processing"), overview.processing);
  setText(byId("now"), moment.format(new Date(overview.now)));
  byId("faults-fact").hidden = overview.faults === 0;
  setText(byId("faults"), whole.format(overview.faults));
  const rows = jobRows(jobs);
  sync(byId("jobs-rows"), rows, (row) => row.kind + row.job.id, createJobRow, updateJobRow);
  byId("jobs-empty").hidden = jobs.length > 0;
  const running = jobs.filter((job) => !job.final && job.state !== "Open").length;
  const busy = running ? `, ${running} in progress` : "";
  setText(byId("jobs-count"), jobs.length ? `${whole.format(jobs.length)}${busy}` : "");
  tellNews(jobs);
  showObjects(overview.objects);
}

// Records.

function showObjects(objects) {
  const select = byId("object");
  for (const [index, { name, records }] of objects.entries()) {
    let option = select.options[index];
    if (option?.value !== name) {
      option = make("option", { value: name });
      select.insertBefore(option, select.options[index] ?? null);
    }
    setText(option, records ? `${name} (${whole.format(records)})` : name);
  }
  while (select.options.length > objects.length) select.lastElementChild.remove();
  if (!page.picked) {
    // Until the user chooses, show the object of the newest job.
    const newest = page.overview.jobs.find((job) => job.processed > job.failed)?.object;
    const name = newest ?? objects.find(({ records }) => records)?.name ?? objects[0]?.name ?? "";
    if (name !== page.object) {
      page.object = name;
      page.after = "";
    }
  }
  if (select.value !== page.object) select.value = page.object;
  const records = objects.find(({ name }) => name === page.object)?.records ?? 0;
  setText(byId("records-count"), records ? whole.format(records) : "");
}

async function showRecords() {
  if (!page.object) return;
  const query = page.after ? `?after=${encodeURIComponent(page.after)}` : "";
  const object = page.object;
  const found = await fetchJson(`/_sandbox/view/records/${object}${query}`);
  if (object !== page.object) return;
  const seen = JSON.stringify(found);
  if (seen === page.seenRecords) return;
  page.seenRecords = seen;
  const head = byId("records-head");
  const names = found.fields.map((name) => make("th", { scope: "col", textContent: name }));
  if (Array.from(head.cells, (one) => one.textContent).join() !== found.fields.join()) {
    head.replaceChildren(...names);
    byId("records-rows").replaceChildren();
  }
  sync(
    byId("records-rows"),
    found.rows,
    (row) => row[0],
    (row) => make("tr", {}, ...row.map((_, index) => cell(index ? "value" : "mono"))),
    (element, row) => {
      for (const [index, value] of row.entries()) {
        const text = value === null ? "" : String(value);
        setText(element.cells[index], text);
        if (text.length > 24) element.cells[index].title = text;
      }
    },
  );
  byId("records-empty").hidden = found.rows.length > 0;
  byId("records-first").disabled = !page.after;
  byId("records-next").disabled = !found.next;
  byId("records-next").dataset.after = found.next ?? "";
}

function turnTo(after) {
  page.after = after;
  return showRecords();
}

// Requests.

async function askRequests() {
  const found = await fetchJson(`/_sandbox/view/requests?after=${page.last}`);
  if (found.total < page.last) {
    // The sandbox has restarted.
    page.requests = [];
    page.last = 0;
    return;
  }
  page.last = found.total;
  page.requests.unshift(...found.entries.reverse());
  page.requests.length = Math.min(page.requests.length, MAX_REQUESTS);
  setText(byId("requests-count"), found.total ? whole.format(found.total) : "");
  if (found.entries.length) showRequests();
}

function createRequestRow(entry) {
  const status = entry.status === null ? "cut" : String(entry.status);
  const bad = entry.status === null || entry.status >= 400;
  // The common prefix of all paths would push their differences out of sight.
  const path = cell("path", entry.path.replace(/^\/services\/data\//, ""));
  path.title = entry.path;
  const client = cell("client", entry.client);
  client.title = entry.client;
  return make(
    "tr",
    {},
    cell("", time.format(new Date(entry.at))),
    cell("mono", entry.method),
    path,
    cell(bad ? "number failed" : "number", status),
    cell("number", entry.milliseconds.toFixed(entry.milliseconds < 10 ? 1 : 0)),
    cell(entry.received ? "number" : "number nothing", size(entry.received)),
    cell(entry.sent ? "number" : "number nothing", size(entry.sent)),
    client,
  );
}

function showRequests() {
  const words = byId("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = page.requests.filter((entry) => {
    const { method, path, status, client, error } = entry;
    const text = `${method} ${path} ${status ?? "cut"} ${client} ${error ?? ""}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const rows = shown.flatMap((entry) => {
    const one = [{ kind: "request", entry }];
    return entry.error ? [...one, { kind: "error", entry }] : one;
  });
  sync(
    byId("requests-rows"),
    rows,
    ({ kind, entry }) => kind + entry.number,
    ({ kind, entry }) => {
      if (kind === "request") return createRequestRow(entry);
      const reason = make("span", { className: "reason", textContent: entry.error });
      return make("tr", { className: "under" }, cell(), make("td", { colSpan: 7 }, reason));
    },
    () => {},
  );
  byId("requests-empty").hidden = shown.length > 0;
}

// Polling, while the page is visible.

function showConnection(kind, text) {
  const element = byId("connection");
  if (element.className !== kind) element.className = kind;
  setText(element, text);
}

async function look() {
  if (page.paused || document.hidden) return;
  try {
    const [overview] = await Promise.all([fetchJson("/_sandbox/view"), askRequests()]);
    await showOverview(overview);
    await showRecords();
    if (!page.paused) showConnection("live", "live");
  } catch ({ cause }) {
    // Another sandbox may have started on the same port, with another token.
    showConnection("lost", cause === 401 ? "open the new link" : "no response; retrying");
  }
}

async function lookForEver() {
  for (;;) {
    await look();
    await new Promise((wake) => setTimeout(wake, PAUSE));
  }
}

byId("pause").addEventListener("click", ({ currentTarget }) => {
  page.paused = !page.paused;
  currentTarget.setAttribute("aria-pressed", String(page.paused));
  if (page.paused) showConnection("", "paused");
  else look();
});
byId("object").addEventListener("change", ({ currentTarget }) => {
  page.picked = true;
  page.object = currentTarget.value;
  page.after = "";
  page.seenRecords = undefined;
  showObjects(page.overview.objects);
  showRecords();
});
byId("records-first").addEventListener("click", () => turnTo(""));
byId("records-next").addEventListener("click", ({ currentTarget }) =>
  turnTo(currentTarget.dataset.after),
);
byId("filter").addEventListener("input", showRequests);
document.addEventListener("visibilitychange", look);
setText(byId("instance"), window.location.origin);
showRequests();
lookForEver();
