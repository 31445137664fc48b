//! The gate. Everything but its secret can be found out, and a gate whose secret does not exist is a trap: it would
//! be noticed in the middle of a release. So it is declared when a person names the secret, and proposed otherwise.

use url::Url;

use super::error::ImportError;
use super::options::ImportOptions;
use super::survey::Survey;
use crate::cloud::ListedListener;
use crate::model::State;
use crate::spec::{ListenerTarget, SecretSource};

/// What the header is called when nobody says it.
const HEADER_DEFAULT: &str = "x-maintenance-bypass";

/// A gate, declared or proposed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct GateDraft {
    pub(super) listener: ListenerTarget,
    pub(super) page: Option<Url>,
    pub(super) header: String,
    pub(super) secret: Option<SecretSource>,
    /// Why it is only proposed, if it is.
    pub(super) muted: Option<String>,
    /// Other listeners in front of the services.
    pub(super) others: Vec<ListenerTarget>,
}

/// What is known of the gate: `Err` in the outer sense only for what a person has asked for in vain.
///
/// # Errors
/// When a gate is asked for, and there is no listener or no page.
pub(super) fn propose(
    survey: &Survey,
    options: &ImportOptions,
    state: State,
) -> Result<Result<GateDraft, String>, ImportError> {
    let listed = match &survey.listeners {
        Ok(listed) if !listed.is_empty() => listed,
        Ok(_) => {
            return without(
                options,
                "no application load balancer stands in front of its services".to_owned(),
            );
        }
        Err(why) => return without(options, format!("the load balancers could not be read: {why}")),
    };
    let chosen = choose(survey, listed);
    let page = options.page.clone().or_else(|| chosen.redirects_to.clone());
    let secret = options.secret.clone();
    let muted = match (&secret, &page, state) {
        (None, ..) => Some("it needs a secret, which cannot be found out".to_owned()),
        (Some(_), None, _) => return Err(ImportError::NoPage),
        (Some(_), Some(_), State::Running) => None,
        (Some(_), Some(_), _) => {
            Some(format!("in `{state}` it has to be closed, and a plan would close it now"))
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

/// The one that users ask: 443 before other HTTPS before the rest, on the balancer that is called like the cluster.
fn choose<'a>(survey: &Survey, listed: &'a [ListedListener]) -> &'a ListedListener {
    let rank = |it: &&ListedListener| {
        let is_namesake = it.target.name == survey.target.cluster.as_str();
        (it.target.port != 443, !it.is_https, !is_namesake, it.target.clone())
    };
    listed.iter().min_by_key(rank).expect("the caller has one")
}
