"""What can be wrong with a machine: one line that says it, one line that mends it."""


class LocalProblem(Exception):
    """Something this machine lacks or has in the way; `fix` is the next thing to type or do."""

    def __init__(self, what: str, *, fix: str) -> None:
        super().__init__(what)
        self.fix = fix


class JavaMissing(LocalProblem): ...


class MavenMissing(LocalProblem): ...


class DownloadFailed(LocalProblem): ...


class PortBusy(LocalProblem): ...


class DiskFull(LocalProblem): ...


class AlreadyRunning(LocalProblem): ...


class BrokerFailed(LocalProblem): ...
