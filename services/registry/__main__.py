"""`python -m services.registry`"""

from services.registry.app import compose
from services.shared.runtime.lifecycle import run

raise SystemExit(run("registry", compose))
