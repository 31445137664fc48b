//! The global flags as raw text, before `resolve` checks it.

use clap::Args;

/// The flags that every verb takes, before or after it.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
#[command(next_help_heading = "Global options")]
pub struct Flags {
    /// Read the declarations from this git repository. A URL is cloned; of a local path, only commits are read
    /// [variable: TIDEGATE_REPO]
    #[arg(long, global = true, hide_short_help = true, value_name = "URL-OR-PATH")]
    pub repo: Option<String>,
    /// Read the declarations from plain files in this folder [default: .] [variable: TIDEGATE_DIR]
    #[arg(long, global = true, hide_short_help = true, value_name = "PATH")]
    pub dir: Option<String>,
    /// Read this branch, tag or commit of the repository [default: HEAD] [variable: TIDEGATE_REV]
    #[arg(long, global = true, hide_short_help = true, value_name = "REV")]
    pub rev: Option<String>,
    /// Read environments from this folder of the repository or of the files [default: environments]
    /// [variable: TIDEGATE_PATH]
    #[arg(long, global = true, hide_short_help = true, value_name = "FOLDER")]
    pub path: Option<String>,
    /// Keep journal, locks and history in this folder [default: $STATE_DIRECTORY, else ~/.local/state/tidegate]
    /// [variable: TIDEGATE_STORE]
    #[arg(long, global = true, hide_short_help = true, value_name = "PATH")]
    pub store: Option<String>,
    /// Use AWS, or a simulated cloud that is kept in the store [default: aws] [variable: TIDEGATE_CLOUD]
    #[arg(long, global = true, hide_short_help = true, value_name = "CLOUD", value_parser = ["aws", "sim"])]
    pub cloud: Option<String>,
    /// The address for HTTP; the daemon serves nothing there yet [default: 127.0.0.1:8080]
    /// [variable: TIDEGATE_LISTEN]
    #[arg(long, global = true, hide_short_help = true, value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,
    /// Look at the repository this often, in the daemon [default: 30s] [variable: TIDEGATE_POLL_INTERVAL]
    #[arg(long, global = true, hide_short_help = true, value_name = "DURATION")]
    pub poll_interval: Option<String>,
    /// Write the daemon's log as text for people or as JSON for programs [default: text]
    /// [variable: TIDEGATE_LOG_FORMAT]
    #[arg(long, global = true, hide_short_help = true, value_name = "FORMAT", value_parser = ["text", "json"])]
    pub log_format: Option<String>,
    /// Read more settings from this TOML file [variable: TIDEGATE_CONFIG]
    #[arg(long, global = true, hide_short_help = true, value_name = "FILE")]
    pub config: Option<String>,
}

impl Flags {
    /// The flags that decide what a command speaks of, by name, as this call has them. Variables are not among them:
    /// they also hold for the next command of the same shell.
    pub fn of_the_call(&self) -> Vec<(&'static str, &str)> {
        // What only the daemon uses (`listen`, `poll-interval`, `log-format`) changes no other command.
        let names = ["cloud", "repo", "dir", "rev", "path", "store", "config"];
        names.into_iter().filter_map(|name| Some((name, self.get(name)?))).collect()
    }

    /// The text of the flag with this name.
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
