"""Whether somebody looks at a page. Playwright has every page visible and focused, so the page is told otherwise."""

from tests.web.browser import Device

EYES = """
    let visibility = 'visible', focused = true
    Object.defineProperty(document, 'visibilityState', { get: () => visibility })
    Object.defineProperty(document, 'hidden', { get: () => visibility === 'hidden' })
    document.hasFocus = () => focused
    globalThis.lookAt = (isVisible, hasFocus) => {
        const [before, had] = [visibility, focused]
        visibility = isVisible ? 'visible' : 'hidden'
        focused = hasFocus
        if (had && !hasFocus) window.dispatchEvent(new Event('blur'))
        if (before !== visibility) document.dispatchEvent(new Event('visibilitychange'))
        if (!had && hasFocus) window.dispatchEvent(new Event('focus'))
    }
"""


class Attention:
    """What somebody does with the window of a page."""

    def __init__(self, device: Device) -> None:
        self._device = device

    async def begin(self) -> None:
        """Take hold of a device that has opened no page yet."""
        await self._device.context.add_init_script(EYES)

    async def hide(self) -> None:
        """Turn to another tab."""
        await self._device.page.evaluate("lookAt(false, false)")

    async def leave(self) -> None:
        """Turn to another window, beside which this one stays visible."""
        await self._device.page.evaluate("lookAt(true, false)")

    async def come_back(self) -> None:
        """Turn to the page again."""
        await self._device.page.evaluate("lookAt(true, true)")
