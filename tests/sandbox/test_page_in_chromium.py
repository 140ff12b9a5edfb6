"""The page in a real browser: live, by keyboard, in both colour schemes, with hostile records."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from bulkflow_sandbox.testing import local_org
from support.foreign import skip

webdriver = pytest.importorskip("selenium.webdriver")

from selenium.webdriver.chrome.service import Service  # noqa: E402 - its absence skips this module
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.ui import Select, WebDriverWait  # noqa: E402

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1400,900",
)
HOSTILE = '<img src=x onerror="document.title = 1">'


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    program = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if program is None or driver is None:
        skip("chromium or its driver is not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for argument in (*ARGUMENTS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with webdriver.Chrome(options=options, service=Service(driver)) as running:
        yield running


@pytest.fixture
def page(browser, start) -> Page:
    client = start()
    browser.set_window_size(1400, 900)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    browser.get(client.server.page + "&every=50")
    page = Page(browser, client)
    page.until(lambda: page.text("#connection") == "live")
    yield page
    told = browser.get_log("browser")
    # The server ends next, and an open page would complain.
    browser.get("about:blank")
    assert told == []


class Page:
    def __init__(self, browser: Chrome, client) -> None:
        self.browser = browser
        self.client = client

    def until(self, holds) -> None:
        WebDriverWait(self.browser, 20, poll_frequency=0.05).until(lambda _: holds())

    def find(self, selector: str):
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        return self.run("return document.querySelector(arguments[0])?.textContent", selector)

    def rows(self, name: str) -> list[list[str]]:
        """The texts of the cells of a table."""
        return self.run(
            "return Array.from(document.getElementById(arguments[0]).rows,"
            " (row) => Array.from(row.cells, (cell) => cell.textContent))",
            f"{name}-rows",
        )

    def states(self) -> list[str]:
        """The states of the jobs that are shown, the newest first."""
        return [row[3] for row in self.rows("jobs") if len(row) > 3]

    def run(self, script: str, *arguments: object):
        return self.browser.execute_script(script, *arguments)

    def load(self, data: str, **properties: str) -> dict:
        return self.client.load(data, **properties)

    @property
    def focus(self):
        return self.browser.switch_to.active_element


def test_jobs_records_and_requests_show_up_while_the_page_is_open(page):
    assert page.text("#instance") == page.client.server.url
    assert page.find("#jobs-empty").is_displayed()
    job = page.load("Name\nAcme\nAjax\n", object="Account", operation="insert")
    page.until(lambda: page.states() == ["JobComplete"])
    ((job_id, object_name, operation, _, processed, failed, *_),) = page.rows("jobs")
    assert (job_id, object_name, operation) == (job["id"], "Account", "insert")
    assert (processed, failed) == ("2", "0")
    page.until(lambda: len(page.rows("records")) == 2)
    assert page.text("#records-head").startswith("IdName")
    assert [row[1] for row in page.rows("records")] == ["Acme", "Ajax"]
    page.until(lambda: len(page.rows("requests")) == 4)
    newest = page.rows("requests")[0]
    assert newest[1:4] == ["GET", f"v66.0/jobs/ingest/{job['id']}", "200"]
    assert not page.find("#jobs-empty").is_displayed()


def test_what_went_wrong_is_said_where_it_happened(page):
    page.load("Nmae\nA\n", object="Account", operation="insert")
    page.client.send("GET", "/services/data/v66.0/jobs/ingest/750")
    page.until(lambda: len(page.rows("jobs")) == 2)
    assert page.rows("jobs")[1] == ["InvalidBatch : Field name not found : Nmae"]
    page.until(lambda: len(page.rows("requests")) == 6)
    assert page.rows("requests")[0][3] == "404"
    assert page.rows("requests")[1][1] == "NOT_FOUND: The requested resource does not exist"


def test_a_jobs_failed_rows_are_opened_and_closed_with_the_keyboard_alone(page):
    page.load("LastName,Email\nA,\n,b@example.org\n", object="Contact", operation="insert")
    page.until(lambda: page.states() == ["JobComplete"])
    # The skip link, the pause button, the table, then the job.
    page.find("body").send_keys(Keys.TAB)
    assert page.focus.text == "Skip to the jobs"
    page.focus.send_keys(Keys.ENTER, Keys.TAB)
    assert page.focus.get_attribute("role") == "region"
    page.focus.send_keys(Keys.TAB)
    assert page.focus.get_attribute("aria-expanded") == "false"
    page.focus.send_keys(Keys.ENTER)
    page.until(lambda: "Failed rows" in page.text("#jobs-rows"))
    assert "REQUIRED_FIELD_MISSING:" in page.text("tr.details")
    assert ", b@example.org" in page.text("tr.details")
    assert page.focus.get_attribute("aria-expanded") == "true"
    page.focus.send_keys(Keys.SPACE)
    page.until(lambda: len(page.rows("jobs")) == 1)
    assert page.focus.get_attribute("class") == "job"


def test_news_are_announced_and_focus_stays_where_it_is(page):
    job = page.client.create(object="Account", operation="insert")
    page.until(lambda: page.rows("jobs"))
    page.find("button.job").send_keys(Keys.TAB)
    page.client.put(job, "Name\nA\n\n")
    page.client.patch(job, "UploadComplete")
    page.until(lambda: page.text("#news"))
    assert page.text("#news").startswith("insert Account: JobComplete, ")
    assert page.run("return document.getElementById('news').ariaLive") == "polite"
    assert page.focus.get_attribute("id") == "object"


def test_records_of_another_object_are_chosen_and_turned_over(page):
    page.load("Name\nA\n", object="Account", operation="insert")
    rows = "".join(f"N{number}\n" for number in range(60))
    page.load(f"LastName\n{rows}", object="Contact", operation="insert")
    page.until(lambda: page.text("#records-count") == "60")
    page.find("#records-next").click()
    page.until(lambda: len(page.rows("records")) == 10)
    assert not page.find("#records-next").is_enabled()
    page.find("#records-first").click()
    page.until(lambda: len(page.rows("records")) == 50)
    Select(page.find("#object")).select_by_value("Account")
    page.until(lambda: len(page.rows("records")) == 1)
    # A choice stays, whatever is loaded next.
    page.load("LastName\nZ\n", object="Contact", operation="insert")
    page.until(lambda: len(page.rows("jobs")) == 3)
    assert page.text("#records-count") == "1"


def test_requests_are_filtered_by_words(page):
    page.load("Name\nA\n", object="Account", operation="insert")
    page.until(lambda: len(page.rows("requests")) == 4)
    page.find("#filter").send_keys("put 201")
    page.until(lambda: len(page.rows("requests")) == 1)
    assert page.rows("requests")[0][1] == "PUT"
    page.find("#filter").send_keys(" nothing")
    page.until(lambda: page.find("#requests-empty").is_displayed())


def test_a_pause_stops_the_looking_until_it_is_over(page):
    button = page.find("#pause")
    button.click()
    assert (button.get_attribute("aria-pressed"), page.text("#connection")) == ("true", "paused")
    page.load("Name\nA\n", object="Account", operation="insert")
    assert page.rows("jobs") == []
    button.click()
    page.until(lambda: page.rows("jobs"))
    page.until(lambda: page.text("#connection") == "live")


def test_records_are_text_and_nothing_else(page):
    quoted = HOSTILE.replace('"', '""')
    page.load(f'Name\n"{quoted}"\n', object="Account", operation="insert")
    page.load(f'"{quoted}"\nA\n', object="Account", operation="insert")
    page.load(f'LastName,Email\n,"{quoted}"\n', object="Contact", operation="insert")
    page.client.send("GET", "/services/nothing", headers={"User-Agent": HOSTILE})
    page.until(lambda: page.states() == ["JobComplete", "Failed", "JobComplete"])
    page.find("button.job").click()
    page.until(lambda: "Failed rows" in page.text("#jobs-rows"))
    page.until(lambda: page.text("#requests-rows").count(HOSTILE) == 1)
    page.until(lambda: page.rows("records")[0][1] == HOSTILE)
    assert page.run("return document.images.length") == 0
    assert page.browser.title == "bulkflow sandbox"


def test_a_sandbox_that_ends_is_told_and_its_successor_is_taken_up(browser):
    with local_org(token="sesame") as org:
        port = int(org.instance.rpartition(":")[2])
        browser.get(org.page + "&every=50")
        page = Page(browser, None)
        page.until(lambda: page.text("#connection") == "live")
    page.until(lambda: page.text("#connection") == "no response; retrying")
    with local_org(port=port, token="sesame"):
        page.until(lambda: page.text("#connection") == "live")
    with local_org(port=port):
        page.until(lambda: page.text("#connection") == "open the new link")
    # The browser itself complains about the requests that nobody answered.
    browser.get("about:blank")
    browser.get_log("browser")


def test_all_that_takes_focus_has_a_name_and_a_role(page):
    page.load("LastName\nA\n", object="Contact", operation="insert")
    page.until(lambda: page.states() == ["JobComplete"])
    nodes = page.browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    found = set()
    for node in nodes:
        properties = {one["name"]: one["value"].get("value") for one in node.get("properties", [])}
        if properties.get("focusable") and node["role"]["value"] != "RootWebArea":
            name = node.get("name", {}).get("value", "")
            assert name, node
            found.add(f"{node['role']['value']} {name}")
    assert {
        "link Skip to the jobs",
        "button Pause",
        "combobox Object",
        "searchbox Filter",
        "region Jobs",
        "region Requests",
    } <= found
    roles = {node["role"]["value"] for node in nodes}
    assert {"banner", "main", "heading", "table", "columnheader", "rowheader"} <= roles


CONTRAST = """
const channel = (value) => {
  value /= 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
};
const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
const light = (colour) => {
  const [red, green, blue] = numbers(colour).map(channel);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
const behind = (element) => {
  for (; element; element = element.parentElement) {
    const colour = getComputedStyle(element).backgroundColor;
    if (numbers(colour)[3] !== 0) return colour;
  }
};
return Array.from(document.querySelectorAll("h1, h2, dt, dd, td, th, span, button:enabled, label"))
  .filter((element) => element.checkVisibility() && element.textContent.trim())
  .map((element) => {
    const [one, two] = [getComputedStyle(element).color, behind(element)].map(light);
    const ratio = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
    return [ratio, element.className + " " + element.textContent];
  })
  .sort(([one], [two]) => one - two)[0];
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_stands_out_in_both_colour_schemes(page, scheme):
    feature = {"name": "prefers-color-scheme", "value": scheme}
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    page.load("LastName,Email\nA,\n,b\n", object="Contact", operation="insert")
    page.load("Nmae\nA\n", object="Account", operation="insert")
    page.client.create(object="Account", operation="insert")
    page.client.send("GET", "/services/nothing")
    page.until(lambda: page.states() == ["Open", "Failed", "JobComplete"])
    page.until(lambda: page.text("#records-count") == "1")
    page.until(lambda: "NOT_FOUND" in page.text("#requests-rows"))
    page.run("document.getAnimations().forEach((one) => one.finish())")
    ratio, where = page.run(CONTRAST)
    # The ratio that WCAG 2.2 asks for at level AA.
    assert ratio >= 4.5, where
    lightness = page.run("return getComputedStyle(document.body).backgroundColor")
    assert (lightness == "rgb(20, 24, 28)") == (scheme == "dark")


@pytest.mark.parametrize("width", [1400, 420])
def test_the_page_itself_never_scrolls_sideways(page, width):
    page.browser.set_window_size(width, 900)
    page.load(
        "Name,Description\n" + f"{'A' * 80},{'B' * 900}\n", object="Account", operation="insert"
    )
    page.load(f"{'Nmae' * 40}\nA\n", object="Account", operation="insert")
    page.until(lambda: page.states() == ["Failed", "JobComplete"])
    page.until(lambda: page.text("#records-count") == "1")
    page.until(lambda: len(page.rows("requests")) == 8)
    assert page.run(
        "return document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )
