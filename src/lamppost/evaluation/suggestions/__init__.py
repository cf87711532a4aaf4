"""The suggestion audit: whom a recommender brings to children, and what else it could have done."""

from lamppost.evaluation.suggestions.audit import Audit, audit
from lamppost.evaluation.suggestions.read import Suggestion, read_suggestions, read_truth
from lamppost.evaluation.suggestions.report import report

__all__ = ["Audit", "Suggestion", "audit", "read_suggestions", "read_truth", "report"]
