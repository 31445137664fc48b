use std::collections::HashMap;

use secrecy::ExposeSecret;

use super::*;
use crate::source::RemoteUrl;

/// Flags and variables as `name=value`, and a file at `/etc/tidegate/config.toml`.
fn settings(flags: &[&str], variables: &[&str], file: &str) -> Result<Settings, ConfigError> {
    let mut given = Flags::default();
    for flag in flags {
        let (name, value) = flag.split_once('=').unwrap();
        let value = Some(value.to_owned());
        match name {
            "repo" => given.repo = value,
            "dir" => given.dir = value,
            "rev" => given.rev = value,
            "path" => given.path = value,
            "store" => given.store = value,
            "cloud" => given.cloud = value,
            "listen" => given.listen = value,
            "poll-interval" => given.poll_interval = value,
            "log-format" => given.log_format = value,
            _ => panic!("{name}"),
        }
    }
    let variables: HashMap<_, _> = variables.iter().map(|pair| pair.split_once('=').unwrap()).collect();
    let lookup = |name: &str| variables.get(name).map(|value| (*value).to_owned());
    let file = (!file.is_empty())
        .then(|| ConfigFile::parse(Path::new("/etc/tidegate/config.toml"), file.to_owned()))
        .transpose()?;
    resolve(&given, lookup, file.as_ref())
}

fn message(flags: &[&str], variables: &[&str], file: &str) -> String {
    settings(flags, variables, file).unwrap_err().to_string()
}

#[test]
fn flags_beat_variables_beat_the_file_beats_the_default() {
    type Read = fn(&Settings) -> String;
    let rows: [(&str, &str, [&str; 4], Read); 6] = [
        ("path", "path", ["envs", "deploy", "k8s", "environments"], |s| s.path.clone()),
        ("cloud", "cloud", ["sim", "aws", "sim", "Aws"], |s| format!("{:?}", s.cloud)),
        ("listen", "listen", ["[::1]:1", "1.2.3.4:2", "0.0.0.0:3", "127.0.0.1:8080"], |s| {
            s.listen.to_string()
        }),
        ("poll-interval", "poll_interval", ["10s", "1m 30s", "2h", "30s"], |s| {
            humantime::format_duration(s.poll_interval).to_string()
        }),
        ("log-format", "log_format", ["json", "text", "json", "Text"], |s| format!("{:?}", s.log_format)),
        ("store", "store", ["/a", "/b", "/c", "/home/ann/.local/state/tidegate"], |s| {
            s.store().unwrap().display().to_string()
        }),
    ];
    for (flag, key, values, read) in rows {
        let flags = [format!("{flag}={}", values[0])];
        let variables =
            [format!("TIDEGATE_{}={}", key.to_uppercase(), values[1]), "HOME=/home/ann".to_owned()];
        let file = format!("{key} = \"{}\"", values[2]);
        let (flags, variables): (Vec<_>, Vec<_>) =
            (flags.iter().map(String::as_str).collect(), variables.iter().map(String::as_str).collect());
        for (strongest, settings) in [
            settings(&flags, &variables, &file),
            settings(&[], &variables, &file),
            settings(&[], &variables[1..], &file),
            settings(&[], &variables[1..], ""),
        ]
        .into_iter()
        .enumerate()
        {
            let read = read(&settings.unwrap());
            assert!(
                read.eq_ignore_ascii_case(values[strongest]),
                "{flag}: {read}, not {}",
                values[strongest]
            );
        }
    }
}

#[test]
fn the_highest_layer_says_where_declarations_are() {
    let repo = |path: &str| Location::LocalRepo(path.into());
    let dir = |path: &str| Location::Dir(path.into());
    for (flags, variables, file, location, rev) in [
        (&[][..], &[][..], "", dir("."), None),
        (&["dir=x"], &["TIDEGATE_REPO=/r"], "", dir("x"), None),
        (&["repo=r"], &["TIDEGATE_DIR=/x"], "", repo("r"), None),
        (&[], &["TIDEGATE_REPO=/r", "TIDEGATE_REV=next"], "dir = 'x'", repo("/r"), Some("next")),
        (&[], &["TIDEGATE_REPO="], "dir = 'x'", dir("/etc/tidegate/x"), None),
        (&["rev=v1"], &[], "repo = '../r'\nrev = 'main'", repo("/etc/tidegate/../r"), Some("v1")),
        // A revision below belonged to what was replaced.
        (&["dir=."], &[], "repo = '/r'\nrev = 'main'", dir("."), None),
        (&["repo=/q"], &[], "repo = '/r'\nrev = 'main'", repo("/q"), None),
        (
            &[],
            &[],
            "repo = 'git@github.com:graasp/deploy.git'",
            Location::Remote(RemoteUrl::new("git@github.com:graasp/deploy.git")),
            None,
        ),
    ] {
        let settings = settings(flags, variables, file).unwrap();
        assert_eq!(
            (settings.location, settings.rev.as_deref()),
            (location, rev),
            "{flags:?} {variables:?} {file}"
        );
    }
}

