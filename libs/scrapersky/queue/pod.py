"""Which pod a run is in."""

import os
import socket


def pod_name() -> str:
    """The pod's name in Kubernetes, else host name and process id."""
    return os.environ.get("POD_NAME") or f"{socket.gethostname()}-{os.getpid()}"
