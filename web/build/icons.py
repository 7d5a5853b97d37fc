"""Draws the PNG icons in `public/icons/` from `public/favicon.svg`.

Run it when the mark changes, with the `test` extra and Chromium, and commit its work: `python web/build/icons.py`.
"""

import os
import re
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

PUBLIC = Path(__file__).parent.parent / "public"
GROUND, MARK = "#1c6a57", "#fff"

# All but a circle of four fifths the width may be cut from a maskable icon; unscaled, the mark reaches out of it.
MASKABLE_SCALE = 0.84
# What stands without a ground has no need of a margin.
BADGE_SCALE = 1.3


def icon(mark: str, *, radius: int | None, scale: float = 1.0) -> str:
    """Draw the mark.

    :param mark: the mark's SVG path.
    :param radius: how round the ground's corners are, in 64ths; None for no ground at all.
    :param scale: the size of the mark on its ground.
    """
    ground = f'<rect width="64" height="64" rx="{radius}" fill="{GROUND}"/>' if radius is not None else ""
    move = f"translate(32 32) scale({scale}) translate(-32 -32)"
    path = f'<path transform="{move}" fill="{MARK}" fill-rule="evenodd" d="{mark}"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">{ground}{path}</svg>'


def main() -> None:
    """Write every icon that the manifest and index.html name."""
    [mark] = re.findall(r' d="([^"]+)"', (PUBLIC / "favicon.svg").read_text())
    icons = {
        "icon-192.png": (192, icon(mark, radius=15)),
        "icon-512.png": (512, icon(mark, radius=15)),
        "maskable-192.png": (192, icon(mark, radius=0, scale=MASKABLE_SCALE)),
        "maskable-512.png": (512, icon(mark, radius=0, scale=MASKABLE_SCALE)),
        "apple-touch-icon.png": (180, icon(mark, radius=0)),
        "badge-96.png": (96, icon(mark, radius=None, scale=BADGE_SCALE)),
    }
    (PUBLIC / "icons").mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        executable = os.environ.get("CHROMIUM") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
        for name, (size, svg) in icons.items():
            page = browser.new_page(viewport={"width": size, "height": size})
            page.set_content(f"<style>body {{ margin: 0 }} svg {{ display: block }}</style>{svg}")
            page.screenshot(path=PUBLIC / "icons" / name, omit_background=True)
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
