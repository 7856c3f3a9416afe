"""Guest sessions: signed tokens (JWT, HS256 by SECRET_KEY) that writing needs."""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import uuid4

import jwt
from fastapi import Depends, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from .settings import Settings, settings

LIFETIME = timedelta(hours=12)
_bearer = HTTPBearer(auto_error=False)


def issue(config: Settings) -> str:
    """A token for a guest; refused where there is no key, since anybody could sign with an empty one."""
    now = datetime.now(UTC)
    claims = {"sub": str(uuid4()), "iat": now, "exp": now + LIFETIME}
    return jwt.encode(claims, _key(config), algorithm="HS256")


def guest(
    config: Annotated[Settings, Depends(settings)],
    sent: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> str:
    """The guest's id; 401 without a good token."""
    try:
        claims = jwt.decode(sent.credentials if sent else "", _key(config), algorithms=["HS256"])
    except jwt.InvalidTokenError as error:
        raise HTTPException(401, "no valid session", {"WWW-Authenticate": "Bearer"}) from error
    return claims["sub"]


def _key(config: Settings) -> str:
    key = config.secret_key.get_secret_value()
    if not key:
        raise HTTPException(503, "SECRET_KEY is not set")
    return key
