"""The routes, against a real Postgres."""

import time

import httpx
import psycopg
import pytest

from .conftest import PASSWORD


def until(check, seconds: float = 5):
    end = time.monotonic() + seconds
    while not (found := check()):
        assert time.monotonic() < end, "not in time"
        time.sleep(0.05)
    return found


def test_lives_and_is_ready(client):
    assert client.get("/health").json() == {"status": "ok"}
    assert client.get("/health/ready").status_code == 200


def test_reads_rows_of_the_database(client, sql):
    sql.execute("INSERT INTO creatives (title) VALUES ('Tea')")
    answer = client.get("/api/creatives")
    assert answer.headers["x-served-by"] == "primary"
    assert [row["title"] for row in answer.json()] == ["Tea"]


def test_a_new_creative_is_stored_queued_and_rendered(client, session, sql):
    added = client.post("/api/creatives", json={"title": "Coffee"}, headers=session)
    assert added.status_code == 201
    assert added.json()["status"] == "queued"
    until(lambda: sql.execute("SELECT 1 FROM creatives WHERE status = 'ready'").fetchone())
    assert client.get("/api/creatives").json()[0]["slogan"] == "Coffee: made for you"


def test_what_a_dead_worker_left_is_rendered_by_the_next(sql):
    from fastapi.testclient import TestClient

    from app.main import app

    sql.execute("INSERT INTO creatives (title) VALUES ('left behind')")
    with TestClient(app):
        until(lambda: sql.execute("SELECT 1 FROM creatives WHERE status = 'ready'").fetchone())


def test_writing_needs_a_session(client):
    assert client.post("/api/creatives", json={"title": "x"}).status_code == 401
    forged = {"Authorization": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0."}
    assert client.post("/api/creatives", json={"title": "x"}, headers=forged).status_code == 401


@pytest.mark.parametrize("body", [{}, {"title": ""}, {"title": "x" * 201}])
def test_refuses_bad_creatives(client, session, body):
    assert client.post("/api/creatives", json=body, headers=session).status_code == 422


def test_answers_cors_for_its_origins_alone(client):
    asked = {"Access-Control-Request-Method": "POST"}
    good = client.options("/api/creatives", headers={"Origin": "https://shop.example", **asked})
    assert good.headers["access-control-allow-origin"] == "https://shop.example"
    bad = client.options("/api/creatives", headers={"Origin": "https://evil.example", **asked})
    assert "access-control-allow-origin" not in bad.headers


def test_describes_itself_below_what_the_balancer_sends(client):
    assert client.get("/docs").status_code == 200
    assert "/api/creatives" in client.get("/api/openapi.json").json()["paths"]
    assert client.get("/openapi.json").status_code == 404


def test_counts_what_it_answers(client, sql):
    client.get("/api/creatives")
    client.get("/no/such/path")
    text = client.get("/metrics").text
    assert 'http_requests_total{method="GET",path="/api/creatives",status="200"}' in text
    assert 'http_requests_total{method="GET",path="unmatched",status="404"}' in text
    assert 'http_request_duration_seconds_bucket{le="1.0"' in text
    assert 'database_connections{state="open"}' in text
    assert "render_queue_length 0.0" in text


def test_a_database_that_is_away_is_503_and_counted(client, sql):
    before = _figure(client, "database_errors_total")
    sql.execute("ALTER TABLE creatives RENAME TO hidden")
    try:
        with pytest.raises(psycopg.errors.UndefinedTable):
            client.get("/api/creatives")
    finally:
        sql.execute("ALTER TABLE hidden RENAME TO creatives")
    with psycopg.connect(sql.info.dsn, password=PASSWORD, dbname="postgres", autocommit=True) as other:
        other.execute("ALTER DATABASE ai_creatives ALLOW_CONNECTIONS false")
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'backend'"
        )
        try:
            answer = client.get("/api/creatives")
        finally:
            other.execute("ALTER DATABASE ai_creatives ALLOW_CONNECTIONS true")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    # The missing table, and the connection that could not be had; the queue may have met the first too.
    assert _figure(client, "database_errors_total") >= before + 2
    assert client.get("/health").status_code == 200


def _figure(client, name: str) -> float:
    lines = client.get("/metrics").text.splitlines()
    return float(next(line for line in lines if line.startswith(name)).split()[1])


def test_payment_needs_credentials_and_a_creative(client, session, sql):
    sql.execute("INSERT INTO creatives (title) VALUES ('Tea')")
    id = sql.execute("SELECT id FROM creatives").fetchone()[0]
    assert client.post("/api/creatives/0/payment", headers=session).status_code == 404
    assert client.post(f"/api/creatives/{id}/payment", headers=session).status_code == 503


def test_payment_leads_to_yookassa(client, session, sql):
    from app.main import app
    from app.settings import settings

    sql.execute("INSERT INTO creatives (title) VALUES ('Tea')")
    id = sql.execute("SELECT id FROM creatives").fetchone()[0]
    asked = []

    def yookassa(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"confirmation": {"confirmation_url": "https://pay.example"}})

    paying = settings().model_copy(update={"yookassa_shop_id": "1"})
    paying.yookassa_secret_key = type(paying.secret_key)("live")
    app.dependency_overrides[settings] = lambda: paying
    app.state.http = httpx.AsyncClient(transport=httpx.MockTransport(yookassa))
    try:
        answer = client.post(f"/api/creatives/{id}/payment", headers=session)
    finally:
        app.dependency_overrides.clear()
    assert answer.json() == {"url": "https://pay.example"}
    assert str(asked[0].url) == "https://api.yookassa.ru/v3/payments"
    assert asked[0].headers["authorization"].startswith("Basic ")
    assert asked[0].headers["idempotence-key"]
