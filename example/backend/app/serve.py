"""Starts the workers; the container's one command."""

import os
import shutil

import uvicorn

# Below the pod's grace period of 45 s less its preStop of 10 s.
GRACEFUL_SECONDS = 25
# Above the balancer's own 60 s, so that it never sends into a connection that closes.
KEEP_ALIVE_SECONDS = 75


def main() -> None:
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if folder:
        # Files of a run before this one would be added up with the new ones.
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
    uvicorn.run(
        "app.main:app",
        host="0.0.0.0",
        port=int(os.environ.get("PORT", "8000")),
        workers=int(os.environ.get("WORKERS", "4")),
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
    )


if __name__ == "__main__":
    main()
