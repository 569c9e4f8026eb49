"""Pages in a real browser engine without a screen: Qt WebEngine, which is Chromium.

``python -m tests.helpers.browser < VISITS.json`` makes one visit after the other and prints what it found, as
JSON. It is a process of its own, so an engine that crashes takes no test with it.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

__all__ = ["HERE", "MISSING", "Found", "Visit", "visited"]

HERE = find_spec("PySide6") is not None and find_spec("PySide6.QtWebEngineCore") is not None
MISSING = "needs a browser engine: pip install 'engram-rram[browser]'"
FLAGS = "--use-angle=swiftshader --enable-unsafe-swiftshader --use-gl=angle"
"""WebGL in software."""
ANSWER = "answer of the script: "
LONGEST_SECONDS = 120
PAINT_MS = 5_000
KEPT: list[Any] = []
"""Qt's objects live as long as the process."""


@dataclass(frozen=True)
class Visit:
    """A page in a window of `width` by `height` pixels, and a script to run in it, which may await.

    With `picture` the window is made as tall as the page, and drawn into that PNG file after the script.
    """

    page: str
    width: int
    script: str
    height: int = 844
    picture: str | None = None


@dataclass
class Found:
    """What a visit found.

    Attributes
    ----------
    console
        Errors and warnings, uncaught ones too.
    requests
        Addresses besides the page's own and those of data within it; none of them is let through.
    value
        What the script returned; None if it did not come to its end.
    """

    console: list[str]
    requests: list[str]
    value: Any = None


def visited(visits: Sequence[Visit]) -> list[Found]:
    """Make visits, in one browser."""
    environment = os.environ | {
        "QT_QPA_PLATFORM": "offscreen",
        "QTWEBENGINE_CHROMIUM_FLAGS": FLAGS,
        "QTWEBENGINE_DISABLE_SANDBOX": "1",  # which root may not use
    }
    ran = subprocess.run(
        [sys.executable, "-m", "tests.helpers.browser"],
        input=json.dumps([asdict(visit) for visit in visits]),
        capture_output=True,
        text=True,
        env=environment,
        cwd=Path(__file__).parents[2],
        timeout=LONGEST_SECONDS * (1 + len(visits)),
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    return [Found(**found) for found in json.loads(ran.stdout.splitlines()[-1])]


def _all(visits: list[Visit]) -> list[Found]:
    from PySide6.QtCore import QEventLoop, QTimer, QUrl
    from PySide6.QtWebEngineCore import (
        QWebEnginePage,
        QWebEngineProfile,
        QWebEngineSettings,
        QWebEngineUrlRequestInterceptor,
    )
    from PySide6.QtWebEngineWidgets import QWebEngineView
    from PySide6.QtWidgets import QApplication

    KEPT.append(QApplication([]))

    def make(visit: Visit) -> Found:
        found, address = Found([], []), QUrl.fromLocalFile(visit.page)

        class Watched(QWebEngineUrlRequestInterceptor):
            def interceptRequest(self, info):
                asked = info.requestUrl()
                if asked != address and asked.scheme() not in {"data", "blob"}:
                    found.requests.append(asked.toString())
                    info.block(True)

        class Page(QWebEnginePage):
            def javaScriptConsoleMessage(self, level, message, line, source):
                if message.startswith(ANSWER):
                    found.value = json.loads(message.removeprefix(ANSWER))
                    QTimer.singleShot(0, draw)
                elif level != QWebEnginePage.JavaScriptConsoleMessageLevel.InfoMessageLevel:
                    found.console.append(message)

        def draw():
            if visit.picture is None:
                loop.quit()
                return
            inner.runJavaScript(
                "document.documentElement.scrollHeight", lambda tall: view.resize(visit.width, tall)
            )
            QTimer.singleShot(PAINT_MS, lambda: (view.grab().save(visit.picture), loop.quit()))

        loop = QEventLoop()
        profile, watched, view = QWebEngineProfile(), Watched(), QWebEngineView()
        profile.setUrlRequestInterceptor(watched)
        inner = Page(profile)
        inner.settings().setAttribute(QWebEngineSettings.WebAttribute.LocalContentCanAccessRemoteUrls, True)
        KEPT.extend([profile, watched, view, inner])
        view.setPage(inner)
        view.resize(visit.width, visit.height)
        view.show()
        answer = f"(value) => console.log({ANSWER!r} + JSON.stringify(value))"
        inner.loadFinished.connect(
            lambda _: inner.runJavaScript(f"(async () => {{{visit.script}}})().then({answer})")
        )
        limit = QTimer()
        limit.setSingleShot(True)
        limit.timeout.connect(loop.quit)
        limit.start(LONGEST_SECONDS * 1000)
        inner.load(address)
        loop.exec()
        limit.stop()
        view.close()
        return found

    return [make(visit) for visit in visits]


if __name__ == "__main__":
    everything = _all([Visit(**visit) for visit in json.load(sys.stdin)])
    print(json.dumps([asdict(found) for found in everything]), flush=True)
    os._exit(0)  # without the engine's own farewell, which may crash
