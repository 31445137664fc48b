//! `import`: the declaration of a cluster that exists. Reads and prints; what is declared, `import` decides.

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

/// Write the declaration of a cluster that exists
///
/// Looks at an ECS cluster and prints the YAML of an environment for it: services with their versions, counts and
/// autoscaling, the database, the load balancer. It is valid, begins with `mode: observe`, and plans to nothing as it
/// stands; what only you can decide is commented out. Reads and never writes in AWS. Needs no declarations.
#[derive(Debug, clap::Args)]
#[command(override_usage = "tidegate import [OPTIONS] <CLUSTER>")]
pub(super) struct Args {
    /// The cluster's name or ARN
    #[arg(value_name = "CLUSTER", required_unless_present = "cluster_flag", value_parser = place::cluster)]
    cluster: Option<place::Cluster>,
    /// What some write instead
    #[arg(long = "cluster", hide = true, conflicts_with = "cluster", value_parser = place::cluster)]
    cluster_flag: Option<place::Cluster>,
    /// Where it is [default: the ARN's, AWS_REGION, AWS_DEFAULT_REGION, or the profile's]
    #[arg(long, value_name = "REGION", value_parser = place::region)]
    region: Option<String>,
    /// What the environment is called [default: like the cluster]
    #[arg(long, value_name = "ENV", aliases = ["environment", "env"])]
    name: Option<String>,
    /// Its database: an RDS instance or an Aurora cluster [default: the one whose address its services know]
    #[arg(long, value_name = "ID", alias = "db")]
    database: Option<String>,
    /// Release these repositories' images, too: `ghcr.io/acme` (may be repeated)
    #[arg(long, value_name = "REPOSITORY")]
    own_images: Vec<String>,
    /// Where the gate keeps its secret: `ssm:/NAME` or `secretsmanager:NAME`; declares the gate
    // Parsed later: clap repeats what it refuses, and somebody may give the secret itself.
    #[arg(long, value_name = "PLACE")]
    secret: Option<String>,
    /// The maintenance page [default: where the listener's default action redirects to]
    #[arg(long, value_name = "URL", value_parser = place::page)]
    page: Option<url::Url>,
    /// The name of the gate's header [default: x-maintenance-bypass]
    #[arg(long, value_name = "HEADER", value_parser = place::header)]
    bypass_header: Option<String>,
    /// Look as this role, and declare it as `aws.assume_role`
    #[arg(long, value_name = "ARN", aliases = ["role", "role-arn"], value_parser = place::role)]
    assume_role: Option<String>,
    /// Write it to a new file NAME.yaml among the declarations, instead of printing it
    #[arg(long)]
    write: bool,
    /// For people or for programs
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    output: Output,
}

pub(super) fn run(args: &Args, settings: &Settings) -> Result<Exit, CliError> {
    let asked = args.cluster.as_ref().or(args.cluster_flag.as_ref()).expect("one of the two is required");
    let whereabouts = whereabouts(args, asked)?;
    let wishes = wishes(args, &whereabouts)?;
    // Before anybody is asked anything: nobody waits for what cannot be written in the end.
    let file = if args.write { Some(file::Target::new(settings, &wishes.name)?) } else { None };
    let about = |error: CliError| error.about(format!("cannot import cluster `{}`", whereabouts.cluster));
    let mut imported =
        look(&AccountContext::open(settings, &whereabouts)?, &whereabouts, &wishes).map_err(about)?;
    let own = file::check(settings, &wishes, &imported.text)?;
    imported.findings.extend(advice(args, settings));
    if let Some(problems) = own {
        if args.write {
            ui::say(&problems);
            return Err(CliError::failure(format!(
                "`{}` beside what is declared already would hold back both",
                wishes.name
            ))
            .hint("change what stands above, or leave `--write` out to see the declaration"));
        }
        imported.findings.insert(0, format!("beside what is declared already it has errors:\n{problems}"));
    }
    let written = file.map(|file| file.write(&imported.text)).transpose()?;
    tell(args, &wishes.name, &imported, written.as_deref())?;
    Ok(Exit::Done)
}

