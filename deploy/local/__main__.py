"""`python -m deploy.local up | down`; `swtalent up`, `make up` and `make down` call it."""

from __future__ import annotations

import argparse
from pathlib import Path

from deploy.local.stack import GRPC_PORT, KAFKA_PORT, Stack
from deploy.local.up import down, up


def main() -> int:
    parser = argparse.ArgumentParser(prog="swtalent", description="The platform on this machine")
    commands = parser.add_subparsers(dest="command", required=True)
    starting = commands.add_parser("up", help="start Kafka and the four services, load the sample, show the indicators")
    starting.add_argument("--scale", type=float, default=1.0, help="size of the sample, 0.01 … 1 (default: 1)")
    starting.add_argument("--detach", action="store_true", help="leave everything running (`down` stops it)")
    stopping = commands.add_parser("down", help="stop what `up --detach` left running")
    for command in (starting, stopping):
        command.add_argument("--json", action="store_true", help="print JSON instead of text")
        command.add_argument("--data", type=Path, default=Path(".data"), help="folder of all data (default: .data)")
        command.add_argument("--port", type=int, default=GRPC_PORT, help=f"of the first service (default: {GRPC_PORT})")
        command.add_argument("--kafka-port", type=int, default=KAFKA_PORT, help=f"of Kafka (default: {KAFKA_PORT})")
    given = parser.parse_args()
    stack = Stack(given.data, first_port=given.port, kafka_port=given.kafka_port)
    if given.command == "down":
        return down(stack, json=given.json)
    return up(stack, scale=given.scale, detach=given.detach, json=given.json)


if __name__ == "__main__":
    raise SystemExit(main())
