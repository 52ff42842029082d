"""The EC2 server's own process: `python -m karptui.lab.ec2.server`.

The first line on stdin is its settings as JSON; when it listens it prints one JSON line with what it made. It ends when
stdin does, so it never outlives whoever started it.
"""

import json
import os
import signal
import sys
import threading
from typing import Any

from karptui.cloud.catalogue import shipped_price
from karptui.cloud.ec2.instance_type.facts import TypeFacts, shipped_facts
from karptui.lab.clock import Clock
from karptui.lab.ec2.backends import load
from karptui.lab.ec2.control import LabControl, application
from karptui.lab.ec2.fleet import FleetDesk
from karptui.lab.ec2.images import images
from karptui.lab.ec2.pools import Pools, Price
from karptui.lab.ec2.seed import seed_account


def prices(seed: str) -> Price:
    """Prices of the lab: the shipped catalogue's for the same seed."""
    known: dict[str, TypeFacts] = {entry.name: entry for entry in shipped_facts()}
    price = shipped_price(seed)

    def of(capacity_type: str, instance_type: str, zone: str) -> float | None:
        facts = known.get(instance_type)
        return None if facts is None else price(capacity_type, facts, zone)

    return of


def main() -> None:
    """Serves until stdin ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    settings: dict[str, Any] = json.loads(sys.stdin.readline())
    # From here on, as what follows takes seconds and whoever started it may be gone by then.
    ending = threading.Thread(target=_end_with_stdin, daemon=True)
    ending.start()
    clock = Clock()
    if settings.get("clock"):
        clock.adopt(settings["clock"])
    backends = load(settings["region"], images(settings["kubernetes"]), settings["seed"])
    made = seed_account(backends, settings["cluster"], settings["zones"], settings["kubernetes"])
    pools = Pools(prices(settings["seed"]), settings["seed"])
    control = LabControl(backends, clock, pools, settings["cluster"])
    FleetDesk(pools, clock.now, control.state_changed, control.picture_changed).install()
    server = _listen(control, settings.get("listener"))
    for work in (server.serve_forever, control.end_due_instances):
        threading.Thread(target=work, daemon=True).start()
    made["endpoint"] = f"http://127.0.0.1:{server.port}"
    made["queue_url"] = f"{made['endpoint']}/123456789012/{settings['cluster']}"
    print(json.dumps(made), flush=True)
    ending.join()


def _end_with_stdin() -> None:
    sys.stdin.read()
    os._exit(0)


def _listen(control: LabControl, listener: int | None) -> Any:
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Nothing: every call would be a line on stderr."""

    aws = DomainDispatcherApplication(create_backend_app)
    aws.app_instances["ec2"] = create_backend_app("ec2")
    aws.app_instances["sqs"] = create_backend_app("sqs")

    def load_the_rest() -> None:
        """What a NodeClass asks for first: loaded while whoever started us gets ready to ask."""
        for service in ("ssm", "iam"):
            if service not in aws.app_instances:
                aws.app_instances[service] = create_backend_app(service)

    threading.Thread(target=load_the_rest, daemon=True).start()
    work = application(aws, control)
    return make_server("127.0.0.1", 0, work, threaded=True, request_handler=Quiet, fd=listener)


if __name__ == "__main__":
    main()
