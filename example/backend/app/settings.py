"""Settings come from the environment; secrets from files where SECRETS_DIR names a folder."""

import os
from functools import lru_cache

from psycopg.conninfo import make_conninfo
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Each field is the environment variable of the same name, in upper case."""

    model_config = SettingsConfigDict(extra="ignore")

    database_host: str = "localhost"
    database_port: int = 5432
    database_name: str = "ai_creatives"
    database_user: str = "ai_creatives"
    # Reads go there where it is set; writes never do.
    database_replica_host: str = ""
    # For each worker: 10 pods x 4 workers x 2 stay below the 100 connections of Postgres.
    database_pool_size: int = 2
    postgres_password: SecretStr = SecretStr("")
    secret_key: SecretStr = SecretStr("")
    redis_url: str = ""
    cache_seconds: int = 5
    cors_origins: str = ""
    yookassa_shop_id: str = ""
    yookassa_secret_key: SecretStr = SecretStr("")
    yookassa_url: str = "https://api.yookassa.ru/v3"
    public_url: str = "http://localhost:3000"
    log_level: str = "info"

    def conninfo(self, host: str) -> str:
        """libpq's connection string for one of the hosts."""
        return make_conninfo(
            host=host,
            port=self.database_port,
            dbname=self.database_name,
            user=self.database_user,
            password=self.postgres_password.get_secret_value(),
            connect_timeout=5,
            application_name="backend",
        )

    def origins(self) -> list[str]:
        """The origins that may call the API from another host."""
        return [origin.strip() for origin in self.cors_origins.split(",") if origin.strip()]


@lru_cache
def settings() -> Settings:
    """Read once for each process."""
    folder = os.environ.get("SECRETS_DIR")
    return Settings(_secrets_dir=folder) if folder else Settings()
