"""`python -m services.evaluation`"""

from services.evaluation.app import compose
from services.shared.runtime.lifecycle import run

raise SystemExit(run("evaluation", compose))
