"""Policies as AWS evaluates them: on which resources, and with which keys.

The emulator has IAM's evaluation, and knows for most requests only the cluster, or nothing, of what they touch. Here
stands, for what a release does, what is asked of IAM for it:
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html

Tests make their users here, and whoever passes a request on to another emulator asks here first.
"""

import contextvars
import http.server
import json
import os
import threading

import boto3
from ministack.core import iam_actions, iam_evaluator, sigv4
from ministack.core.responses import set_request_account_id
from ministack.services import ecs, rds

REGION = os.environ["MINISTACK_REGION"]
# What the next evaluation is to ask instead: actions, resources and keys.
asked = contextvars.ContextVar("asked", default=None)
extract = iam_actions.extract_resource_arn
enforce = iam_evaluator.enforce


def pass_roles(definition):
    roles = [definition.get("taskRoleArn"), definition.get("executionRoleArn")]
    keys = {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
    return [("iam:PassRole", role, keys) for role in roles if role]


def on_ecs(action, body, account):
    def arn(kind, name, within=""):
        return name if name.startswith("arn:") else f"arn:aws:ecs:{REGION}:{account}:{kind}/{within}{name}"

    cluster = body.get("cluster", "default").split("/")[-1] + "/"
    keys = {"ecs:cluster": arn("cluster", cluster[:-1])}
    made = [tag["key"] for tag in body.get("tags", [])]
    tags = {"aws:TagKeys": made, "ecs:CreateAction": action} if made else None
    match action:
        case "DescribeClusters":
            return [(None, arn("cluster", name), {}) for name in body["clusters"]]
        case "DescribeServices":
            return [(None, arn("service", name, cluster), keys) for name in body["services"]]
        case "DescribeTasks":
            return [(None, arn("task", name, cluster), keys) for name in body["tasks"]]
        case "DescribeServiceDeployments":
            return [(None, name, {}) for name in body["serviceDeploymentArns"]]
        case "DescribeCapacityProviders":
            return [(None, arn("capacity-provider", name), {}) for name in body["capacityProviders"]]
        case "StopTask":
            task = arn("task", body["task"], cluster)
            tags = ecs._tasks.get(task, {}).get("tags", [])
            return [(None, task, keys | {f"aws:ResourceTag/{tag['key']}": tag["value"] for tag in tags})]
        case "UpdateService":
            return [(None, arn("service", body["service"], cluster), keys)]
        case "TagResource":
            return [(None, body["resourceArn"], {})]
        case "RegisterTaskDefinition":
            definition = arn("task-definition", f"{body['family']}:*")
            return [(None, definition, {})] + tagged("ecs:TagResource", definition, tags) + pass_roles(body)
        case "RunTask":
            definition = arn("task-definition", body["taskDefinition"])
            started = tagged("ecs:TagResource", arn("task", "*", cluster), tags)
            known = ecs._task_defs.get(definition.split("/")[-1], {})
            return [(None, definition, keys)] + started + pass_roles(known)
    return [(None, "*", keys)]


def tagged(action, arn, keys):
    return [(action, arn, keys)] if keys else []


def on_rds(action, named, account):
    def arns(*kinds):
        found = [(kind, named(parameter)) for kind, parameter in kinds]
        return [f"arn:aws:rds:{REGION}:{account}:{kind}:{name}" for kind, name in found if name]

    if name := named("ResourceName"):
        return [(None, name, {})]
    found = arns(
        ("db", "DBInstanceIdentifier"),
        ("cluster", "DBClusterIdentifier"),
        ("snapshot", "DBSnapshotIdentifier"),
        ("cluster-snapshot", "DBClusterSnapshotIdentifier"),
    )
    if action.startswith("Describe") and not found:
        found = [f"arn:aws:rds:{REGION}:{account}:db:*"]
    tags = []
    if action in ("CreateDBSnapshot", "CreateDBClusterSnapshot") and named("Tags.Tag.1.Key"):
        tags = [("rds:AddTagsToResource", found[-1], {})]
    return [(None, arn, tags_of(arn)) for arn in found] + tags


def tags_of(arn):
    return {f"aws:ResourceTag/{tag['Key']}": tag["Value"] for tag in rds._tags.get(arn, [])}


def on_balancers(action, named):
    if action.startswith("Describe"):
        return [(None, "*", {})]
    return [(None, named("RuleArn") or named("ResourceArns.member.1"), {})]


def on_edge(path, account):
    match [part for part in path.split("/") if part][1:]:
        case ["function", name, *_]:
            return [(None, f"arn:aws:cloudfront::{account}:function/{name}", {})]
    return None


def checks(service, method, path, headers, body, params, account):
    """What is asked of IAM for this request; `None` where the emulator knows as much."""

    def named(parameter):
        value = params.get(parameter, "")
        return value[0] if isinstance(value, list) else value

    operation = headers.get("x-amz-target", "").split(".")[-1]
    match service:
        case "ecs":
            return on_ecs(operation, json.loads(body), account)
        case "rds":
            return on_rds(named("Action"), named, account)
        case "elasticloadbalancing":
            return on_balancers(named("Action"), named)
        case "cloudfront":
            return on_edge(path, account)
        case "logs" if operation == "GetLogEvents":
            told = json.loads(body)
            stream = f"{told['logGroupName']}:log-stream:{told['logStreamName']}"
            return [(None, f"arn:aws:logs:{REGION}:{account}:log-group:{stream}", {})]
    return None


def extract_resource_arn(service, method, path, headers, body, params, region, account):
    asked.set(checks(service, method, path, headers, body, params, account))
    return extract(service, method, path, headers, body, params, region, account)


def enforce_all(key, action, service, region, resource_arn="*", service_context=None):
    context = service_context or {}
    found, _ = asked.get(), asked.set(None)
    for other, arn, keys in found or [(None, resource_arn, {})]:
        if denied := enforce(key, other or action, service, region, arn, {**context, **keys}):
            return denied
    return None


def correct():
    iam_actions.extract_resource_arn = extract_resource_arn
    iam_evaluator.enforce = enforce_all
    # Time runs faster here than where requests are signed: how old a signature is tells nothing.
    sigv4.request_time_failure = lambda *_, **__: None


def iam_of(account):
    """IAM, as the root user."""
    return boto3.client(
        "iam",
        endpoint_url=f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}",
        region_name=REGION,
        aws_access_key_id=account,
        aws_secret_access_key=os.environ["AWS_SECRET_ACCESS_KEY"],
    )


