"""What EC2's errors mean: which codes are a want of capacity, and one sentence for every failure."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from karptui.cloud.provider import CloudError, NotFound, Throttled, Unauthorized, Unreachable

CAPACITY_CODES = frozenset(
    {
        "InsufficientInstanceCapacity",
        "MaxSpotInstanceCountExceeded",
        "VcpuLimitExceeded",
        "UnfulfillableCapacity",
        "Unsupported",
        "InsufficientFreeAddressesInSubnet",
        "MaxFleetCountExceeded",
        "ReservationCapacityExceeded",
    }
)
"""Fleet errors that mark a pool (capacity type, type, zone) as empty."""

SUBNET_CODE = "InsufficientFreeAddressesInSubnet"
SPREAD_LIMIT = "limit of instances in this spread placement group"
"""In the message of a fleet error: the group takes no more instances in that zone, of whatever type."""

SPOT_ROLE_CODE = "AuthFailure.ServiceLinkedRoleCreationNotPermitted"
TEMPLATE_GONE_CODE = "InvalidLaunchTemplateName.NotFoundException"
TOKEN_REUSED_CODE = "IdempotentParameterMismatch"
ALREADY_EXISTS_CODES = frozenset({"EntityAlreadyExists", "InvalidLaunchTemplateName.AlreadyExistsException"})

NOT_FOUND_CODES = frozenset(
    {
        "InvalidCapacityReservationId.NotFound",
        "InvalidInstanceID.NotFound",
        "InvalidInstanceID.Malformed",
        TEMPLATE_GONE_CODE,
        "InvalidLaunchTemplateId.NotFound",
        "QueueDoesNotExist",
        "AWS.SimpleQueueService.NonExistentQueue",
        "NoSuchEntity",
        "ParameterNotFound",
        "ResourceNotFoundException",
    }
)

_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
_UNKNOWN_CREDENTIALS = frozenset(
    {
        "AuthFailure",
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "SignatureDoesNotMatch",
        "InvalidAccessKeyId",
    }
)
_FORBIDDEN = frozenset({"UnauthorizedOperation", "AccessDenied", "AccessDeniedException"})
_THROTTLED = frozenset(
    {
        "RequestLimitExceeded",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
        "RequestThrottled",
        "SlowDown",
    }
)

_LAUNCH_FAILED = ("LaunchFailed", "Instance launch failed")

_DENIED = (
    ("with an explicit deny in a permissions boundary", "due to a permission boundary"),
    ("with an explicit deny in a service control policy", "due to a service control policy"),
    ("", "because no identity-based policy allows it"),
)
"""What the message of a refusal says, and how Karpenter ends its sentence then."""

_REASONS = (
    (
        ("ServiceLinkedRoleCreationNotPermitted",),
        "SpotSLRCreationFailed",
        "User does not have sufficient permission to create the Spot ServiceLinkedRole to launch spot instances",
    ),
    (
        ("Not authorized for images",),
        "AMIAuthorizationFailure",
        "User is not authorized to use the AMI for the instance launch",
    ),
    (("UnauthorizedOperation",), "Unauthorized", ""),
    (("AccessDenied",), "Unauthorized", ""),
    (("AuthFailure",), "Unauthorized", ""),
    (
        ("InvalidParameter", "belong to different networks"),
        "SecurityGroupSubnetVPCMismatch",
        "Security groups and subnets of the EC2NodeClass belong to different VPCs",
    ),
    (
        ("iamInstanceProfile.name is invalid",),
        "InstanceProfileNameInvalid",
        "Instance profile name used from EC2NodeClass status does not exist",
    ),
    (
        ("InvalidLaunchTemplateId.NotFound",),
        "LaunchTemplateNotFound",
        "Launch template used for instance launch wasn't found",
    ),
    (
        ("User data is limited to",),
        "UserDataSizeLimitExceeded",
        "Rendered user data exceeds the EC2 user data size limit",
    ),
    (("InvalidAMIID.Malformed",), "InvalidAMIID", "AMI used for instance launch is invalid"),
    (("InvalidAMIID.NotFound",), "AMINotFound", "AMI used for instance launch was not found"),
    (("RequestLimitExceeded",), "RequestLimitExceeded", "Request limit exceeded"),
    (("InternalError",), "InternalError", "An internal error has occurred"),
    (
        ("not eligible for Free Tier",),
        "FreeTierIneligible",
        "The instance type of the launch is not eligible for the account's Free Tier",
    ),
    (
        ("MaxFleetCountExceeded",),
        "FleetQuotaExceeded",
        "A fleet launch was requested but this would exceed your fleet request quota",
    ),
    (
        ("PendingVerification",),
        "AccountPendingVerification",
        "An instance launch was requested but the request for launching resources in this region is still being"
        " verified",
    ),
    (
        ("MaxSpotInstanceCountExceeded",),
        "SpotQuotaExceeded",
        "A spot instance launch was requested but this would exceed your spot instance quota",
    ),
    (
        ("VcpuLimitExceeded",),
        "VCPULimitExceeded",
        "An instance was requested that would exceed your VCPU quota",
    ),
    (
        ("InsufficientFreeAddressesInSubnet",),
        "InsufficientFreeAddressesInSubnet",
        "There are not enough free IP addresses to launch an instance in this subnet",
    ),
)
"""Parts of code and message → reason and message of the NodeClaim's Launched condition; the first that fits counts.

