"""CreateFleet and TerminateInstances as EC2 does them, put in the place of moto's.

moto takes the first override, never refuses, forgets the client token, and leaves groups and profile off the instance.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from threading import RLock
from typing import Any
from uuid import uuid4

from karptui.lab.ec2.pools import Pools, Shortage

Now = Callable[[], float]
StateChanged = Callable[[str, str], None]
"""(instance id, new state) is told."""


class FleetDesk:
    """Answers fleet requests of the lab. One at a time: moto's state is not made for threads."""

    def __init__(self, pools: Pools, now: Now, changed: StateChanged, appeared: Callable[[], None]) -> None:
        self.pools = pools
        self.lock = RLock()
        self._now = now
        self._changed = changed
        self._appeared = appeared
        self._answered: dict[str, tuple[str, dict[str, Any]]] = {}

    def install(self) -> None:
        """Take the place of moto's own handlers, in this process."""
        from moto.core.responses import ActionResult
        from moto.ec2.models.instances import InstanceBackend
        from moto.ec2.responses.fleets import Fleets

        desk = self
        moto_terminate = InstanceBackend.terminate_instances

        def create_fleet(response: Any) -> Any:
            response.error_on_dryrun()
            with desk.lock:
                return ActionResult(desk.create(response))

        def terminate_instances(backend: Any, instance_ids: list[str]) -> Any:
            with desk.lock:
                ended = moto_terminate(backend, instance_ids)
            for instance, previous in ended:
                if previous.name != "terminated":
                    desk._changed(instance.id, "shutting-down")
                    desk._changed(instance.id, "terminated")
            return ended

        fleets: Any = Fleets
        fleets.create_fleet = create_fleet
        instances: Any = InstanceBackend
        instances.terminate_instances = terminate_instances

    def create(self, response: Any) -> dict[str, Any]:
        """The answer to one CreateFleet. `response` is moto's request handler."""
        token = response._get_param("ClientToken")
        asked = repr([response._get_param(name) for name in ("LaunchTemplateConfigs", "TargetCapacitySpecification")])
        if token in self._answered:
            before, answer = self._answered[token]
            if before != asked:
                response.ec2_backend.raise_error(
                    "IdempotentParameterMismatch", "The client token was used with other parameters before."
                )
            return answer
        answer = self._fulfil(response)
        if token:
            self._answered[token] = (asked, answer)
        return answer

    def _fulfil(self, response: Any) -> dict[str, Any]:
        target = response._get_param("TargetCapacitySpecification", {})
        capacity_type = target.get("DefaultTargetCapacityType", "on-demand")
        kind = "SpotOptions" if capacity_type == "spot" else "OnDemandOptions"
        strategy = (response._get_param(kind, {}) or {}).get("AllocationStrategy", "lowest-price")
        overrides = self._overrides(response)
        errors: dict[tuple[str, str], dict[str, Any]] = {}
        instances: list[dict[str, Any]] = []
        fleet_id = f"fleet-{uuid4()}"
        for _ in range(int(target.get("TotalTargetCapacity", 1))):
            chosen, refused = self.pools.choose(overrides, capacity_type, strategy)
            for override, shortage in refused:
                pool = (override["InstanceType"], override["AvailabilityZone"])
                errors[pool] = _refusal(override, shortage, capacity_type)
            if chosen is None:
                break
            fleet = self._launch(response, chosen, target | {"TotalTargetCapacity": 1}, strategy)
            fleet_id = fleet.id
            instances.extend(fleet.instances)
            self._appeared()
        return {"FleetId": fleet_id, "Errors": list(errors.values()), "Instances": instances}

    def _overrides(self, response: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for config in response._get_param("LaunchTemplateConfigs", []):
            specification = config["LaunchTemplateSpecification"]
            # EC2 answers with the same error when any of the templates is not there.
            if "LaunchTemplateName" in specification:
                response.ec2_backend.get_launch_template_by_name(name=specification["LaunchTemplateName"])
            for override in config.get("Overrides") or []:
                zone = response.ec2_backend.get_subnet(override["SubnetId"]).availability_zone
                found.append({**override, "AvailabilityZone": zone, "template": specification})
        return found

    def _launch(self, response: Any, override: dict[str, Any], target: dict[str, Any], strategy: str) -> Any:
        own = {key: value for key, value in override.items() if key != "template"}
        fleet = response.ec2_backend.create_fleet(
            on_demand_options={"AllocationStrategy": strategy},
            spot_options={"AllocationStrategy": strategy},
            target_capacity_specification=target,
            launch_template_configs=[{"LaunchTemplateSpecification": override["template"], "Overrides": [own]}],
            excess_capacity_termination_policy=response._get_param("ExcessCapacityTerminationPolicy"),
            replace_unhealthy_instances=False,
            terminate_instances_with_expiration=False,
            fleet_type="instant",
            valid_from=None,
            valid_until=None,
            tag_specifications=response._get_param("TagSpecifications", []),
        )
        for entry in fleet.instances:
            for instance_id in entry["InstanceIds"]:
                self._complete(response.ec2_backend, instance_id, override["template"], fleet)
        return fleet

    def _complete(self, backend: Any, instance_id: str, template: dict[str, Any], fleet: Any) -> None:
        """Give the instance what moto leaves out of the launch template."""
        instance = backend.get_instance(instance_id)
        instance.launch_time = datetime.fromtimestamp(self._now(), UTC).replace(tzinfo=None)
        data = backend.get_launch_template_by_name(name=template["LaunchTemplateName"]).latest_version().data
        interfaces = data.get("NetworkInterfaces") or [{}]
        groups = interfaces[0].get("Groups") or []
        instance.security_groups = [backend.get_security_group_from_id(group) for group in groups]
        for interface in instance.nics.values():
            interface._group_set = list(instance.security_groups)
        if name := (data.get("IamInstanceProfile") or {}).get("Name"):
            arn = f"arn:aws:iam::{backend.account_id}:instance-profile/{name}"
            instance.iam_instance_profile = {"Arn": arn, "Id": name}
        for request in fleet.spot_requests:
            instance.spot_instance_request_id = request.id


def _refusal(override: dict[str, Any], shortage: Shortage, capacity_type: str) -> dict[str, Any]:
    own = {key: value for key, value in override.items() if key != "template"}
    return {
        "LaunchTemplateAndOverrides": {"LaunchTemplateSpecification": override["template"], "Overrides": own},
        "Lifecycle": "spot" if capacity_type == "spot" else "on-demand",
        "ErrorCode": shortage.code,
        "ErrorMessage": shortage.message,
    }
