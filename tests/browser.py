"""A page in a real browser engine without a screen: Qt WebEngine, which is Chromium.

``python -m tests.browser PAGE.html WIDTH HEIGHT [PICTURE.png] < SCRIPT.js`` prints as JSON what the page said
on its console, what it asked for besides itself, and the value of the script, which may await. It is a
process of its own, so an engine that crashes takes no test with it.
"""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

__all__ = ["MISSING", "visit"]

MISSING = "needs a browser engine: pip install 'engram-rram[browser]'"
FLAGS = "--use-angle=swiftshader --enable-unsafe-swiftshader --use-gl=angle"
"""WebGL in software."""
LONGEST_SECONDS = 120
PAINT_MS = 5_000


def visit(
    page: Path, width: int, script: str, *, height: int = 844, picture: Path | None = None
) -> dict[str, Any]:
    """Open a page in a window of so many pixels and run a script in it.

    Returns
    -------
    dict
        ``console``: errors and warnings, uncaught ones too. ``requests``: addresses besides the page's own
        and those of data within it. ``value``: what the script returned.
    """
    assert find_spec("PySide6.QtWebEngineCore"), MISSING
    command = [sys.executable, "-m", "tests.browser", str(page), str(width), str(height)]
    command += [str(picture)] if picture else []
    environment = os.environ | {
        "QT_QPA_PLATFORM": "offscreen",
        "QTWEBENGINE_CHROMIUM_FLAGS": FLAGS,
        "QTWEBENGINE_DISABLE_SANDBOX": "1",  # which root may not use
    }
    ran = subprocess.run(
        command, input=script, capture_output=True, text=True, env=environment, timeout=LONGEST_SECONDS
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    return json.loads(ran.stdout.splitlines()[-1])


def _visit(page: Path, width: int, height: int, picture: Path | None, script: str) -> dict[str, Any]:
    from PySide6.QtCore import QTimer, QUrl
    from PySide6.QtWebEngineCore import (
        QWebEnginePage,
        QWebEngineProfile,
        QWebEngineSettings,
        QWebEngineUrlRequestInterceptor,
    )
    from PySide6.QtWebEngineWidgets import QWebEngineView
    from PySide6.QtWidgets import QApplication

    found: dict[str, Any] = {"console": [], "requests": [], "value": None}
    address = QUrl.fromLocalFile(str(page.resolve()))

    class Watched(QWebEngineUrlRequestInterceptor):
        def interceptRequest(self, info):
            asked = info.requestUrl()
            if asked != address and asked.scheme() not in {"data", "blob"}:
                found["requests"].append(asked.toString())
                info.block(True)

    class Page(QWebEnginePage):
        def javaScriptConsoleMessage(self, level, message, line, source):
            if message.startswith(ANSWER):
                found["value"] = json.loads(message.removeprefix(ANSWER))
                QTimer.singleShot(0, close)
            elif level != QWebEnginePage.JavaScriptConsoleMessageLevel.InfoMessageLevel:
                found["console"].append(message)

    def close():
        if picture is None:
            application.quit()
            return
        tall = found["value"].get("height", height) if isinstance(found["value"], dict) else height
        view.resize(width, tall)
        QTimer.singleShot(PAINT_MS, lambda: (view.grab().save(str(picture)), application.quit()))

    application = QApplication([])
    profile, watched = QWebEngineProfile(), Watched()
    profile.setUrlRequestInterceptor(watched)
    view, inner = QWebEngineView(), Page(profile)
    inner.settings().setAttribute(QWebEngineSettings.WebAttribute.LocalContentCanAccessRemoteUrls, True)
    view.setPage(inner)
    view.resize(width, height)
    view.show()
    wrapped = f"(async () => {{{script}}})().then((value) => console.log({ANSWER!r} + JSON.stringify(value)))"
    view.loadFinished.connect(lambda _: inner.runJavaScript(wrapped))
    view.load(address)
    QTimer.singleShot(LONGEST_SECONDS * 900, application.quit)
    application.exec()
    view.setPage(None)
    inner.deleteLater()
    return found


ANSWER = "answer of the script: "

if __name__ == "__main__":
    target, wide, high, *drawn = sys.argv[1:]
    got = _visit(Path(target), int(wide), int(high), Path(drawn[0]) if drawn else None, sys.stdin.read())
    print(json.dumps(got), flush=True)
    os._exit(0)  # without the engine's own farewell, which may crash
