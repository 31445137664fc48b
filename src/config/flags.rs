//! The global flags, raw: what a person typed, before it means anything.

use clap::Args;

/// The flags that every verb takes, before or after it.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
#[command(next_help_heading = "Global options")]
pub struct Flags {
    /// Read the declarations from this git repository: a URL is cloned, of a path only the commits are read
    /// [variable: TIDEGATE_REPO]
    #[arg(long, global = true, value_name = "URL-OR-PATH")]
    pub repo: Option<String>,
    /// Read the declarations from plain files [default: .] [variable: TIDEGATE_DIR]
    #[arg(long, global = true, value_name = "PATH")]
    pub dir: Option<String>,
    /// The branch, tag or commit of the repository [default: its HEAD] [variable: TIDEGATE_REV]
    #[arg(long, global = true, value_name = "REV")]
    pub rev: Option<String>,
    /// The folder of environments inside [default: environments] [variable: TIDEGATE_PATH]
    #[arg(long, global = true, value_name = "FOLDER")]
    pub path: Option<String>,
    /// Keep journal, leases and history here [default: $STATE_DIRECTORY, else ~/.local/state/tidegate]
    /// [variable: TIDEGATE_STORE]
    #[arg(long, global = true, value_name = "PATH")]
    pub store: Option<String>,
    /// Act on the real or on a simulated cloud [default: aws] [variable: TIDEGATE_CLOUD]
    #[arg(long, global = true, value_name = "CLOUD", value_parser = ["aws", "sim"])]
    pub cloud: Option<String>,
    /// The address for HTTP; nothing is served there yet [default: 127.0.0.1:8080] [variable: TIDEGATE_LISTEN]
    #[arg(long, global = true, value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,
    /// Look at the repository this often [default: 30s] [variable: TIDEGATE_POLL_INTERVAL]
    #[arg(long, global = true, value_name = "DURATION")]
    pub poll_interval: Option<String>,
    /// Log for people or for machines [default: text] [variable: TIDEGATE_LOG_FORMAT]
    #[arg(long, global = true, value_name = "FORMAT", value_parser = ["text", "json"])]
    pub log_format: Option<String>,
    /// Read more settings from this TOML file [variable: TIDEGATE_CONFIG]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<String>,
}

impl Flags {
    /// The flag of this name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let Self { repo, dir, rev, path, store, cloud, listen, poll_interval, log_format, config } = self;
        match name {
            "repo" => repo,
            "dir" => dir,
            "rev" => rev,
            "path" => path,
            "store" => store,
            "cloud" => cloud,
            "listen" => listen,
            "poll-interval" => poll_interval,
            "log-format" => log_format,
            "config" => config,
            _ => unreachable!("only names of flags are asked for"),
        }
        .as_deref()
    }
}
