//! CloudFront functions and distributions.
//! <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-functions.html>

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::{Event, Refusal, RegionId, World, refuse};
use crate::cloud::{Association, Distribution, Function, Kind, Origin};
use crate::model::Instant;

/// Bytes of a function's code.
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-function-restrictions.html>
const CODE_BYTES_MAX: usize = 10 * 1024;
/// Paths in progress for one distribution, and how many of them may end in `*`.
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Invalidation.html>
const PATHS_IN_PROGRESS_MAX: usize = 3000;
const WILDCARDS_IN_PROGRESS_MAX: usize = 15;
const PATH_LENGTH_MAX: usize = 4000;
/// How long an invalidation is in progress here.
const INVALIDATION: TimeDelta = TimeDelta::minutes(2);

/// A function in the world. It cannot be printed, because its code may contain the secret.
#[derive(Clone, Serialize, Deserialize)]
pub struct SimFunction {
    /// Changes with every update of the DEVELOPMENT stage.
    pub etag: String,
    /// Code in the DEVELOPMENT stage.
    pub development: String,
    /// Code of the LIVE stage.
    pub live: Option<String>,
    /// The comment in its configuration.
    #[serde(default)]
    pub comment: String,
}

/// A distribution in the world.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SimDistribution {
    /// Its id.
    pub id: String,
    /// Its alternate domain names.
    pub aliases: Vec<String>,
    /// Its behaviours.
    pub behaviours: Vec<Association>,
    /// Where its files come from; none = buckets as they are.
    #[serde(default)]
    pub origins: Vec<Origin>,
    /// Paths of pages that it answers instead of errors.
    #[serde(default)]
    pub error_pages: BTreeSet<String>,
    /// Invalidated paths, with the time.
    pub invalidations: Vec<(Instant, Vec<String>)>,
    pub(in crate::sim) deployed: bool,
    pub(in crate::sim) epoch: u32,
}

impl SimFunction {
    /// Whether a request without the header is redirected, as the code decides.
    pub fn redirects(&self) -> bool {
        self.live.as_deref().is_some_and(|code| code.contains("302"))
    }

    pub(in crate::sim) fn shown(&self, name: &str) -> Function {
        Function {
            name: name.to_owned(),
            etag: self.etag.clone(),
            development: self.development.clone(),
            live: self.live.clone(),
        }
    }
}

impl SimDistribution {
    pub(in crate::sim) fn shown(&self) -> Distribution {
        Distribution {
            id: self.id.clone(),
            aliases: self.aliases.clone(),
            deployed: self.deployed,
            behaviours: self.behaviours.clone(),
            origins: self.origins.clone(),
            error_pages: self.error_pages.clone(),
        }
    }

    fn answers_to(&self, name: &str) -> bool {
        self.id == name || self.aliases.iter().any(|alias| alias == name)
    }
}

impl World {
    pub(in crate::sim) fn distribution(&self, region: RegionId, name: &str) -> Option<&SimDistribution> {
        self.regions[region].distributions.values().find(|distribution| distribution.answers_to(name))
    }

    fn distribution_mut(&mut self, region: RegionId, name: &str) -> Result<&mut SimDistribution, Refusal> {
        let mut all = self.regions[region].distributions.values_mut();
        all.find(|distribution| distribution.answers_to(name))
            .map_or_else(|| refuse(Kind::NotFound, format!("NoSuchDistribution: {name}")), Ok)
    }

    /// Creates or updates the DEVELOPMENT stage; returns the new ETag.
    /// <https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_UpdateFunction.html>
    pub(in crate::sim) fn put_function(
        &mut self,
        region: RegionId,
        name: &str,
        etag: Option<&str>,
        code: &str,
    ) -> Result<String, Refusal> {
        if code.len() > CODE_BYTES_MAX {
            return refuse(Kind::Invalid, "FunctionSizeLimitExceeded: a function has at most 10 KB");
        }
        let fresh = format!("ETVPDKIKX{:05}", self.ticket());
        let functions = &mut self.regions[region].functions;
        match (functions.get_mut(name), etag) {
            (None, None) => {
                let created = SimFunction {
                    etag: fresh.clone(),
                    development: code.to_owned(),
                    live: None,
                    comment: String::new(),
                };
                functions.insert(name.to_owned(), created);
            }
            (None, Some(_)) => return refuse(Kind::NotFound, format!("NoSuchFunctionExists: {name}")),
            (Some(_), None) => return refuse(Kind::Conflict, format!("FunctionAlreadyExists: {name}")),
            (Some(function), Some(etag)) => {
                function.quoted(etag)?;
                (function.development, function.etag) = (code.to_owned(), fresh.clone());
            }
        }
        Ok(fresh)
    }

