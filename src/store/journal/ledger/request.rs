//! What each operator request changes in the ledger.

use super::Ledger;
use crate::store::journal::operator::{OperatorCommand, OperatorRequest};

impl Ledger {
    pub(super) fn request(&mut self, request: &OperatorRequest) {
        match &request.command {
            OperatorCommand::Retry => {
                // The old version is on its way back and did not come up: that is what is tried again. The release
                // itself begins again with the next request.
                if self.release.is_none() || self.failed_starts.is_empty() {
                    (self.aborted, self.given_up) = (None, None);
                }
                (self.failed_step, self.stalled_at) = (None, None);
                self.failed_starts.clear();
                self.corrections.clear();
                self.retry = Some(request.clone());
            }
            OperatorCommand::Abort { version } => self.aborted = Some((version.clone(), request.clone())),
            OperatorCommand::StopMigration { attempt } => {
                let Ok(open) = self.open_attempt("requested", *attempt) else { return };
                open.stop = Some(request.clone());
                // tidegate would try an attempt again that has not run.
                let given_up = (!open.reached_running).then(|| (open.to.clone(), request.clone()));
                self.aborted = given_up.or(self.aborted.take());
            }
            // The tag is set by an action; the event that it was set closes the attempt.
            OperatorCommand::RecordSchema { version } => {
                self.record_requested = Some((version.clone(), request.clone()))
            }
            OperatorCommand::IgnoreWindow => self.ignore_window = Some(request.clone()),
            OperatorCommand::TakeOver => self.take_over = Some(request.clone()),
            OperatorCommand::Override { .. } => self.override_ = Some(request.clone()),
            OperatorCommand::ClearOverride => self.override_ = None,
            OperatorCommand::Suspend { .. } => self.suspension = Some(request.clone()),
            OperatorCommand::Resume => self.suspension = None,
        }
    }
}
