"""Takes the pictures in docs/images: real records of a small student package, as pages.

Run: python tools/page_pictures.py [--keep FOLDER]   (needs Chromium and the extra `browser`;
two minutes on a machine that does nothing else)

The package is one of those that the tests build. Its matmul is first the double loop of the
classroom, then a loop over rows; each is measured by `benchmark baseline`. The finished package is
measured by `benchmark capstone`. The type is that of Debian's fonts-inter and fonts-texgyre, where
they are installed. With --keep the project stays in FOLDER, and one that is there is
not measured again.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
LOOPS = "SLOW = True"
ROWS = """
def multiply(a, b):
    if a.ndim != 2 or b.ndim != 2:
        return np.matmul(a, b)
    return np.stack([row @ b for row in a]).astype(np.float32)
"""
DESKTOP, PHONE = (1280, 1640), (390, 2200)
COLOURS = 128


def measure(root: Path) -> None:
    """Measure records of the package in three states."""
    sys.path.insert(0, str(ROOT / "tests"))
    from packages.build import build_package

    tito(root, "calibrate")
    for state in (LOOPS, LOOPS, ROWS):
        tensor = build_package(root, "E5") / "core" / "tensor.py"
        with tensor.open("a", encoding="utf-8") as file:
            file.write(f"\n\n{state}\n")
        tito(root, "baseline", "--skip-submit")
    build_package(root, "E5")
    tito(root, "capstone", "--skip-submit")


def tito(root: Path, *words: str) -> None:
    """Run `tito-bench benchmark` in the project."""
    command = [sys.executable, "-m", "tito_bench", "benchmark", *words]
    subprocess.run(command, cwd=root, check=True)  # noqa: S603 - our own command


def take(browser: Browser, page: Path, name: str, size: tuple[int, int], dark: bool) -> None:
    """Take a picture of the top of the page, of this size."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if dark else "light",
        device_scale_factor=1.5 if size == PHONE else 1,
    )
    opened = context.new_page()
    opened.goto(page.as_uri())
    target = IMAGES / f"{name}.png"
    opened.screenshot(path=target)
    context.close()
    with Image.open(target) as picture:
        small = picture.convert("RGB").quantize(
            COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
        )
    small.save(target, optimize=True)
    print(f"{target.relative_to(ROOT)}: {target.stat().st_size / 1000:.0f} kB")


def main() -> None:
    """Measure, draw, look."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--keep", type=Path, metavar="FOLDER")
    kept = parser.parse_args().keep
    with tempfile.TemporaryDirectory() as temporary:
        root = (kept or Path(temporary)).absolute()
        if not (root / ".tito").exists():
            root.mkdir(exist_ok=True)
            measure(root)
        pages = {kind: root / f"{kind}.html" for kind in ("baseline", "capstone")}
        for kind, page in pages.items():
            tito(root, "report", "--type", kind, "--html", str(page), "--force")
        IMAGES.mkdir(exist_ok=True)
        card = str(IMAGES / "report-card.svg")
        tito(root, "report", "--type", "capstone", "--card", card, "--force")
        with sync_playwright() as playwright:
            found = shutil.which("chromium") or shutil.which("chromium-browser")
            browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
            take(browser, pages["baseline"], "report-desktop", DESKTOP, dark=False)
            take(browser, pages["baseline"], "report-phone", PHONE, dark=False)
            take(browser, pages["capstone"], "report-dark", DESKTOP, dark=True)
            browser.close()


if __name__ == "__main__":
    main()
