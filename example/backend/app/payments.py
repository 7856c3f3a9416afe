"""Payments by ЮKassa: https://yookassa.ru/developers/api#create_payment."""

from uuid import uuid4

import httpx
from fastapi import HTTPException

from .settings import Settings

PRICE = {"value": "490.00", "currency": "RUB"}


async def create(client: httpx.AsyncClient, config: Settings, creative: int) -> str:
    """Where the customer pays. 503 without credentials, 502 where ЮKassa does not answer well."""
    secret = config.yookassa_secret_key.get_secret_value()
    if not (config.yookassa_shop_id and secret):
        raise HTTPException(503, "payments are not set up")
    try:
        answer = await client.post(
            f"{config.yookassa_url}/payments",
            auth=(config.yookassa_shop_id, secret),
            headers={"Idempotence-Key": str(uuid4())},
            json={
                "amount": PRICE,
                "capture": True,
                "description": f"Creative {creative}",
                "confirmation": {"type": "redirect", "return_url": config.public_url},
            },
        )
        answer.raise_for_status()
        return answer.json()["confirmation"]["confirmation_url"]
    except (httpx.HTTPError, KeyError, ValueError) as error:
        raise HTTPException(502, "ЮKassa does not answer") from error