    /// Copies the DEVELOPMENT stage to LIVE.
    /// <https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_PublishFunction.html>
    pub(in crate::sim) fn publish_function(
        &mut self,
        region: RegionId,
        name: &str,
        etag: &str,
    ) -> Result<(), Refusal> {
        let Some(function) = self.regions[region].functions.get_mut(name) else {
            return refuse(Kind::NotFound, format!("NoSuchFunctionExists: {name}"));
        };
        function.quoted(etag)?;
        function.live = Some(function.development.clone());
        Ok(())
    }

    /// Associates a published function with viewer-request of every behaviour; the edges follow in minutes.
    /// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/associate-function.html>
    pub(in crate::sim) fn associate_function(
        &mut self,
        region: RegionId,
        distribution: &str,
        function: &str,
    ) -> Result<(), Refusal> {
        let live = self.regions[region].functions.get(function).is_some_and(|found| found.live.is_some());
        let delay = self.dice.seconds(120..=300);
        let found = self.distribution_mut(region, distribution)?;
        if !live || found.behaviours.iter().any(|behaviour| behaviour.lambda) {
            return refuse(
                Kind::Invalid,
                format!(
                    "InvalidFunctionAssociation: {function} must be published, without Lambda@Edge beside it"
                ),
            );
        }
        for behaviour in &mut found.behaviours {
            behaviour.function = Some(function.to_owned());
        }
        found.deployed = false;
        found.epoch += 1;
        let (distribution, epoch) = (found.id.clone(), found.epoch);
        self.later(delay, Event::Deployed { region, distribution, epoch });
        Ok(())
    }

    pub(super) fn distribution_deployed(&mut self, region: RegionId, id: &str, epoch: u32) {
        let found = self.regions[region].distributions.get_mut(id);
        if let Some(distribution) = found.filter(|distribution| distribution.epoch == epoch) {
            distribution.deployed = true;
        }
    }

    /// <https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateInvalidation.html>
    pub(in crate::sim) fn invalidate(
        &mut self,
        region: RegionId,
        distribution: &str,
        paths: &[String],
    ) -> Result<(), Refusal> {
        let now = self.now;
        let distribution = self.distribution_mut(region, distribution)?;
        if paths.is_empty() || !paths.iter().all(|path| is_accepted(path)) {
            let message = "InvalidArgument: Your request contains one or more invalid invalidation paths.";
            return refuse(Kind::Invalid, message);
        }
        let earlier = distribution.invalidations.iter().filter(|(at, _)| now - *at < INVALIDATION);
        let pending: Vec<&String> = earlier.flat_map(|(_, paths)| paths).chain(paths).collect();
        let wildcards = pending.iter().filter(|path| path.ends_with('*')).count();
        if pending.len() - wildcards > PATHS_IN_PROGRESS_MAX || wildcards > WILDCARDS_IN_PROGRESS_MAX {
            return refuse(Kind::Throttled, "TooManyInvalidationsInProgress");
        }
        distribution.invalidations.push((now, paths.to_vec()));
        Ok(())
    }
}

/// Encoded, without a `~` in any form, a wildcard only at the end.
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html>
fn is_accepted(path: &str) -> bool {
    let is_unsafe = |character: char| !character.is_ascii_graphic() || "\"#<>[\\]^`{|}~".contains(character);
    path.starts_with('/')
        && path.len() <= PATH_LENGTH_MAX
        && !path.contains(is_unsafe)
        && !path.to_lowercase().contains("%7e")
        && path.find('*').is_none_or(|at| at + 1 == path.len())
}

impl SimFunction {
    fn quoted(&self, etag: &str) -> Result<(), Refusal> {
        if self.etag == etag {
            return Ok(());
        }
        refuse(Kind::Conflict, "InvalidIfMatchVersion: the function was changed in the meantime")
    }
}

#[cfg(test)]
mod tests;
