"""Rules of AWS that the emulator does not keep, each with the page that says so. It is imported by emulator.py."""

import json
import re
import time

from ministack.core import responses
from ministack.services import alb, cloudfront, ecs, rds

import engine

run_task, describe_tasks = ecs._run_task, ecs._describe_tasks
create_invalidation = cloudfront._create_invalidation
describe_target_health, create_rule = alb._describe_target_health, alb._create_rule
tokens = {}
# Distributions: when which paths were invalidated.
invalidated = {}
# Seconds for which an invalidation is in progress here.
INVALIDATION = 120


def started_by_deployment(data):
    """A service's task says which deployment started it, not which service.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html
    """
    if data.get("_deploymentId"):
        data = {**data, "startedBy": data["_deploymentId"]}
    return run_task(data)


def asked_run_task(data):
    """The same token gives the same task, and is a conflict with other parameters. No capacity is no error. The group of a
    task is its family unless the request says otherwise.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html
    """
    account, token = responses.get_account_id(), data.get("clientToken")
    request = json.dumps({**data, "clientToken": None}, sort_keys=True)
    if token and (account, token) in tokens:
        known, answer = tokens[account, token]
        if known != request:
            return responses.error_response_json("ConflictException", "the token was used with others", 400)
        return answer
    family = data.get("taskDefinition", "").rsplit("/", 1)[-1].split(":")[0]
    if reason := engine.failure(account, family):
        return responses.json_response({"tasks": [], "failures": [{"reason": reason}]})
    answer = started_by_deployment({"group": f"family:{family}", **data})
    if token and answer[0] == 200:
        tokens[account, token] = request, answer
    return answer


def listed(action):
    """A cluster or service that does not exist has no lists.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html
    """

    def strict(data):
        service = data.get("serviceName")
        if data.get("cluster", "default").rsplit("/", 1)[-1] not in ecs._clusters:
            return responses.error_response_json("ClusterNotFoundException", "Cluster not found.", 400)
        if service and not any(key.endswith(f"/{service}") for key in ecs._services):
            return responses.error_response_json("ServiceNotFoundException", "Service not found.", 400)
        return action(data)

    return strict


def described_tasks(data):
    """A running task whose containers have health checks is healthy once these have passed: here, at once.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html
    """
    status, headers, body = describe_tasks(data)
    answer = json.loads(body)
    for task in answer.get("tasks", ()):
        definition = ecs._task_defs.get(ecs._resolve_td_key(task["taskDefinitionArn"])) or {}
        is_checked = any("healthCheck" in container for container in definition.get("containerDefinitions", ()))
        if is_checked and task["lastStatus"] == "RUNNING":
            task["healthStatus"] = "HEALTHY"
    return status, headers, json.dumps(answer).encode()


def only_from(action, wanted):
    """Instances start when they are stopped; they stop and are copied when they are available.
    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_StopDBInstance.html
    """

    def strict(params):
        identifier = rds._p(params, "DBInstanceIdentifier")
        instance = rds._resolve_instance(identifier)
        if instance and instance["DBInstanceStatus"] != wanted:
            return rds._error("InvalidDBInstanceState", f"Instance {identifier} is not {wanted}.", 400)
        return action(params)

    return strict


def account_attributes(params):
    """The quotas of the account, with what of each is used.
    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_AccountQuota.html
    """
    quotas = [("ManualSnapshots", len(rds._snapshots)), ("ManualClusterSnapshots", len(rds._db_cluster_snapshots))]
    shown = "".join(
        f"<AccountQuota><AccountQuotaName>{name}</AccountQuotaName><Used>{used}</Used><Max>100</Max></AccountQuota>"
        for name, used in quotas
    )
    result = f"<AccountQuotas>{shown}</AccountQuotas>"
    answer = f"<DescribeAccountAttributesResult>{result}</DescribeAccountAttributesResult>"
    return rds._xml(200, "DescribeAccountAttributesResponse", answer)


