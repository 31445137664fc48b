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
from ministack.services import alb, ecs, rds  # noqa: E402

import engine  # noqa: E402

responses.datetime = Datetime

# A deployment whose tasks stayed up for ten seconds is complete.
ecs._ECS_DEPLOYMENT_STEADY_DELAY = 10 / SPEED

# A service's task says which deployment started it, not which service.
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html
run_task = ecs._run_task


def started_by_deployment(data):
    if data.get("_deploymentId"):
        data = {**data, "startedBy": data["_deploymentId"]}
    return run_task(data)


ecs._run_task = started_by_deployment

# A target group names the balancer whose rules lead to it.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroup.html
group_xml = alb._tg_xml


def with_balancers(group):
    arn = group["TargetGroupArn"]
    leading = [rule for rule in alb._rules.values() if any(it.get("TargetGroupArn") == arn for it in rule["Actions"])]
    balancers = {alb._listeners[rule["ListenerArn"]]["LoadBalancerArn"] for rule in leading}
    return group_xml({**group, "LoadBalancerArns": sorted(balancers)})


alb._tg_xml = with_balancers

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