#[test]
fn settings_that_contradict_each_other_are_refused_with_their_places() {
    for (flags, variables, file, expected) in [
        (&["repo=r", "dir=d"][..], &[][..], "", "--repo and --dir cannot be used together"),
        (&["dir=d", "rev=v1"], &[], "", "--rev: plain files have no revisions"),
        (&[], &["TIDEGATE_REV=v1"], "", "TIDEGATE_REV: plain files have no revisions"),
        (
            &[],
            &[],
            "dir = 'd'\nrepo = 'r'",
            "/etc/tidegate/config.toml:2:8: repo and /etc/tidegate/config.toml:1:7: dir cannot be used together",
        ),
        (
            &[],
            &[],
            "[git]\ntoken_file = 'f'\ntoken_env = 'E'",
            "/etc/tidegate/config.toml:2:14: git.token_file and /etc/tidegate/config.toml:3:13: git.token_env \
             cannot be used together",
        ),
        (
            &["repo=https://host/x"],
            &["E="],
            "[git]\ntoken_env = 'E'",
            "/etc/tidegate/config.toml:2:13: git.token_env: the variable `E` is not set",
        ),
    ] {
        assert_eq!(message(flags, variables, file), expected);
    }
}

#[test]
fn a_wrong_value_is_refused_with_its_place() {
    for (flags, variables, file, expected) in [
        (
            &["poll-interval=30"][..],
            &[][..],
            "",
            "--poll-interval: `30` is not a duration from 1s to 1day, such as",
        ),
        (&[], &["TIDEGATE_POLL_INTERVAL=0s"], "", "TIDEGATE_POLL_INTERVAL: `0s` is not a duration from"),
        (&[], &["TIDEGATE_CLOUD=gcp"], "", "TIDEGATE_CLOUD: `gcp` is not `aws` or `sim`"),
        (
            &[],
            &[],
            "log_format = \"xml\"",
            "/etc/tidegate/config.toml:1:14: log_format: `xml` is not `text` or",
        ),
        (&["listen=8080"], &[], "", "--listen: `8080` is not an address and a port"),
        (&["store=s3://bucket/x"], &[], "", "--store: `s3://bucket/x` is not a directory"),
        (
            &[],
            &[],
            "[git]\ntimeout = '2d'",
            "/etc/tidegate/config.toml:2:11: git.timeout: `2d` is not a duration",
        ),
        (
            &[],
            &[],
            "[allow]\nassume_roles = ['arn:aws:iam::592217263685:role/tidegate',\n  'admin']",
            "/etc/tidegate/config.toml:3:3: allow.assume_roles: `admin` is not the ARN of a role",
        ),
    ] {
        let message = message(flags, variables, file);
        assert!(message.starts_with(expected), "{message}");
    }
}

#[test]
fn a_file_with_unknown_keys_or_broken_syntax_says_where() {
    for (file, place, hint) in [
        ("repo = 'r'\n  stoer = 'x'", "2:3: unknown field `stoer`", "did you mean `store`?"),
        ("[git]\nssh_keys = 'x'", "2:1: unknown field `ssh_keys`", "did you mean `ssh_key`?"),
        ("[hooks]\nx = 1", "1:2: unknown field `hooks`", "correct the file"),
        ("poll_interval = 30", "1:17: invalid type: integer `30`", "correct the file"),
        ("repo = ", "1:8: ", "correct the file"),
        ("repo = 'a'\nrepo = 'b'", "2:1: duplicate key", "correct the file"),
        ("# ü\n\"ü\" = 1 = 2", "2:9: ", "correct the file"),
    ] {
        let error = settings(&[], &[], file).unwrap_err();
        let expected = format!("/etc/tidegate/config.toml:{place}");
        assert!(error.to_string().starts_with(&expected), "{file:?}: {error}");
        assert_eq!(error.hint(), hint, "{file:?}");
        assert!(!error.is_usage() && !error.to_string().contains('\n'), "{file:?}");
    }
}

#[test]
fn the_store_is_where_the_system_wants_state() {
    for (variables, store) in [
        (&["STATE_DIRECTORY=/var/lib/tidegate", "HOME=/home/ann"][..], Some("/var/lib/tidegate")),
        (&["STATE_DIRECTORY=/var/lib/tidegate:/var/lib/other"], Some("/var/lib/tidegate")),
        (&["XDG_STATE_HOME=/state", "HOME=/home/ann"], Some("/state/tidegate")),
        (&["XDG_STATE_HOME=state", "HOME=/home/ann"], Some("/home/ann/.local/state/tidegate")),
        (&["HOME=/home/ann"], Some("/home/ann/.local/state/tidegate")),
        (&["TIDEGATE_STORE=here", "STATE_DIRECTORY=/var/lib/tidegate"], Some("here")),
        (&["HOME="], None),
    ] {
        let settings = settings(&[], variables, "").unwrap();
        assert_eq!(settings.store().ok(), store.map(Path::new), "{variables:?}");
    }
    let inside = settings(&[], &["HOME=/home/ann"], "store = 'state'").unwrap();
    assert_eq!(inside.store().unwrap(), Path::new("/etc/tidegate/state"));
}

