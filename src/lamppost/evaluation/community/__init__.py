"""A synthetic community: children, teens and adults on an invented platform, some of them harmful.

Everything in it is made up. It shows how accounts behave, not how anybody writes: what offenders
say stays at the level of public leaflets (docs/decisions/0003), and nothing explicit is written.
"""

from lamppost.evaluation.community.run import Community, Offender, simulate

__all__ = ["Community", "Offender", "simulate"]
