"""An OpenID Connect provider on this machine: discovery, a code with PKCE, an ID token signed with RS256."""

import base64
import hashlib
import threading
import time
from collections.abc import Mapping
from secrets import token_urlsafe
from typing import Any
from urllib.parse import urlencode

import uvicorn
from joserfc import jwk, jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT, SECRET = "vae-studio", token_urlsafe()


class Provider:
    """Takes everybody for the person in `person`, and asks no password.

    Attributes:
        person: The claims about whoever signs in next.
    """

    def __init__(self) -> None:
        self.person: Mapping[str, object] = {}
        self._key = jwk.RSAKey.generate_key(2048, {"kid": "one"})
        self._codes: dict[str, tuple[Mapping[str, object], Mapping[str, str]]] = {}
        routes = [
            Route("/.well-known/openid-configuration", self._discovery),
            Route("/authorize", self._authorize),
            Route("/token", self._token, methods=["POST"]),
            Route("/keys", self._keys),
        ]
        self._server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), port=0, log_level="critical"))
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive()
            time.sleep(0.01)
        self.address = f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join()

    def secrets(self, cookie_secret: str) -> str:
        """The app's secrets.toml."""
        return (
            '[auth]\nredirect_uri = "http://127.0.0.1:{port}/oauth2callback"\n'
            f'cookie_secret = "{cookie_secret}"\nclient_id = "{CLIENT}"\nclient_secret = "{SECRET}"\n'
            f'server_metadata_url = "{self.address}/.well-known/openid-configuration"\n'
        )

    async def _discovery(self, _: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.address,
                "authorization_endpoint": f"{self.address}/authorize",
                "token_endpoint": f"{self.address}/token",
                "jwks_uri": f"{self.address}/keys",
                "id_token_signing_alg_values_supported": ["RS256"],
                "code_challenge_methods_supported": ["S256"],
            }
        )

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert (asked["client_id"], asked["response_type"]) == (CLIENT, "code")
        code = token_urlsafe()
        self._codes[code] = (self.person, asked)
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}", 302)

    async def _token(self, request: Request) -> Response:
        async with request.form() as told:
            person, asked = self._codes.pop(str(told["code"]))
            digest = hashlib.sha256(str(told["code_verifier"]).encode()).digest()
        assert base64.urlsafe_b64encode(digest).decode().rstrip("=") == asked["code_challenge"]
        known = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        assert request.headers["authorization"] == f"Basic {known}"
        now = int(time.time())
        claims: dict[str, Any] = {"iss": self.address, "aud": CLIENT, "iat": now, "exp": now + 300, **person}
        token = jwt.encode({"alg": "RS256", "kid": "one"}, claims | {"nonce": asked["nonce"]}, self._key)
        return JSONResponse({"access_token": "none", "token_type": "Bearer", "expires_in": 300, "id_token": token})

    async def _keys(self, _: Request) -> Response:
        return JSONResponse({"keys": [self._key.as_dict(private=False)]})
