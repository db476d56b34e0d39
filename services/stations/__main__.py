"""`python -m services.stations`"""

from services.shared.runtime.lifecycle import run
from services.stations.app import compose

raise SystemExit(run("stations", compose))
