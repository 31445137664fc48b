//! `import`: prints or writes the declaration of a cluster that exists. The room `import` decides what is declared.

mod file;
mod place;

use secrecy::SecretString;
use serde_json::json;

use super::error::{CliError, Exit};
use super::input::Output;
use super::ui;
use crate::cloud::CloudError;
use crate::config::{Cloud, Settings};
use crate::context::{AccountContext, ClusterLocation};
use crate::gate;
use crate::import::{self, ImportError, ImportOptions, Imported, SurveyTarget};
use crate::model::EnvironmentName;
use crate::observe::patiently;
use crate::report::json::SCHEMA;

/// Print the YAML declaration of an ECS cluster that already exists
///
/// Reads the cluster and prints the YAML of an environment: services with their versions, counts and autoscaling, the
/// database, the load balancer. The YAML is valid, uses `mode: observe`, and its plan is empty. The parts that only you
/// can decide are commented out. Reads AWS and never writes to it. Needs no other declarations.
#[derive(Debug, clap::Args)]
#[command(override_usage = "tidegate import [OPTIONS] <CLUSTER>")]
pub(super) struct Args {
    /// The cluster's name or ARN
    #[arg(value_name = "CLUSTER", required_unless_present = "cluster_flag", value_parser = place::cluster)]
    cluster: Option<place::Cluster>,
    /// Another way to write CLUSTER
    #[arg(long = "cluster", hide = true, conflicts_with = "cluster", value_parser = place::cluster)]
    cluster_flag: Option<place::Cluster>,
    /// The region of the cluster [default: from the ARN, AWS_REGION, AWS_DEFAULT_REGION or the profile]
    #[arg(long, value_name = "REGION", value_parser = place::region)]
    region: Option<String>,
    /// The name of the environment [default: the name of the cluster]
    #[arg(long, value_name = "ENV", aliases = ["environment", "env"])]
    name: Option<String>,
    /// The database: an RDS instance or an Aurora cluster [default: the one whose address is in the services' variables]
    #[arg(long, value_name = "ID", alias = "db")]
    database: Option<String>,
    /// Also release the images of this repository, such as ghcr.io/acme; repeat for several
    #[arg(long, value_name = "REPOSITORY")]
    own_images: Vec<String>,
    /// Declare the gate, with its secret at this place: ssm:/NAME or secretsmanager:NAME
    // Parsed later: clap repeats what it refuses, and a person may have typed the secret itself.
    #[arg(long, value_name = "PLACE")]
    secret: Option<String>,
    /// The URL of the maintenance page [default: the redirect of the listener's default action]
    #[arg(long, value_name = "URL", value_parser = place::page)]
    page: Option<url::Url>,
    /// The name of the gate's bypass header [default: x-maintenance-bypass]
    #[arg(long, value_name = "HEADER", value_parser = place::header)]
    bypass_header: Option<String>,
    /// Read AWS as this role, and declare it as `aws.assume_role`
    #[arg(long, value_name = "ARN", aliases = ["role", "role-arn"], value_parser = place::role)]
    assume_role: Option<String>,
    /// Write the declaration to a new file NAME.yaml in the folder of environments instead of printing it
    #[arg(long)]
    write: bool,
    /// The format: text for people, json for programs
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    output: Output,
}

pub(super) fn run(args: &Args, settings: &Settings) -> Result<Exit, CliError> {
    let cluster = args.cluster.as_ref().or(args.cluster_flag.as_ref()).expect("one of the two is required");
    let location = location(args, cluster)?;
    let options = options(args, &location)?;
    // Before AWS is read, so that a declaration that cannot be written fails at once.
    let file = if args.write { Some(file::NewFile::new(settings, &options.name)?) } else { None };
    let about = |error: CliError| error.about(format!("cannot import cluster `{}`", location.cluster));
    let mut imported =
        read_cluster(&AccountContext::open(settings, &location)?, &location, &options).map_err(about)?;
    let problems = file::check(settings, &options, &imported.text)?;
    imported.findings.extend(advice(args, settings));
    if let Some(problems) = problems {
        if args.write {
            ui::say_as_it_is(&problems);
            return Err(CliError::failure(format!(
                "the new declaration `{}` conflicts with an existing declaration, so both would be invalid",
                options.name
            ))
            .hint("correct the errors above, or leave `--write` out to see the new declaration"));
        }
        imported.findings.insert(0, format!("it conflicts with an existing declaration:\n{problems}"));
    }
    let written = file.map(|file| file.write(&imported.text)).transpose()?;
    print(args, &options.name, &imported, written.as_deref())?;
    Ok(Exit::Done)
}

