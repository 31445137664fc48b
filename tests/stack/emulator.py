#!/usr/bin/env python3
"""Starts ministack, with what it does otherwise than AWS put right. Nothing of the program under test knows of this.

Time runs faster here: what AWS stamps on its answers and what the test's clock shows must be one time, and waits
of minutes must take seconds. `EMULATED_SINCE` (Unix seconds) is when both agreed with the wall; `EMULATED_SPEED`
is how many seconds pass in a real one. `ENGINE_PORT` is where tests say how containers end. With `AUTH`, signatures
and policies are checked, and `POLICIES_PORT` is where tests make their users.
"""

import datetime
import os
import time

SINCE = float(os.environ["EMULATED_SINCE"])
SPEED = float(os.environ["EMULATED_SPEED"])

wall = time.time


def now():
    return SINCE + (wall() - SINCE) * SPEED


class Datetime(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(now(), tz)


# Before anything imports it by name.
time.time = now

from ministack import app  # noqa: E402
from ministack.core import responses  # noqa: E402
from ministack.services import ecs, rds  # noqa: E402

import engine  # noqa: E402
import rules  # noqa: E402

responses.datetime = Datetime
rules.put_right()

# A deployment whose tasks stayed up for ten seconds is complete.
ecs._ECS_DEPLOYMENT_STEADY_DELAY = 10 / SPEED

# ECS has an engine of containers, databases are records, and a real engine on this machine is left alone.
ecs._docker = engine.Engine()
rds._get_docker = lambda: None
app._docker_socket_present = lambda: False

if __name__ == "__main__":
    engine.serve(int(os.environ["ENGINE_PORT"]))
    if app.AUTH:
        import policies

        policies.correct()
        policies.serve(int(os.environ["POLICIES_PORT"]))
    app.main()
