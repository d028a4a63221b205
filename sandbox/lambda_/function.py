"""A deployed Lambda function as the runtime needs it, and the result of an invocation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

RESERVED = frozenset({"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "PATH", "HOME", "TZ"})


@dataclass(frozen=True, slots=True)
class Function:
    """One version of a function's code and configuration.

    `fingerprint` changes with them; a container serves only one fingerprint.
    """

    name: str
    arn: str
    handler: str
    runtime: str
    timeout: float
    memory: int
    code: bytes = field(repr=False)
    code_sha256: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    log_group: str = ""
    log_format: str = "Text"
    log_level: str = ""
    system_log_level: str = ""

    @property
    def region(self) -> str:
        """The function's Region, such as us-east-1."""
        return self.arn.split(":")[3]

    @property
    def fingerprint(self) -> str:
        """All that a running container cannot change, as a text to be compared."""
        return json.dumps(
            [
                self.arn,
                self.code_sha256,
                self.handler,
                self.runtime,
                self.timeout,
                self.memory,
                sorted(self.environment.items()),
                self.log_group,
                self.log_format,
                self.log_level,
                self.system_log_level,
            ]
        )


@dataclass(frozen=True, slots=True)
class Result:
    """The answer of an invocation; `failed` marks what Lambda calls a function error."""

    payload: bytes
    failed: bool
    seconds: float

    @classmethod
    def error(cls, kind: str, message: str, seconds: float) -> Result:
        """A function error as Lambda's JSON; `seconds` is how long the invocation took."""
        text = json.dumps({"errorType": kind, "errorMessage": message})
        return cls(text.encode(), failed=True, seconds=seconds)


def environment_of(function: Function, endpoint: str, log_stream: str, home: str) -> dict[str, str]:
    """The whole environment of a container: the function's own variables and AWS's reserved ones.

    Nothing of the host's environment gets in. The variables for AWS's configuration files point to
    nothing, so that a developer's profile cannot change what the function does.
    """
    own = {key: value for key, value in function.environment.items() if key not in RESERVED}
    environment = own | {
        "_HANDLER": function.handler,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_SESSION_TOKEN": "local",
        "AWS_CONFIG_FILE": f"{home}/none",
        "AWS_SHARED_CREDENTIALS_FILE": f"{home}/none",
        "AWS_DEFAULT_REGION": function.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": function.log_format,
        "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_REGION": function.region,
        "HOME": home,
        "LANG": "en_US.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TZ": ":UTC",
    }
    if function.log_level:
        environment["AWS_LAMBDA_LOG_LEVEL"] = function.log_level
    return environment