fn location(args: &Args, cluster: &place::Cluster) -> Result<ClusterLocation, CliError> {
    let place::Cluster { name, region, account } = cluster;
    if let (Some(one), Some(other)) = (region, &args.region)
        && one != other
    {
        return Err(CliError::usage(format!("the ARN is in region {one}, but `--region` is {other}"))
            .hint("leave `--region` out"));
    }
    Ok(ClusterLocation {
        cluster: name.clone(),
        region: region.clone().or_else(|| args.region.clone()),
        account: account.clone(),
        assume_role: args.assume_role.clone(),
    })
}

fn options(args: &Args, place: &ClusterLocation) -> Result<ImportOptions, CliError> {
    let name = match &args.name {
        Some(name) if import::is_environment_name(name) => name.clone(),
        Some(name) => {
            return Err(CliError::usage(format!("`{name}` cannot be an environment's name"))
                .hint("use up to 64 letters, digits, `-` and `_`, beginning with a letter or digit"));
        }
        None => import::environment_name(&place.cluster).ok_or_else(|| {
            CliError::usage(format!(
                "the name of cluster `{}` cannot be an environment's name",
                place.cluster
            ))
            .hint("give a name with `--name`")
        })?,
    };
    let secret = args.secret.as_deref().map(place::secret).transpose();
    let secret =
        secret.map_err(|why| CliError::usage("`--secret` is not the place of a secret").hint(why))?;
    Ok(ImportOptions {
        name: EnvironmentName::new(name),
        database: args.database.clone(),
        own_images: args.own_images.clone(),
        page: args.page.clone(),
        bypass_header: args.bypass_header.clone(),
        secret,
    })
}

fn read_cluster(
    context: &AccountContext,
    location: &ClusterLocation,
    options: &ImportOptions,
) -> Result<Imported, CliError> {
    let (cloud, clock) = (context.cloud(), context.clock());
    context.block_on(async {
        let account = patiently(clock, || cloud.account()).await.map_err(|why| {
            CliError::from(ImportError::Unreadable { what: "the account of the credentials".to_owned(), why })
        })?;
        if let Some(wanted) = location.account.as_ref().filter(|wanted| **wanted != account) {
            return Err(CliError::failure(format!(
                "the credentials belong to account {account}, but the ARN to account {wanted}"
            ))
            .hint("use other credentials (`AWS_PROFILE`), or a role of that account with `--assume-role`"));
        }
        let place = SurveyTarget {
            account,
            region: context.region().to_owned(),
            assume_role: location.assume_role.clone(),
            cluster: location.cluster.clone(),
        };
        let survey = import::survey(cloud, clock, place, &options.own_images).await?;
        let imported = import::declare(&survey, options)?;
        if let Some(source) = &options.secret {
            let secret = patiently(clock, || cloud.secret(source)).await;
            check_secret(secret)?;
        }
        Ok(imported)
    })
}

/// Checks the bypass secret now: otherwise a bad one is noticed only in the middle of a release.
fn check_secret(secret: Result<SecretString, CloudError>) -> Result<(), CliError> {
    let failure = || CliError::failure("tidegate cannot use the bypass secret");
    let hint = "a bypass secret has 20 to 128 letters, digits, `_` and `-`; without `--secret`, import only proposes the gate as a comment";
    let secret = secret.map_err(|error| failure().because(&error).hint(hint))?;
    gate::check_secret(&secret).map_err(|why| failure().because_of(why).hint(hint))
}

/// What the next verbs need on this machine.
fn advice(args: &Args, settings: &Settings) -> Option<String> {
    let role = args.assume_role.as_ref().filter(|_| settings.cloud == Cloud::Aws)?;
    let is_allowed = settings.allow.assume_roles.contains(role);
    (!is_allowed).then(|| {
        format!(
            "this machine does not allow declarations to use that role; add `[allow] assume_roles = [\"{role}\"]` to the file of `--config`"
        )
    })
}

fn print(
    args: &Args,
    name: &EnvironmentName,
    imported: &Imported,
    written: Option<&str>,
) -> Result<(), CliError> {
    let Imported { text, findings } = imported;
    match (args.output, written) {
        (Output::Json, written) => ui::print_json(&json!({
            "schema": SCHEMA,
            "environment": name,
            "file": written,
            "yaml": text,
            "findings": findings,
        }))?,
        (Output::Text, None) => ui::print_as_it_is(text)?,
        (Output::Text, Some(_)) => {}
    }
    if args.output == Output::Text {
        for finding in findings {
            ui::say(&format!("note: {}\n", finding.trim_end()));
        }
        if let Some(path) = written {
            ui::say(&format!("wrote {path}; next: tidegate plan {name}\n"));
        }
    }
    Ok(())
}

impl From<ImportError> for CliError {
    fn from(error: ImportError) -> Self {
        let failure = CliError::failure(error.to_string());
        let failure = match std::error::Error::source(&error) {
            Some(source) => failure.because(source),
            None => failure,
        };
        match error.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}
