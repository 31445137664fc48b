//! Whether tidegate may act here at all: the account of the credentials, the cluster, and the store that owns it.

use crate::model::StoreId;
use crate::observe::Observed;
use crate::plan::input::PlanningInput;
use crate::plan::report::{Blocked, BlockedReason, blocked, unreadable};

/// Who may act on the cluster.
#[derive(Debug)]
pub(in crate::plan) struct Access<'a> {
    /// Why nothing may be planned; empty = tidegate may act.
    pub problems: Vec<Blocked>,
    /// The store that the cluster's tag names.
    pub owner: Option<&'a StoreId>,
}

pub(super) fn access(input: &PlanningInput) -> Access<'_> {
    Access {
        problems: account(input).into_iter().chain(cluster(input)).collect(),
        owner: input.snapshot.owner.present().and_then(|owner| owner.as_ref()),
    }
}

fn account(input: &PlanningInput) -> Option<Blocked> {
    let spec = &input.spec;
    match &input.snapshot.account {
        Observed::Present(account) if *account == spec.account => None,
        Observed::Present(account) => {
            let message = format!(
                "the credentials belong to account {account}; `{}` is declared for account {}",
                spec.name, spec.account
            );
            let hint = "use other credentials, or declare `aws.assume_role` in that account".to_owned();
            Some(blocked(BlockedReason::AccountMismatch, message, [hint]))
        }
        Observed::Unreadable { why } => Some(unreadable("the account of the credentials", why)),
        Observed::Absent => Some(unreadable("the account of the credentials", "no answer")),
    }
}

fn cluster(input: &PlanningInput) -> Option<Blocked> {
    let spec = &input.spec;
    match &input.snapshot.owner {
        Observed::Present(Some(owner)) if *owner != input.store && input.ledger.take_over.is_none() => {
            let message = format!("cluster `{}` belongs to another tidegate store: {owner}", spec.cluster);
            let hint = format!(
                "two stores must not manage one environment; if the other store is gone: tidegate apply {} --take-over --reason \"…\"",
                spec.name
            );
            Some(blocked(BlockedReason::OwnedByAnother, message, [hint]))
        }
        Observed::Present(_) => None,
        Observed::Absent => {
            let message = format!("cluster `{}` does not exist in {}", spec.cluster, spec.region);
            let hint = "correct `cluster` or `aws.region`".to_owned();
            Some(blocked(BlockedReason::Missing, message, [hint]))
        }
        Observed::Unreadable { why } => Some(unreadable(&format!("cluster `{}`", spec.cluster), why)),
    }
}
