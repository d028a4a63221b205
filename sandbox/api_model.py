"""AWS's own API model (shipped with botocore) as the judge of requests and answers.

botocore's validator checks names, types and lower bounds; upper bounds, patterns and enumerations
are checked here, with the wording of AWS's ValidationException.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any, cast

from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator


class ApiError(Exception):
    """An error response of AWS: its error code, its message and its HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


@cache
def workspaces_model() -> ServiceModel:
    """The model of the WorkSpaces API."""
    return ServiceModel(Loader().load_service_model("workspaces", "service-2"), "workspaces")


def check_request(operation: str, parameters: dict[str, Any]) -> None:
    """Raise ApiError (ValidationException, UnknownOperationException) for what AWS would reject."""
    model = workspaces_model()
    if operation not in model.operation_names:
        raise ApiError("UnknownOperationException", f"no operation {operation}")
    shape = cast(Any, model.operation_model(operation).input_shape)
    problems = list(_problems(parameters, shape))
    if problems:
        count = f"{len(problems)} validation error{'s' if len(problems) > 1 else ''} detected: "
        raise ApiError("ValidationException", count + "; ".join(problems))


def check_answer(operation: str, answer: dict[str, Any]) -> None:
    """Raise ValueError if the sandbox's own answer has a shape that AWS would not return."""
    shape = cast(Any, workspaces_model().operation_model(operation).output_shape)
    problems = list(_problems(answer, shape)) if shape is not None else []
    if problems:
        raise ValueError(f"answer of {operation}: {'; '.join(problems)}")


def _problems(value: Any, shape: Any) -> Iterator[str]:
    report = ParamValidator().validate(value, shape)
    if report.has_errors():
        yield str(report.generate_report()).replace("\n", "; ")
    else:
        yield from _limits(value, shape, shape.name)


def _limits(value: Any, shape: Any, path: str) -> Iterator[str]:
    if value is None:
        return
    match shape.type_name:
        case "structure":
            for name, member in shape.members.items():
                if name in value:
                    yield from _limits(value[name], member, name[0].lower() + name[1:])
        case "list":
            yield from _length(value, shape, path)
            for index, item in enumerate(value, 1):
                yield from _limits(item, shape.member, f"{path}.{index}.member")
        case "string":
            yield from _length(value, shape, path)
            pattern = shape.metadata.get("pattern")
            if pattern and not re.search(pattern, value):
                yield _constraint(value, path, f"satisfy regular expression pattern: {pattern}")
            enum = shape.metadata.get("enum")
            if enum and value not in enum:
                yield _constraint(value, path, f"satisfy enum value set: [{', '.join(enum)}]")
        case "integer":
            most = shape.metadata.get("max")
            if most is not None and value > most:
                yield _constraint(value, path, f"have value less than or equal to {most}")


def _length(value: Any, shape: Any, path: str) -> Iterator[str]:
    most = shape.metadata.get("max")
    if most is not None and len(value) > most:
        yield _constraint(value, path, f"have length less than or equal to {most}")


def _constraint(value: Any, path: str, rule: str) -> str:
    return f"Value '{value}' at '{path}' failed to satisfy constraint: Member must {rule}"


def plain(value: Any) -> Any:
    """Convert a value to AWS JSON 1.1: datetimes become epoch seconds; None members are dropped."""
    match value:
        case dict():
            return {key: plain(item) for key, item in value.items() if item is not None}
        case list() | tuple():
            return [plain(item) for item in value]
        case datetime():
            return round(value.timestamp(), 3)
    return value
