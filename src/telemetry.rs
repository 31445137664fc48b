//! Where logs go: standard error, for people or one JSON object a line. Set up once, by verbs that log.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;

/// What is logged unless `TIDEGATE_LOG` says otherwise: transitions and effects.
const FILTER_DEFAULT: &str = "tidegate=info,warn";

/// Starts logging. `filter` is what `TIDEGATE_LOG` says, in the syntax of `tracing`:
/// `tidegate=debug,tidegate::source=trace`.
///
/// # Errors
/// When the filter cannot be read, in words.
pub fn start(format: LogFormat, filter: Option<&str>) -> Result<(), String> {
    let filter = EnvFilter::try_new(filter.unwrap_or(FILTER_DEFAULT))
        .map_err(|error| format!("TIDEGATE_LOG: {error}"))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let started = match format {
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
        LogFormat::Text => builder.with_ansi(io::stderr().is_terminal()).with_target(false).try_init(),
    };
    started.map_err(|error| error.to_string())
}