#[test]
fn the_file_brings_credentials_and_permissions() {
    let file = "
        [git]
        ssh_key = 'keys/deploy'
        token_env = 'GIT_TOKEN'
        timeout = '2m'
        [allow]
        assume_roles = ['arn:aws:iam::592217263685:role/tidegate']
        env = ['BYPASS']
        files = ['/run/secrets/bypass', 'bypass']
    ";
    let settings = settings(&["repo=https://host/x"], &["GIT_TOKEN=s3cret"], file).unwrap();
    assert_eq!(settings.credentials.ssh_key.as_deref(), Some(Path::new("/etc/tidegate/keys/deploy")));
    match &settings.credentials.token {
        Some(Token::Value(token)) => assert_eq!(token.expose_secret(), "s3cret"),
        token => panic!("{token:?}"),
    }
    assert!(!format!("{settings:?}").contains("s3cret"));
    assert_eq!(settings.git_timeout, Duration::from_secs(120));
    assert!(settings.allow.assume_roles.contains("arn:aws:iam::592217263685:role/tidegate"));
    assert!(settings.allow.env.contains("BYPASS"));
    let files: Vec<_> = settings.allow.files.iter().map(|file| file.to_str().unwrap()).collect();
    assert_eq!(files, ["/etc/tidegate/bypass", "/run/secrets/bypass"]);

    let request = settings.source(Some("/clones".into()));
    assert_eq!((request.timeout, request.clones), (Duration::from_secs(120), Some("/clones".into())));
}

#[test]
fn without_a_remote_the_token_is_not_needed() {
    let settings = settings(&["dir=."], &[], "[git]\ntoken_env = 'GIT_TOKEN'").unwrap();
    assert!(settings.credentials.token.is_none());
}

#[test]
fn the_file_is_named_by_flag_or_variable_and_must_be_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    std::fs::write(&path, "rev = 'next'\nrepo = '.'").unwrap();
    let named = Some(path.display().to_string());
    let by_flag = load(&Flags { config: named.clone(), ..Flags::default() }, |_| None).unwrap();
    assert_eq!(by_flag.rev.as_deref(), Some("next"));
    assert_eq!(by_flag.location, Location::LocalRepo(folder.path().join(".")));
    let by_variable =
        load(&Flags::default(), |name| named.clone().filter(|_| name == "TIDEGATE_CONFIG")).unwrap();
    assert_eq!(by_variable.rev.as_deref(), Some("next"));

    let error =
        load(&Flags { config: Some("/nowhere.toml".into()), ..Flags::default() }, |_| None).unwrap_err();
    assert_eq!(error.to_string(), "cannot read the configuration file /nowhere.toml");
    assert!(error.is_usage());
}

#[test]
fn every_flag_stands_before_or_after_the_verb() {
    #[derive(clap::Parser)]
    struct Program {
        #[command(flatten)]
        flags: Flags,
        #[command(subcommand)]
        verb: Verb,
    }
    #[derive(clap::Subcommand)]
    enum Verb {
        Plan,
    }
    use clap::{CommandFactory, Parser};
    Program::command().debug_assert();
    for line in ["t --repo r --cloud sim plan", "t plan --repo r --cloud sim", "t --repo r plan --cloud sim"]
    {
        let Program { flags, verb: Verb::Plan } = Program::parse_from(line.split(' '));
        assert_eq!(flags, Flags { repo: Some("r".into()), cloud: Some("sim".into()), ..Flags::default() });
    }
}

#[test]
fn rates_are_ours_as_far_as_the_file_says() {
    use crate::cloud::{Family, Rate, Rates};
    assert_eq!(settings(&["dir=."], &[], "").unwrap().rates, Rates::default());
    let file = "[aws]\nshare = 0.25\n[aws.rates]\nrds = { burst = 5, per_second = 0.5 }";
    let expected = Rates::share(0.25).with(Family::Database, Rate { burst: 5.0, per_second: 0.5 });
    assert_eq!(settings(&["dir=."], &[], file).unwrap().rates, expected);
    for (file, said) in [
        ("[aws]\nshare = 1.5", "aws.share"),
        ("[aws.rates]\nrds = { burst = 0.0, per_second = 1.0 }", "a number above 0"),
        ("[aws.rates]\nec2 = { burst = 1.0, per_second = 1.0 }", "ecs-service-read"),
    ] {
        let error = settings(&["dir=."], &[], file).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}
