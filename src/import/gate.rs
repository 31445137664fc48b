//! The gate. Everything but its secret can be read from AWS. A gate whose secret does not exist would only be noticed in
//! the middle of a release, so the gate is declared when `--secret` names the secret, and proposed otherwise.

use url::Url;

use super::error::ImportError;
use super::options::ImportOptions;
use super::survey::Survey;
use crate::cloud::ListedListener;
use crate::model::State;
use crate::spec::{ListenerTarget, SecretSource};

/// The name of the bypass header, unless `--bypass-header` names another.
const HEADER_DEFAULT: &str = "x-maintenance-bypass";

/// A gate, declared or proposed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct GateDraft {
    pub(super) listener: ListenerTarget,
    pub(super) page: Option<Url>,
    pub(super) header: String,
    pub(super) secret: Option<SecretSource>,
    /// The reason if it is only proposed, as a comment.
    pub(super) muted: Option<String>,
    /// Other listeners in front of the services.
    pub(super) others: Vec<ListenerTarget>,
}

/// The gate, or why there is none. The outer error is for options that cannot be fulfilled.
///
/// # Errors
/// When `--secret` is given, but there is no listener or no page.
pub(super) fn propose(
    survey: &Survey,
    options: &ImportOptions,
    state: State,
) -> Result<Result<GateDraft, String>, ImportError> {
    let listed = match &survey.listeners {
        Ok(listed) if !listed.is_empty() => listed,
        Ok(_) => {
            return without(options, "no application load balancer is in front of the services".to_owned());
        }
        Err(why) => return without(options, format!("the load balancers could not be read: {why}")),
    };
    let chosen = choose(survey, listed);
    let page = options.page.clone().or_else(|| chosen.redirects_to.clone());
    let secret = options.secret.clone();
    let muted = match (&secret, &page, state) {
        (None, ..) => Some("it needs a secret, which only you can name".to_owned()),
        (Some(_), None, _) => return Err(ImportError::NoPage),
        (Some(_), Some(_), State::Running) => None,
        (Some(_), Some(_), _) => {
            Some(format!("in the state `{state}` the gate must be closed, and a plan would close it"))
        }
    };
    Ok(Ok(GateDraft {
        others: listed.iter().map(|it| it.target.clone()).filter(|it| *it != chosen.target).collect(),
        listener: chosen.target.clone(),
        page,
        header: options.bypass_header.clone().unwrap_or_else(|| HEADER_DEFAULT.to_owned()),
        secret,
        muted,
    }))
}

fn without(options: &ImportOptions, why: String) -> Result<Result<GateDraft, String>, ImportError> {
    if options.secret.is_some() { Err(ImportError::NoListener { why }) } else { Ok(Err(why)) }
}

/// The listener that users reach: port 443 first, then other HTTPS listeners, then the rest; a balancer with the
/// cluster's name first.
fn choose<'a>(survey: &Survey, listed: &'a [ListedListener]) -> &'a ListedListener {
    let rank = |it: &&ListedListener| {
        let is_namesake = it.target.name == survey.target.cluster.as_str();
        (it.target.port != 443, !it.is_https, !is_namesake, it.target.clone())
    };
    listed.iter().min_by_key(rank).expect("the caller has one")
}