These are Karpenter's own texts where they are known: tools match them.
"""

_LONGEST_MESSAGE = 300
"""EC2 appends an encoded authorization failure of a kilobyte, which nobody can read."""


def reason(text: str) -> tuple[str, str]:
    """Why a launch failed, from its code and message: as one word, and as the sentence for the condition."""
    for parts, word, sentence in _REASONS:
        if all(part in text for part in parts):
            return word, sentence or _denied(text)
    return _LAUNCH_FAILED


def _denied(text: str) -> str:
    return "User is not authorized to perform this operation " + next(end for part, end in _DENIED if part in text)


def code_of(problem: BaseException) -> str:
    """The error code of botocore's ClientError, "" for anything else."""
    response: Any = getattr(problem, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def message_of(problem: BaseException) -> str:
    """EC2's own words, cut to a readable length and without control characters."""
    response: Any = getattr(problem, "response", None)
    text = str(response.get("Error", {}).get("Message", "")) if isinstance(response, dict) else str(problem)
    text = text.partition("Encoded authorization failure message")[0]
    text = "".join(letter for letter in text if letter.isprintable()).strip()
    return text if len(text) <= _LONGEST_MESSAGE else text[: _LONGEST_MESSAGE - 3] + "..."


def translate(problem: BaseException, service: str, action: str) -> CloudError:
    """One sentence and a kind for whatever botocore raised in a call."""
    code = code_of(problem)
    if code:
        return _translate_code(problem, code, service, action)
    name = type(problem).__name__
    if name == "ProfileNotFound":
        profile = getattr(problem, "kwargs", {}).get("profile")
        return Unauthorized(f"the AWS configuration has no profile {profile}: see aws configure list-profiles")
    if name in ("NoCredentialsError", "PartialCredentialsError"):
        return Unauthorized("there are no AWS credentials here: log in, or set AWS_PROFILE to a profile that has some")
    if name in ("UnauthorizedSSOTokenError", "SSOTokenLoadError", "TokenRetrievalError", "CredentialRetrievalError"):
        return Unauthorized("the AWS credentials cannot be renewed: log in again (aws sso login)")
    if name in ("EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "ConnectionClosedError"):
        where = getattr(problem, "kwargs", {}).get("endpoint_url", service)
        return Unreachable(f"{service} does not answer on {where} ({action}): is the network or the proxy down?")
    if name == "ResponseParserError":
        return Unreachable(f"what answers {service} {action} is not AWS: is there a proxy, or a wrong endpoint?")
    return CloudError(f"{service} {action} failed: {message_of(problem) or name}")


def _translate_code(problem: BaseException, code: str, service: str, action: str) -> CloudError:
    message = message_of(problem).rstrip(".")
    if code in NOT_FOUND_CODES:
        return NotFound(f"{service} {action}: {message or 'not found'} ({code})")
    if code in _EXPIRED:
        return Unauthorized(f"the AWS credentials have expired: log in again ({code} from {service} {action})")
    if code in _UNKNOWN_CREDENTIALS:
        return Unauthorized(f"AWS does not accept the credentials: check AWS_PROFILE ({code} from {service} {action})")
    if code in _FORBIDDEN:
        return Unauthorized(f"the AWS credentials may not call {service}:{action}: add it to their policy ({code})")
    if code in _THROTTLED:
        return Throttled(f"{service} throttles {action}: it is tried again later ({code})")
    return CloudError(f"{service} {action} failed: {message} ({code})")


@contextmanager
def calling(service: str, action: str) -> Iterator[None]:
    """Raises a CloudError with one sentence for whatever botocore raises inside; the original is its cause."""
    from aiohttp import ClientError as TransportError
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    try:
        yield
    except (BotoCoreError, ClientError, ResponseParserError, TransportError, TimeoutError) as problem:
        raise translate(problem, service, action) from problem
