"""A real Apache Kafka of one node on this machine, for `swtalent up`, tests and benchmarks.

Blocking calls; from a coroutine: `await asyncio.to_thread(broker.start)`.
"""

import base64
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import psutil

from deploy.local.jars import jars
from deploy.local.java import java
from deploy.local.problem import AlreadyRunning, BrokerFailed, DiskFull, PortBusy

HOST = "127.0.0.1"
_DISK_NEEDED = 512 * 2**20
_LOG_KEPT = 8 * 2**20

# One node: internal topics have one copy, few partitions and small buffers. What matters to us is as in production:
# topics are created on purpose, an unclean leader is never elected (the default). A short session lets a killed broker
# register again after 3 s instead of 9.
_SETTINGS = {
    "auto.create.topics.enable": "false",
    "broker.heartbeat.interval.ms": "500",
    "broker.session.timeout.ms": "3000",
    "controller.listener.names": "CONTROLLER",
    "group.initial.rebalance.delay.ms": "0",
    "inter.broker.listener.name": "CLIENTS",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,CLIENTS:PLAINTEXT",
    "log.cleaner.dedupe.buffer.size": "8388608",
    "node.id": "1",
    "num.io.threads": "4",
    "num.network.threads": "2",
    "offsets.topic.num.partitions": "8",
    "offsets.topic.replication.factor": "1",
    "process.roles": "broker,controller",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
}


class _Running(NamedTuple):
    pid: int
    started: float
    port: int

    def process(self) -> psutil.Process | None:
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < 1 and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return None
        return process if same else None


