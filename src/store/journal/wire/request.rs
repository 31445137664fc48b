//! Operator requests as the journal writes them, and the records and runs that hold one.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::parts::WireState;
use crate::model::{Instant, Version};
use crate::store::journal::operator::{OperatorCommand, OperatorRequest};

#[derive(Serialize, Deserialize)]
pub(in crate::store::journal) struct WireRequest {
    who: String,
    reason: String,
    #[serde(flatten)]
    command: WireCommand,
}

/// `wish` is the word that the first lines were written with.
#[derive(Serialize, Deserialize)]
#[serde(tag = "wish", rename_all = "kebab-case")]
enum WireCommand {
    Retry,
    Abort { version: String },
    StopMigration { attempt: u32 },
    RecordSchema { version: String },
    IgnoreWindow,
    TakeOver,
    Override { state: WireState, until: Instant },
    ClearOverride,
    Suspend { until: Option<Instant> },
    Resume,
}

impl From<OperatorRequest> for WireRequest {
    fn from(request: OperatorRequest) -> Self {
        let OperatorRequest { who, reason, command } = request;
        let command = match command {
            OperatorCommand::Retry => WireCommand::Retry,
            OperatorCommand::Abort { version } => WireCommand::Abort { version: version.to_string() },
            OperatorCommand::StopMigration { attempt } => WireCommand::StopMigration { attempt },
            OperatorCommand::RecordSchema { version } => {
                WireCommand::RecordSchema { version: version.to_string() }
            }
            OperatorCommand::IgnoreWindow => WireCommand::IgnoreWindow,
            OperatorCommand::TakeOver => WireCommand::TakeOver,
            OperatorCommand::Override { state, until } => {
                WireCommand::Override { state: state.into(), until }
            }
            OperatorCommand::ClearOverride => WireCommand::ClearOverride,
            OperatorCommand::Suspend { until } => WireCommand::Suspend { until },
            OperatorCommand::Resume => WireCommand::Resume,
        };
        Self { who, reason, command }
    }
}

impl From<WireRequest> for OperatorRequest {
    fn from(request: WireRequest) -> Self {
        let WireRequest { who, reason, command } = request;
        let command = match command {
            WireCommand::Retry => OperatorCommand::Retry,
            WireCommand::Abort { version } => OperatorCommand::Abort { version: Version::new(version) },
            WireCommand::StopMigration { attempt } => OperatorCommand::StopMigration { attempt },
            WireCommand::RecordSchema { version } => {
                OperatorCommand::RecordSchema { version: Version::new(version) }
            }
            WireCommand::IgnoreWindow => OperatorCommand::IgnoreWindow,
            WireCommand::TakeOver => OperatorCommand::TakeOver,
            WireCommand::Override { state, until } => {
                OperatorCommand::Override { state: state.into(), until }
            }
            WireCommand::ClearOverride => OperatorCommand::ClearOverride,
            WireCommand::Suspend { until } => OperatorCommand::Suspend { until },
            WireCommand::Resume => OperatorCommand::Resume,
        };
        Self { who, reason, command }
    }
}

impl Serialize for OperatorRequest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        WireRequest::from(self.clone()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for OperatorRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        WireRequest::deserialize(deserializer).map(Into::into)
    }
}
