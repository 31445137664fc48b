//! Where logs go: standard error, as text for people or as one JSON object a line. Set up once, by verbs that
//! log.
//!
//! The message holds every fact in words; its fields hold them again for programs. JSON has both. Text has the
//! message and those fields that add something to it.

use std::fmt;
use std::io::{self, IsTerminal as _};

use tracing::field::{Field, Visit};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::Writer;

use crate::config::LogFormat;
use crate::report::page::Page;

/// The filter without `TIDEGATE_LOG`: transitions and effects.
const FILTER_DEFAULT: &str = "tidegate=info,warn";

/// The fields that text shows: those that the message may leave out.
const IN_TEXT: [&str; 7] = ["environment", "run", "error", "reason", "hint", "who", "pid"];

/// Starts logging. `filter` is the value of `TIDEGATE_LOG`, in the syntax of `tracing`:
/// `tidegate=debug,tidegate::source=trace`. Commands have the flags of `page`.
///
/// # Errors
/// When the filter cannot be parsed; the text says why.
pub fn start(format: LogFormat, filter: Option<&str>, page: &'static Page) -> Result<(), String> {
    let filter = EnvFilter::try_new(filter.unwrap_or(FILTER_DEFAULT))
        .map_err(|error| format!("TIDEGATE_LOG: {error}"))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let started = match format {
        LogFormat::Json => {
            let addressed = move || AddressedJson(page);
            builder.json().flatten_event(true).with_writer(addressed).try_init()
        }
        LogFormat::Text => {
            let builder = builder.fmt_fields(Words(page)).with_target(false);
            builder.with_ansi(io::stderr().is_terminal()).try_init()
        }
    };
    started.map_err(|error| error.to_string())
}

/// Standard error for lines of JSON, with the flags of the page in the commands of messages and hints.
struct AddressedJson(&'static Page);

impl io::Write for AddressedJson {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match serde_json::from_slice(line) {
            Ok(event) => writeln!(io::stderr(), "{}", self.0.addressed_json(&event))?,
            Err(_) => io::stderr().write_all(line)?,
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Writes the message and the fields of [`IN_TEXT`], with the flags of the page in their commands.
struct Words(&'static Page);

impl<'w> FormatFields<'w> for Words {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut line = Line { writer, page: self.0, is_begun: false, outcome: Ok(()) };
        fields.record(&mut line);
        line.outcome
    }
}

struct Line<'w> {
    writer: Writer<'w>,
    page: &'static Page,
    is_begun: bool,
    outcome: fmt::Result,
}

impl Line<'_> {
    fn write(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        let name = field.name();
        if self.outcome.is_err() || !(name == "message" || IN_TEXT.contains(&name)) {
            return;
        }
        let gap = if self.is_begun { " " } else { "" };
        self.is_begun = true;
        let value = value.to_string();
        self.outcome = match name {
            "message" => write!(self.writer, "{gap}{}", self.page.addressed(&value)),
            name => write!(self.writer, "{gap}{name}={value}"),
        };
    }
}

impl Visit for Line<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => self.write(field, format_args!("{value}")),
            _ => self.write(field, format_args!("{:?}", self.page.addressed(value))),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.write(field, format_args!("{value:?}"));
    }
}