class LocalKafka:
    """Everything lives in `data_dir`: records, settings, log, and who runs it, so that another process can stop it.

    `port` 0 takes a free one at the first start and keeps it. `settings` override the broker's, `format_arguments` go
    to the storage tool at the first start (for example `-S SCRAM-SHA-512=[name=u,password=p]`).
    """

    def __init__(
        self,
        data_dir: Path,
        port: int = 0,
        *,
        heap: str = "384m",
        settings: Mapping[str, str] | None = None,
        format_arguments: Sequence[str] = (),
    ) -> None:
        self.data_dir = data_dir.resolve()
        self.port = port
        self.heap = heap
        self._any_port = port == 0
        self._settings = dict(settings or {})
        self._format_arguments = list(format_arguments)
        self._child: subprocess.Popen[bytes] | None = None
        if (running := self._running()) and self._any_port:
            self.port = running.port

    @property
    def bootstrap_servers(self) -> str:
        return f"{HOST}:{self.port}"

    @property
    def log_file(self) -> Path:
        return self.data_dir / "broker.log"

    @property
    def pid(self) -> int | None:
        """Process id of the running broker, also of one that another process started on this data."""
        running = self._running()
        return running.pid if running else None

    def start(self, timeout: float = 60.0) -> Self:
        """Returns when the broker answers. On failure nothing is left running, and the error carries a `fix`."""
        if pid := self.pid:
            raise AlreadyRunning(f"a broker (pid {pid}) already runs on {self.data_dir}", fix="make down")
        classes, program = jars(), java()
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self._check_disk()
        deadline = time.monotonic() + timeout
        self._write_settings()
        if not (self.data_dir / "records" / "meta.properties").exists():
            self._format(program, classes)
        self._launch(program, classes)
        try:
            self._wait_until_it_answers(deadline)
        except BaseException:
            self.kill()
            raise
        return self

    def stop(self, timeout: float = 30.0) -> None:
        """Ends the broker in order (then by force after `timeout`); nothing to do when none runs on this data."""
        self._end(signal.SIGTERM, timeout)

    def kill(self) -> None:
        """Ends the broker at once, as a power cut would; the data stays and the next start recovers it."""
        self._end(signal.SIGKILL, 10.0)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # --- the parts of a start ---

    def _check_disk(self) -> None:
        free = shutil.disk_usage(self.data_dir).free
        if free < _DISK_NEEDED:
            raise DiskFull(
                f"{free // 2**20} MiB free at {self.data_dir}, the broker needs {_DISK_NEEDED // 2**20}",
                fix="free some disk space, or remove .data/ (all local data)",
            )

    def _write_settings(self) -> None:
        if not self.port or (self._any_port and not _is_free(self.port)):
            self.port = _free_port()
        if not _is_free(self.port):
            raise PortBusy(
                f"port {self.port} is taken by another program",
                fix=f"stop it (see: ss -ltnp 'sport = :{self.port}'), or choose another port",
            )
        controller = _free_port()
        lines = _SETTINGS | {
            "advertised.listeners": f"CLIENTS://{self.bootstrap_servers}",
            "controller.quorum.voters": f"1@{HOST}:{controller}",
            "listeners": f"CLIENTS://{self.bootstrap_servers},CONTROLLER://{HOST}:{controller}",
            "log.dirs": str(self.data_dir / "records"),
            **self._settings,
        }
        text = "".join(f"{name}={value}\n" for name, value in sorted(lines.items()))
        (self.data_dir / "server.properties").write_text(text, encoding="utf-8")

    def _format(self, program: Path, classes: Path) -> None:
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        cluster = cluster if cluster[0] != "-" else f"A{cluster[1:]}"  # not to be read as an option
        tool = ["kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(self.data_dir / "server.properties")]
        command = [str(program), "-XX:TieredStopAtLevel=1", "-cp", f"{classes}/*", *tool, *self._format_arguments]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines()
            raise BrokerFailed(
                f"the data folder could not be formatted: {said[-1] if said else 'no reason given'}",
                fix=f"remove {self.data_dir}",
            )

    def _launch(self, program: Path, classes: Path) -> None:
        if self.log_file.exists() and self.log_file.stat().st_size > _LOG_KEPT:
            self.log_file.replace(self.log_file.with_suffix(".log.1"))
        options = [f"-Xmx{self.heap}", "-XX:+UseSerialGC", "-Djava.awt.headless=true"]
        logging = {"defaultLogLevel": "warn", "showDateTime": "true", "dateTimeFormat": "yyyy-MM-dd'T'HH:mm:ss.SSS"}
        options += [f"-Dorg.slf4j.simpleLogger.{name}={value}" for name, value in logging.items()]
        command = [
            str(program),
            *options,
            "-cp",
            f"{classes}/*",
            "kafka.Kafka",
            str(self.data_dir / "server.properties"),
        ]
        with self.log_file.open("ab") as log:
            self._log_start = log.tell()
            self._child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.data_dir,
                env={**os.environ, "MALLOC_ARENA_MAX": "2"},
                start_new_session=True,  # Ctrl-C ends the services first, then the broker
            )
        started = psutil.Process(self._child.pid).create_time()
        note = {"pid": self._child.pid, "started": started, "port": self.port}
        (self.data_dir / "running.json").write_text(json.dumps(note), encoding="utf-8")

    def _wait_until_it_answers(self, deadline: float) -> None:
        while not _answers(self.port):
            if self._child is not None and self._child.poll() is not None:
                raise self._why_it_ended()
            if time.monotonic() > deadline:
                raise BrokerFailed("the broker started but does not answer", fix=f"read {self.log_file}")
            time.sleep(0.05)

    def _why_it_ended(self) -> Exception:
        with self.log_file.open("rb") as log:
            log.seek(self._log_start)
            said = log.read().decode(errors="replace")
        if "No space left on device" in said:
            return DiskFull(f"the disk of {self.data_dir} is full", fix="free some disk space and start again")
        if "Address already in use" in said:
            return PortBusy("another program took the broker's port while it started", fix="start again")
        faults = [line for line in said.splitlines() if "ERROR" in line or "Exception" in line or "Error:" in line]
        return BrokerFailed(
            f"the broker ended: {faults[0] if faults else 'no reason given'}", fix=f"read {self.log_file}"
        )

    # --- who runs it ---

    def _running(self) -> _Running | None:
        try:
            note = json.loads((self.data_dir / "running.json").read_text(encoding="utf-8"))
            running = _Running(note["pid"], note["started"], note["port"])
        except (FileNotFoundError, ValueError, KeyError):
            return None
        return running if running.process() else None

    def _end(self, how: signal.Signals, timeout: float) -> None:
        running = self._running()
        process = running.process() if running else None
        if process is not None:
            process.send_signal(how)
            try:
                process.wait(timeout)
            except psutil.TimeoutExpired:
                process.kill()
                process.wait(10)
        if self._child is not None:
            self._child.wait()
            self._child = None
        (self.data_dir / "running.json").unlink(missing_ok=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a restart finds its own port in TIME_WAIT
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def _answers(port: int) -> bool:
    """Asks ApiVersions (key 18, version 0); a broker opens its port to clients only once it is unfenced."""
    request = struct.pack(">hhih", 18, 0, 1, -1)
    try:
        with socket.create_connection((HOST, port), timeout=5) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            head = connection.recv(10, socket.MSG_WAITALL)
    except OSError:
        return False
    return len(head) == 10 and struct.unpack(">iih", head)[1:] == (1, 0)  # noqa: PLR2004 - length, correlation, error
