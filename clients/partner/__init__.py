"""The SDK of a department: build, seal, publish, read what was refused. docs/partners.md tells it step by step."""

from clients.partner.checks import Fault, RecordInvalid
from clients.partner.publisher import NotDelivered, Progress, Publisher
from clients.partner.rejected import TopicUnreachable, rejections
from clients.partner.seal import PlatformKeyError

__all__ = [
    "Fault",
    "NotDelivered",
    "PlatformKeyError",
    "Progress",
    "Publisher",
    "RecordInvalid",
    "TopicUnreachable",
    "rejections",
]
