"""A page of its own with one question: before there is a visit, Streamlit has nothing to show."""

import html
from collections.abc import Mapping
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse

from pages.ui.language import COOKIE, current, tr

LARGEST = 4096
STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: Canvas; color: CanvasText }
main { width: min(22rem, 100vw - 3rem) }
h1 { font-size: 1.5rem; margin: 0 0 .5rem }
p { margin: 0 0 1.25rem }
.error { color: light-dark(#b3261e, #ffb4ab) }
label { display: block; margin-bottom: .25rem }
input, button, a { font: inherit; box-sizing: border-box; width: 100%; padding: .6rem .75rem; border-radius: .5rem }
input { border: 1px solid light-dark(#8a8f98, #7d828c); margin-bottom: 1rem }
button, a { border: 0; background: light-dark(#3b6fd4, #4674d6); color: #fff; cursor: pointer }
a { display: block; text-align: center; text-decoration: none }
:focus-visible { outline: 2px solid light-dark(#1d4fb4, #9dbcff); outline-offset: 2px }
"""


def page(
    said: str, button: str, action: str, hidden: Mapping[str, str], password: str = "", error: str = ""
) -> HTMLResponse:
    """A form.

    Args:
        said: What it is about.
        button: What its button says.
        action: Where it is sent.
        hidden: What goes with it.
        password: What is asked for, where something is; it comes as `passcode`.
        error: What was wrong with the answer before.
    """
    fields = "".join(
        f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
        for name, value in hidden.items()
    )
    if password:
        fields += (
            f'<label for="passcode">{html.escape(password)}</label>'
            '<input id="passcode" name="passcode" type="password" autocomplete="current-password" required autofocus>'
        )
    trouble = f'<p class="error" role="alert">{html.escape(error)}</p>' if error else ""
    return _document(
        f'<p>{html.escape(said)}</p>{trouble}<form method="post" action="{html.escape(action)}">{fields}'
        f"<button>{html.escape(button)}</button></form>"
    )


def link(said: str, button: str, address: str) -> HTMLResponse:
    """A way on that may lead to another server: browsers hold a form's whole way against our Content-Security-Policy.

    Args:
        said: What it is about.
        button: What its button says.
        address: Where it leads.
    """
    return _document(f'<p>{html.escape(said)}</p><a href="{html.escape(address)}">{html.escape(button)}</a>')


def _document(content: str) -> HTMLResponse:
    shown = (
        f'<!doctype html><html lang="{current().replace("_", "-")}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        f"<title>VAE Studio</title><style>{STYLE}</style></head><body><main><h1>VAE Studio</h1>"
        f"{content}</main></body></html>"
    )
    # without any referrer browsers send no origin with a form, and we would not know it for ours
    return HTMLResponse(shown, headers={"Cache-Control": "no-store", "Referrer-Policy": "same-origin"})


async def answers(request: Request) -> dict[str, str]:
    """What was sent; nothing where that is no form of ours."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST:
            return {}
    return {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}


def spoken(request: Request) -> str | None:
    """The language in which to answer."""
    preferred = request.headers.get("accept-language", "").split(",")[0].split(";")[0]
    return request.cookies.get(COOKIE) or preferred or None


def too_many() -> str:
    """Said to whoever guesses."""
    return tr("These were too many tries. Wait a minute.")
