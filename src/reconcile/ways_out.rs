//! What an operator can do after an action that did not succeed: the ways out, as commands.

use crate::plan::{Action, ActionKind};

/// The ways out, one a line. Every kind of action has one of its own.
pub(super) fn ways_out(environment: &str, action: &Action) -> Vec<String> {
    let resource = &action.resource;
    let own = match &action.kind {
        ActionKind::ClaimOwner { .. } => {
            "allow `ecs:TagResource` on the cluster: the policy is `systemd/iam/enforce.json`".to_owned()
        }
        ActionKind::RecordSchema { .. } => {
            format!("allow `rds:AddTagsToResource` on `{resource}`: the schema version is kept in its tag")
        }
        ActionKind::AssociateFunction { .. } => {
            format!("look at the distribution of `{resource}` in the CloudFront console: nothing of the release has begun")
        }
        ActionKind::StageSite { .. } => {
            format!("look at the source and the bucket of the site `{resource}`: users still see the version before")
        }
        ActionKind::SwitchSite { .. } => {
            format!("look at the bucket of the site `{resource}`; its entry points are switched last")
        }
        ActionKind::Invalidate { .. } => {
            format!("allow `cloudfront:CreateInvalidation`; until it is accepted, users of `{resource}` may see older files")
        }
        ActionKind::BeginRelease { .. }
        | ActionKind::GiveUpRelease { .. }
        | ActionKind::FinishRelease { .. }
        | ActionKind::EndLostMigration { .. } => {
            "look at the store: its disk may be full or read-only".to_owned()
        }
        ActionKind::CloseGate { .. } => {
            "look at the rules of the load balancer and at the CloudFront function: users may still get through"
                .to_owned()
        }
        ActionKind::OpenGate { .. } => {
            "users stay locked out until it opens: look at the rules of the load balancer and at the CloudFront function"
                .to_owned()
        }
        ActionKind::Drain { .. } => {
            "look for requests that get through the closed gate: another listener, or a rule that tidegate does not gate"
                .to_owned()
        }
        ActionKind::StopService { service, .. } => {
            format!("look at the tasks and the events of `{service}` in the ECS console: what keeps them running?")
        }
        ActionKind::AwaitTasks { .. } => {
            "stop these tasks, or their service: a plan names each with its command".to_owned()
        }
        ActionKind::StartDatabase | ActionKind::StopDatabase => {
            format!("look at the events of database `{resource}` in the RDS console")
        }
        ActionKind::TakeSnapshot { .. } => {
            format!("look at the snapshots and the events of database `{resource}` in the RDS console")
        }
        ActionKind::Migrate(_) => {
            format!("look at the stopped tasks of family `{resource}` in the ECS console, and at their log")
        }
        ActionKind::Settle { .. } => "nothing has to be repaired: the wait continues".to_owned(),
        ActionKind::StartService(start) => {
            let service = &start.service;
            format!("look at the events and the stopped tasks of `{service}` in the ECS console")
        }
        ActionKind::RestoreRollback { service, .. } => {
            format!("users are back; only the automatic rollbacks of `{service}` are still off")
        }
        ActionKind::Check { .. } => {
            "look at what the address answers with the bypass header: the gate opens once the checks pass".to_owned()
        }
        ActionKind::PruneSnapshots { .. } => {
            "users are back; only old snapshots are still there".to_owned()
        }
    };
    let next = match &action.kind {
        // It may be held: only a plan knows.
        ActionKind::Migrate(_) | ActionKind::StartService(_) => {
            format!("to see what follows, and the ways out: tidegate status {environment}")
        }
        _ => format!("tidegate tries again by itself; to try now: tidegate apply {environment}"),
    };
    vec![own, next]
}
