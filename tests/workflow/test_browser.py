"""The report of a finished study, and Snakemake's own, tried in headless Chromium."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.workflow.project import Project

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
needs_browser = pytest.mark.skipif(
    not (BROWSER and DRIVER), reason="no Chromium here; install chromium and chromium-driver"
)
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--window-size=1280,900",
)


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Any]:
    """A Chromium that keeps what pages say and ask for."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = str(BROWSER)
    for flag in (*FLAGS, f"--user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    driver.get("about:blank")
    faults(driver)  # of the browser's own first page
    yield driver
    driver.quit()


def faults(browser: Any) -> list[str]:
    """What went wrong since the last time: console errors, and requests of a network."""
    told = [line["message"] for line in browser.get_log("browser") if line["level"] == "SEVERE"]
    for line in browser.get_log("performance"):
        message = json.loads(line["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            url = message["params"]["request"]["url"]
            told += [] if url.startswith(("file:", "data:", "blob:", "chrome:")) else [url]
    return told


def find(browser: Any, selector: str) -> list[Any]:
    return list(browser.find_elements("css selector", selector))


@needs_browser
def test_the_report_is_used(tiny: Project, browser: Any) -> None:
    page = tiny.folder / "results/report.html"
    browser.get(page.as_uri())
    assert browser.title == "Twinlang: report of a run" and not faults(browser)

    button = browser.find_element("id", "theme")
    colours = set()
    for theme in ("light", "dark", "auto"):
        button.click()
        assert button.text == f"Theme: {theme}"
        colours.add(browser.find_element("tag name", "body").value_of_css_property("color"))
    assert len(colours) == 2

    for link in find(browser, "nav a"):
        link.click()
        assert browser.find_element("css selector", link.get_attribute("hash")).is_displayed()

    (*_, choice) = find(browser, "#claims-section [data-verdict]")
    browser.execute_script("arguments[0].click()", choice)
    shown = [row for row in find(browser, "#claims-section tbody tr") if row.is_displayed()]
    assert shown and all(choice.get_attribute("data-verdict") in row.text for row in shown)

    zoom = find(browser, ".tools button")[0]
    browser.execute_script("arguments[0].scrollIntoView()", zoom)
    browser.execute_script("arguments[0].click()", zoom)
    view = browser.find_element("css selector", "dialog svg").get_dom_attribute("viewBox")
    browser.find_element("css selector", "dialog [data-zoom=in]").click()
    zoomed = browser.find_element("css selector", "dialog svg").get_dom_attribute("viewBox")
    assert view and zoomed != view
    browser.execute_script("document.querySelector('dialog').close()")

    mark = find(browser, "svg .mark")[0]
    browser.execute_script(
        "arguments[0].focus(); arguments[0].dispatchEvent(new Event('focus'))", mark
    )
    tip = browser.find_element("id", "tip")
    assert tip.is_displayed() and tip.text == mark.get_attribute("aria-label")

    link = next(a for a in find(browser, "a[download]") if "table3" in a.get_attribute("download"))
    kind, data = link.get_attribute("href").split(",", 1)
    text = base64.b64decode(data) if kind.endswith("base64") else data.encode()
    rows = list(csv.DictReader(io.StringIO(text.decode())))
    assert rows and {"task", "twin", "delta_bz_bs"} <= rows[0].keys()
    assert not faults(browser)


@needs_browser
def test_the_report_fits_a_phone(tiny: Project, browser: Any) -> None:
    size = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get((tiny.folder / "results/report.html").as_uri())
    width = browser.execute_script("return document.documentElement.scrollWidth")
    assert width <= 390 and not faults(browser)


def test_the_report_needs_nothing_else(tiny: Project) -> None:
    """No address but those within it; headings in order; what was not run says what makes it."""
    page = (tiny.folder / "results/report.html").read_text(encoding="utf-8")
    outside = re.findall(r"""(?:src|href)=["'](?!#|data:)[^"']*""", page)
    assert not outside and "@import" not in page
    levels = [int(level) for level in re.findall(r"<h(\d)", page)]
    assert levels[0] == 1 and all(b - a <= 1 for a, b in zip(levels, levels[1:], strict=False))
    assert "Not run." in page and "snakemake results/table6.csv" in page
    assert str(tiny.folder) not in page


@needs_browser
def test_snakemake_s_own_report(tiny: Project, browser: Any, tmp_path: Path) -> None:
    project = tiny.clone(tmp_path / "project")
    done = project.snakemake("--report", "report.zip")
    assert done.returncode == 0, done.stdout
    zipfile.ZipFile(project.folder / "report.zip").extractall(tmp_path / "out")
    page = min((tmp_path / "out").rglob("report.html"), key=lambda path: len(path.parts))
    browser.get(page.as_uri())
    browser.implicitly_wait(10)
    shown = browser.find_element("tag name", "body").text
    for category in ("Tables", "Figures", "The paper"):
        assert category in shown
    assert not faults(browser)
