"""Sans-IO: input order, keyframe policy, liveness, clocks."""
