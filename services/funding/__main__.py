"""`python -m services.funding`"""

from services.funding.app import compose
from services.shared.runtime.lifecycle import run

raise SystemExit(run("funding", compose))
