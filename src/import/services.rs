//! Services: which are declared, with what; and which are left out, because declaring them would change them.

use std::collections::BTreeMap;

use super::database::Choice;
use super::image::{self, Owner};
use super::options::ImportOptions;
use super::scaling::{self, Size};
use super::survey::{Newest, ServiceFound, Survey};
use super::versions::{self, Entry, Released};
use crate::cloud::{Controller, DatabaseStatus, Rollout};
use crate::model::{ContainerName, ImageRef, ServiceName, State, VersionKey};

/// A service as it is declared, or would be.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ServiceDraft {
    pub(super) name: ServiceName,
    /// KeptReason it is left out, if it is.
    pub(super) left_out: Option<String>,
    /// `None`: tidegate could do nothing with it at all.
    pub(super) size: Option<Size>,
    /// Container → template.
    pub(super) images: BTreeMap<ContainerName, String>,
    /// Containers whose image is left alone.
    pub(super) kept: Vec<KeptImage>,
    /// What a plan will say of it all the same.
    pub(super) unsettled: Option<String>,
}

/// An image that is left alone, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeptImage {
    pub(super) container: ContainerName,
    pub(super) image: ImageRef,
    pub(super) why: KeptReason,
}

/// KeptReason an image is left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum KeptReason {
    /// Somebody else's, by its name. Whether its tag holds a version.
    Foreign { is_versioned: bool },
    /// Its tag moves; tags with a version that mean the same now.
    Moves { known_as: Vec<String> },
    /// It has no tag.
    Untagged,
}

/// An entry of `versions`, and whether something that is declared uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct VersionDraft {
    pub(super) entry: Entry,
    pub(super) is_used: bool,
}

/// The state that is there: `running`, unless no service has a task.
pub(super) fn state(survey: &Survey, database: &Choice) -> State {
    let mut manageable = survey.services.iter().filter(|found| unmanageable(found).is_none()).peekable();
    let is_down = |found: &ServiceFound| found.service.desired == 0 && found.live_tasks == 0;
    if manageable.peek().is_none() || !manageable.all(is_down) {
        return State::Running;
    }
    match database.status() {
        Some(DatabaseStatus::Available | DatabaseStatus::Starting | DatabaseStatus::Busy(_)) => State::DbOnly,
        Some(DatabaseStatus::Stopped | DatabaseStatus::Stopping | DatabaseStatus::Broken(_)) | None => {
            State::Stopped
        }
    }
}

/// Judges every service, and names the versions of their images.
pub(super) fn judge(
    survey: &Survey,
    options: &ImportOptions,
    state: State,
) -> (Vec<VersionDraft>, Vec<ServiceDraft>) {
    let target = &survey.target;
    let owner = Owner { account: &target.account, cluster: &target.cluster, prefixes: &options.own_images };
    let mut released: Vec<Released> = Vec::new();
    let mut drafts: Vec<ServiceDraft> = Vec::new();
    for found in &survey.services {
        let mut draft = sized(found, state);
        if draft.size.is_some() {
            for (container, image) in &found.images {
                match read(found, container, image, &owner) {
                    Ok(image) => released.push(image),
                    Err(why) => {
                        draft.kept.push(KeptImage {
                            container: container.clone(),
                            image: image.clone(),
                            why,
                        });
                    }
                }
            }
        }
        drafts.push(draft);
    }
    // Entries that are in use are named first: what is left out must not take a name from them.
    let is_declared = |name: &ServiceName| drafts.iter().any(|it| it.name == *name && it.left_out.is_none());
    let entries = versions::entries(&released);
    let versions: Vec<VersionDraft> = entries
        .into_iter()
        .map(|entry| VersionDraft { is_used: entry.services.iter().any(is_declared), entry })
        .collect();
    for (draft, found) in drafts.iter_mut().zip(&survey.services) {
        let own = released.iter().filter(|image| image.service == draft.name);
        let own = own.filter_map(|image| Some((image.container.clone(), template(image, &versions)?)));
        draft.images = own.collect();
        draft.unsettled = unsettled(found, draft);
    }
    (versions, drafts)
}

