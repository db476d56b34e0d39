"""`python -m bench [NAME …]`: run the benchmarks in turn, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys

ALL = ("intake", "reads", "indicators", "watch", "relay", "results_file")


def main() -> int:
    wanted = sys.argv[1:] or list(ALL)
    unknown = [name for name in wanted if name not in ALL]
    if unknown:
        print(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(ALL)}", file=sys.stderr)
        return 2
    return max(subprocess.call([sys.executable, "-m", f"bench.{name}"]) for name in wanted)


raise SystemExit(main())