def blue_green_deployments(params):
    """There are none here.
    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeBlueGreenDeployments.html
    """
    result = "<DescribeBlueGreenDeploymentsResult><BlueGreenDeployments/></DescribeBlueGreenDeploymentsResult>"
    return rds._xml(200, "DescribeBlueGreenDeploymentsResponse", result)


def target_health(params):
    """Targets that pass no health check are unhealthy.
    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html
    """
    status, headers, body = describe_target_health(params)
    text = body.decode() if isinstance(body, bytes) else body
    members = text.split("<member>")
    for index, member in enumerate(members):
        address = member.partition("<Id>")[2].partition("</Id>")[0]
        if address and engine.is_unhealthy(address):
            members[index] = member.replace(">healthy<", ">unhealthy<")
    text = "<member>".join(members)
    return status, headers, text.encode() if isinstance(body, bytes) else text


def created_rule(params):
    """A balancer whose rule forwards to a target group stands before it.
    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroup.html
    """
    answer = create_rule(params)
    listener = alb._listeners.get(alb._p(params, "ListenerArn"))
    for action in alb._parse_actions(params, "Actions"):
        group = alb._tgs.get(action.get("TargetGroupArn"))
        if answer[0] == 200 and group and listener["LoadBalancerArn"] not in group["LoadBalancerArns"]:
            group["LoadBalancerArns"].append(listener["LoadBalancerArn"])
    return answer


def refused_path(path):
    """Paths are URL-encoded, have no `~` in any form, and a wildcard only at the end.
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html
    """
    unsafe = re.search(r"""[^!-~]|["#<>\[\\\]^`{|}~]""", path) or "%7e" in path.lower()
    return unsafe or not path.startswith("/") or "*" in path[:-1] or len(path) > 4000


def asked_invalidation(distribution, body):
    """At most 15 wildcards and 3,000 other paths are in progress.
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/InvalidationLimits.html
    """
    batch = cloudfront._parse_body(body)
    items = cloudfront._find(cloudfront._find(batch, "Paths"), "Items") if batch is not None else None
    paths = [child.text or "" for child in items] if items is not None else []
    if not paths or any(map(refused_path, paths)):
        message = "Your request contains one or more invalid invalidation paths."
        return cloudfront._error("InvalidArgument", message, 400)
    known = invalidated.setdefault((responses.get_account_id(), distribution), [])
    known[:] = [(at, earlier) for at, earlier in known if time.time() - at < INVALIDATION]
    pending = paths + [path for _, earlier in known for path in earlier]
    wildcards = sum(path.endswith("*") for path in pending)
    if wildcards > 15 or len(pending) - wildcards > 3000:
        message = "Your request would exceed the number of invalidations that may be in progress."
        return cloudfront._error("TooManyInvalidationsInProgress", message, 400)
    answer = create_invalidation(distribution, body)
    if answer[0] == 201:
        known.append((time.time(), paths))
    return answer


def put_right():
    cloudfront._create_invalidation = asked_invalidation
    ecs._run_task = started_by_deployment
    ecs._ACTION_MAP["RunTask"] = asked_run_task
    ecs._ACTION_MAP["DescribeTasks"] = described_tasks
    for action in ["ListServices", "ListTasks"]:
        ecs._ACTION_MAP[action] = listed(ecs._ACTION_MAP[action])
    alb._ACTION_MAP["CreateRule"] = created_rule
    alb._ACTION_MAP["DescribeTargetHealth"] = target_health
    rds._ACTION_MAP["DescribeAccountAttributes"] = account_attributes
    rds._ACTION_MAP["DescribeBlueGreenDeployments"] = blue_green_deployments
    for action, wanted in [
        ("StartDBInstance", "stopped"),
        ("StopDBInstance", "available"),
        ("CreateDBSnapshot", "available"),
    ]:
        rds._ACTION_MAP[action] = only_from(rds._ACTION_MAP[action], wanted)
