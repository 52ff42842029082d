"""The lab's own calls on the EC2 server, beside the AWS API: capacity, interruptions, faults, the clock.

`POST /lab/<what>` with a JSON object; the answer is a JSON object, with `error` where something was wrong.
"""

import json
import threading
from collections.abc import Callable, Iterable
from datetime import UTC
from typing import Any
from urllib.parse import parse_qs

from karptui.lab.clock import Clock
from karptui.lab.ec2 import messages
from karptui.lab.ec2.backends import Backends
from karptui.lab.ec2.pools import Pools, Shortage

SPOT_NOTICE = 120.0
"""Lab seconds between a spot interruption's warning and the instance's end."""

PICTURE_SECONDS = 20.0
"""How long a question for a new picture of the instances is held before the old one is the answer."""

NO_CAPACITY = "InsufficientInstanceCapacity"

Start = Callable[..., Any]
Application = Callable[[dict[str, Any], Start], Iterable[bytes]]


class LabControl:
    """Sends messages to the queue, ends interrupted instances when their notice is up, lets calls fail on demand."""

    def __init__(self, backends: Backends, clock: Clock, pools: Pools, queue: str) -> None:
        self._backends = backends
        self._clock = clock
        self._pools = pools
        self._queue = queue
        self._due: list[tuple[float, str]] = []
        self._faults: dict[str, dict[str, Any]] = {}
        self._ending = threading.Event()
        self._picture = 0
        self._new_picture = threading.Condition()

    def tell(self, message: dict[str, Any]) -> None:
        """Put a message into the cluster's queue."""
        self._backends.sqs.send_message(self._queue, json.dumps(message))

    def state_changed(self, instance_id: str, state: str) -> None:
        """Tell the queue, and whoever waits for a picture, that an instance entered a state."""
        self.picture_changed()
        self.tell(messages.state_change(self._backends.region, instance_id, state, self._clock.now()))

    def picture_changed(self) -> None:
        """An instance came or changed its state."""
        with self._new_picture:
            self._picture += 1
            self._new_picture.notify_all()

    def end_due_instances(self) -> None:
        """Runs until `close`: ends instances whose notice is up."""
        while not self._ending.wait(0.05):
            now = self._clock.now()
            for due in [entry for entry in self._due if entry[0] <= now]:
                self._due.remove(due)
                self._backends.ec2.terminate_instances([due[1]])

    def close(self) -> None:
        """Ends the thread of `end_due_instances`."""
        self._ending.set()

    def handle(self, path: str, asked: dict[str, Any]) -> dict[str, Any]:
        """One call of the lab's own. Raises ValueError with a sentence."""
        if path == "/lab/capacity":
            return self._set_capacity(asked)
        if path == "/lab/interrupt":
            return self._interrupt(asked["instance_id"], asked.get("kind", "spot"))
        if path == "/lab/instances":
            return self._instances(int(asked.get("after", -1)))
        if path == "/lab/fault":
            self._faults[asked["action"]] = asked | {"times": asked.get("times", 1)}
            return {}
        if path == "/lab/clock":
            self._clock.adopt(asked["state"])
            return {}
        raise ValueError(f"the lab has no {path}")

    def fault(self, action: str) -> tuple[str, str] | None:
        """(code, message) with which a call of this action must fail now."""
        fault = self._faults.get(action)
        if fault is None or not fault["times"]:
            return None
        fault["times"] -= 1
        return fault["code"], fault["message"]

    def _set_capacity(self, asked: dict[str, Any]) -> dict[str, Any]:
        pool = (asked.get("instance_type"), asked.get("zone"), asked.get("capacity_type"))
        if asked.get("left") is None:
            self._pools.clear(*pool)
            return {}
        code = asked.get("code") or NO_CAPACITY
        message = asked.get("message") or (
            f"We currently do not have sufficient {pool[0] or 'instance'} capacity"
            f" in the Availability Zone you requested{f' ({pool[1]})' if pool[1] else ''}."
        )
        self._pools.set(Shortage(*pool, left=int(asked["left"]), code=code, message=message))
        return {}

    def _instances(self, after: int) -> dict[str, Any]:
        """All instances, at once if the caller's picture is an old one, else when it is or after a while."""
        with self._new_picture:
            self._new_picture.wait_for(lambda: self._picture != after, PICTURE_SECONDS)
            number = self._picture
        return {"picture": number, "instances": [_seen(entry) for entry in self._backends.ec2.all_instances()]}

    def _interrupt(self, instance_id: str, kind: str) -> dict[str, Any]:
        now, region = self._clock.now(), self._backends.region
        instance = self._backends.ec2.get_instance_by_id(instance_id)
        if instance is None or instance.state == "terminated":
            raise ValueError(f"there is no running instance {instance_id}")
        if kind == "spot":
            if instance.lifecycle != "spot":
                raise ValueError(f"{instance_id} is no spot instance")
            self.tell(messages.spot_interruption(region, instance_id, now))
            self._due.append((now + SPOT_NOTICE, instance_id))
            return {"deadline": now + SPOT_NOTICE}
        if kind == "rebalance":
            self.tell(messages.rebalance(region, instance_id, now))
        elif kind == "scheduled-change":
            self.tell(messages.scheduled_change(region, instance_id, now))
        elif kind == "stop":
            self._backends.ec2.stop_instances([instance_id])
            self.state_changed(instance_id, "stopping")
        else:
            raise ValueError(f"an instance is interrupted by spot, rebalance, scheduled-change or stop, not {kind}")
        return {}


def _seen(instance: Any) -> dict[str, Any]:
    """What a kubelet's side needs of one instance; user data as it was given, in base64."""
    user_data = instance.user_data
    return {
        "id": instance.id,
        "zone": instance.placement.zone,
        "instance_type": instance.instance_type,
        "state": instance.state,
        "launched": instance.launch_time.replace(tzinfo=UTC).timestamp(),
        "private_dns_name": instance.private_dns_name,
        "private_ip": instance.private_ip_address,
        "architecture": instance.architecture,
        "user_data": user_data.decode() if isinstance(user_data, bytes) else str(user_data or ""),
    }


def application(aws: Application, control: LabControl) -> Application:
    """`aws` with the lab's calls beside it, and with the faults that were asked for."""

    def serve(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path.startswith("/lab/"):
            return _own(environ, start, path, control)
        if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
            action, rewound = _action(environ)
            environ["wsgi.input"] = rewound
            if fault := control.fault(action):
                return _refuse(start, *fault)
        return aws(environ, start)

    return serve


def _own(environ: dict[str, Any], start: Start, path: str, control: LabControl) -> Iterable[bytes]:
    status = "200 OK"
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        answer = control.handle(path, json.loads(environ["wsgi.input"].read(length) or b"{}"))
    except (ValueError, KeyError) as problem:
        status, answer = "400 Bad Request", {"error": str(problem)}
    body = json.dumps(answer).encode()
    start(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def _action(environ: dict[str, Any]) -> tuple[str, Any]:
    import io

    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    return parse_qs(body.decode()).get("Action", [""])[0], io.BytesIO(body)


def _refuse(start: Start, code: str, message: str) -> Iterable[bytes]:
    status = "503 Service Unavailable" if code in ("RequestLimitExceeded", "InternalError") else "400 Bad Request"
    body = (
        f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
        "<RequestID>00000000-0000-0000-0000-000000000000</RequestID></Response>"
    ).encode()
    start(status, [("Content-Type", "text/xml"), ("Content-Length", str(len(body)))])
    return [body]