def make_role(told):
    """A role for tasks."""
    trust = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam_of(told["account"]).create_role(RoleName=told["name"], AssumeRolePolicyDocument=document)
    return {}


def make_user(told):
    """A user with these policies and no others: a key and its secret."""
    iam = iam_of(told["account"])
    iam.create_user(UserName=told["name"])
    for name, document in told["policies"].items():
        iam.put_user_policy(UserName=told["name"], PolicyName=name, PolicyDocument=json.dumps(document))
    key = iam.create_access_key(UserName=told["name"])["AccessKey"]
    return {"access_key_id": key["AccessKeyId"], "secret_access_key": key["SecretAccessKey"]}


def may_scale(told):
    """Whose key this is, and whether it may do that to scalable targets."""
    service = "application-autoscaling"
    account = iam_evaluator.find_iam_access_key_account(told["key"]) or told["key"]
    set_request_account_id(account)
    names = {"scalable-dimension": "ScalableDimension", "service-namespace": "ServiceNamespace"}
    keys = {f"{service}:{name}": told["told"].get(field) for name, field in names.items()}
    describes = told["operation"].startswith("Describe")
    resource = "*" if describes else f"arn:aws:{service}:{REGION}:{account}:scalable-target/1"
    denied = enforce(told["key"], f"{service}:{told['operation']}", service, REGION, resource, keys)
    return {"account": account, "allowed": denied is None}


class Api(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = {"/roles": make_role, "/users": make_user, "/may-scale": may_scale}[self.path](told)
        self.send_response_only(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_):
        pass


def serve(port):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Api)
    threading.Thread(target=server.serve_forever, daemon=True).start()
