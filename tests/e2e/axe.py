"""What axe-core has to say about a page: the rules of WCAG 2.2, levels A and AA, and its best practices."""

from functools import cache
from pathlib import Path
from typing import Any

from playwright.async_api import Page

_FILE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
_RUN = """async () => (await axe.run(document, {
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
})).violations.map(({id, help, nodes}) => ({id, help, nodes: nodes.map(
  (node) => node.target.join(" ") + ": " + (node.failureSummary || "").replaceAll("\\n", " ")
)}))"""


@cache
def _source() -> str:
    return _FILE.read_text(encoding="utf-8")


async def violations(page: Page) -> list[str]:
    """Every rule that the page breaks as it stands now, with the places; empty is what a test wants.

    The program is evaluated, not added as a script: so it runs under the page's own policy.
    """
    if not await page.evaluate("() => 'axe' in window"):
        await page.evaluate(_source())
    found: list[dict[str, Any]] = await page.evaluate(_RUN)
    return [f"{one['id']} ({one['help']}): {' | '.join(one['nodes'][:6])}" for one in found]