fn sized(found: &ServiceFound, state: State) -> ServiceDraft {
    let (size, left_out) = match (unmanageable(found), state) {
        (Some(why), _) => (None, Some(why)),
        (None, State::Running | State::Restricted) => {
            match scaling::up(found.service.desired, found.scaling.as_ref()) {
                Ok(size) => (Some(size), None),
                Err(why) => (Some(scaling::wished(found.scaling.as_ref())), Some(why)),
            }
        }
        (None, State::DbOnly | State::Stopped) => match scaling::down(found.scaling.as_ref()) {
            Ok(size) => (Some(size), None),
            Err(why) => (Some(scaling::wished(found.scaling.as_ref())), Some(why)),
        },
    };
    let name = found.service.name.clone();
    ServiceDraft { name, left_out, size, images: BTreeMap::new(), kept: Vec::new(), unsettled: None }
}

/// KeptReason tidegate could do nothing with it.
fn unmanageable(found: &ServiceFound) -> Option<String> {
    let why = match (found.service.controller, &found.newest) {
        (Controller::CodeDeploy, _) => "CodeDeploy rolls it; tidegate works with the ECS controller only",
        (Controller::External, _) => "a third party rolls it; tidegate works with the ECS controller only",
        (Controller::Daemon, _) => {
            "it is a DAEMON: ECS runs one task of it on each instance, no count can be set"
        }
        (Controller::Ecs, Newest::Gone) => "its task-definition family has no ACTIVE revision",
        (Controller::Ecs, Newest::Deployed | Newest::Newer { .. }) => return None,
    };
    Some(why.to_owned())
}

/// What moves right now, or waits to be rolled.
fn unsettled(found: &ServiceFound, draft: &ServiceDraft) -> Option<String> {
    if draft.left_out.is_some() {
        return None;
    }
    let rollout = found.service.deployments.iter().find(|it| it.primary).map(|primary| primary.rollout);
    match rollout {
        Some(Rollout::InProgress) => {
            return Some("is being deployed just now: a plan waits until that has settled".to_owned());
        }
        Some(Rollout::Failed) => {
            return Some("has a deployment that failed: a plan begins it again".to_owned());
        }
        Some(Rollout::Completed) | None => {}
    }
    // Images that are released from here are put into every revision; others come with it.
    let is_other = |container: &ContainerName, image: &ImageRef| {
        !draft.images.contains_key(container) && found.images.get(container) != Some(image)
    };
    match &found.newest {
        Newest::Newer { name, images, differs_beyond }
            if *differs_beyond || images.iter().any(|(container, image)| is_other(container, image)) =>
        {
            Some(format!(
                "does not run the newest revision, {name}: a plan shows that as drift, and the next version change rolls it"
            ))
        }
        Newest::Newer { .. } | Newest::Deployed | Newest::Gone => None,
    }
}

fn read(
    found: &ServiceFound,
    container: &ContainerName,
    image: &ImageRef,
    owner: &Owner<'_>,
) -> Result<Released, KeptReason> {
    let tagged = image.tag().and_then(image::tagged);
    match (image.tag(), tagged) {
        (None, _) => Err(KeptReason::Untagged),
        (Some(_), tagged) if !owner.owns(image) => {
            Err(KeptReason::Foreign { is_versioned: tagged.is_some() })
        }
        (Some(_), None) => {
            let known_as = found.known_as.get(container).cloned().unwrap_or_default();
            Err(KeptReason::Moves { known_as })
        }
        (Some(_), Some(tagged)) => Ok(Released {
            service: found.service.name.clone(),
            container: container.clone(),
            repository: image.repository().to_owned(),
            tagged,
        }),
    }
}

fn template(image: &Released, versions: &[VersionDraft]) -> Option<String> {
    let of_it = |draft: &&VersionDraft| {
        draft.entry.repository == image.repository && draft.entry.version == image.tagged.version
    };
    let entry = &versions.iter().find(of_it)?.entry;
    Some(rendered(&image.repository, &image.tagged, &entry.key))
}

/// `repository:core-{core}`
pub(super) fn rendered(repository: &str, tagged: &image::Tagged, key: &VersionKey) -> String {
    format!("{repository}:{}{{{key}}}{}", tagged.before, tagged.after)
}