fn whereabouts(args: &Args, asked: &place::Cluster) -> Result<ClusterLocation, CliError> {
    let place::Cluster { name, region, account } = asked;
    if let (Some(one), Some(other)) = (region, &args.region)
        && one != other
    {
        return Err(CliError::usage(format!("the ARN names the region {one}, `--region` {other}"))
            .hint("leave `--region` out"));
    }
    Ok(ClusterLocation {
        cluster: name.clone(),
        region: region.clone().or_else(|| args.region.clone()),
        account: account.clone(),
        assume_role: args.assume_role.clone(),
    })
}

fn wishes(args: &Args, place: &ClusterLocation) -> Result<ImportOptions, CliError> {
    let name = match &args.name {
        Some(name) if import::is_environment_name(name) => name.clone(),
        Some(name) => {
            return Err(CliError::usage(format!("`{name}` cannot be an environment's name")).hint(
                "up to 64 characters: letters, digits, `-` and `_`, beginning with a letter or digit",
            ));
        }
        None => import::environment_name(&place.cluster).ok_or_else(|| {
            CliError::usage(format!("no environment can be called like cluster `{}`", place.cluster))
                .hint("name it with `--name`")
        })?,
    };
    let secret = args.secret.as_deref().map(place::secret).transpose();
    let secret = secret.map_err(|why| CliError::usage("`--secret` names no place").hint(why))?;
    Ok(ImportOptions {
        name: EnvironmentName::new(name),
        database: args.database.clone(),
        own_images: args.own_images.clone(),
        page: args.page.clone(),
        bypass_header: args.bypass_header.clone(),
        secret,
    })
}

fn look(
    estate: &AccountContext,
    asked: &ClusterLocation,
    wishes: &ImportOptions,
) -> Result<Imported, CliError> {
    let (cloud, clock) = (estate.cloud(), estate.clock());
    estate.block_on(async {
        let account = patiently(clock, || cloud.account()).await.map_err(|why| {
            CliError::from(ImportError::Unreadable { what: "whose account this is".to_owned(), why })
        })?;
        if let Some(wanted) = asked.account.as_ref().filter(|wanted| **wanted != account) {
            return Err(CliError::failure(format!(
                "the credentials belong to account {account}, the ARN to {wanted}"
            ))
            .hint("use other credentials (`AWS_PROFILE`), or a role of that account with `--assume-role`"));
        }
        let place = SurveyTarget {
            account,
            region: estate.region().to_owned(),
            assume_role: asked.assume_role.clone(),
            cluster: asked.cluster.clone(),
        };
        let survey = import::survey(cloud, clock, place, &wishes.own_images).await?;
        let imported = import::declare(&survey, wishes)?;
        if let Some(source) = &wishes.secret {
            let secret = patiently(clock, || cloud.secret(source)).await;
            usable(secret)?;
        }
        Ok(imported)
    })
}

/// A gate that is declared with a secret that cannot be used would be noticed in the middle of a release.
fn usable(secret: Result<SecretString, CloudError>) -> Result<(), CliError> {
    let failure = || CliError::failure("the bypass secret cannot be used");
    let hint = "it is 20 to 128 letters, digits, `_` and `-`; without `--secret` the gate is only proposed";
    let secret = secret.map_err(|error| failure().because(&error).hint(hint))?;
    gate::check_secret(&secret).map_err(|why| failure().because_of(why).hint(hint))
}

/// What the next verbs will want.
fn advice(args: &Args, settings: &Settings) -> Option<String> {
    let role = args.assume_role.as_ref().filter(|_| settings.cloud == Cloud::Aws)?;
    let is_allowed = settings.allow.assume_roles.contains(role);
    (!is_allowed).then(|| {
        format!(
            "declarations may only ask for roles that this machine allows: put `[allow] assume_roles = [\"{role}\"]` into the file of `--config`"
        )
    })
}

fn tell(
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
        (Output::Text, None) => ui::print(text)?,
        (Output::Text, Some(_)) => {}
    }
    if args.output == Output::Text {
        for finding in findings {
            ui::say(&format!("note: {}\n", finding.trim_end()));
        }
        if let Some(path) = written {
            ui::say(&format!("wrote {path}; next: `tidegate validate`, then `tidegate plan {name}`\n"));
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
