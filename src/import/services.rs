//! Services: which of them are declared and how, and which are left out because declaring them would change them.

use std::collections::BTreeMap;

use super::database::Choice;
use super::image::{self, Owner};
use super::options::ImportOptions;
use super::scaling::{self, Size};
use super::survey::{Newest, ServiceFound, Survey};
use super::versions::{self, Entry, Released};
use crate::cloud::{Controller, DatabaseStatus, Rollout};
use crate::model::{ContainerName, ImageRef, ServiceName, State, VersionKey};

/// A service as it is declared or proposed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ServiceDraft {
    pub(super) name: ServiceName,
    /// The reason if it is left out.
    pub(super) left_out: Option<String>,
    /// `None`: tidegate cannot manage such a service.
    pub(super) size: Option<Size>,
    /// Container → template.
    pub(super) images: BTreeMap<ContainerName, String>,
    /// Containers whose image tidegate does not change.
    pub(super) kept: Vec<KeptImage>,
    /// The remark that a plan will make about it.
    pub(super) unsettled: Option<String>,
}

/// An image that tidegate does not change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeptImage {
    pub(super) container: ContainerName,
    pub(super) image: ImageRef,
    pub(super) why: KeptReason,
}

/// Why tidegate does not change an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum KeptReason {
    /// Its name does not look like one of the owner's images. Its tag may have a version all the same.
    Foreign { is_versioned: bool },
    /// Its tag moves; these version tags point at the same image now.
    Moves { known_as: Vec<String> },
    /// It has no tag.
    Untagged,
}

/// An entry of `versions`, and whether a declared service uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct VersionDraft {
    pub(super) entry: Entry,
    pub(super) is_used: bool,
}

/// The current state: `running`, unless no service has a task.
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

/// Decides about every service, and names the versions of their images.
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
    // Entries that are in use are named first: a service that is left out must not take a name from them.
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
                Err(why) => (Some(scaling::proposed(found.scaling.as_ref())), Some(why)),
            }
        }
        (None, State::DbOnly | State::Stopped) => match scaling::down(found.scaling.as_ref()) {
            Ok(size) => (Some(size), None),
            Err(why) => (Some(scaling::proposed(found.scaling.as_ref())), Some(why)),
        },
    };
    let name = found.service.name.clone();
    ServiceDraft { name, left_out, size, images: BTreeMap::new(), kept: Vec::new(), unsettled: None }
}

/// The reason why tidegate cannot manage a service.
fn unmanageable(found: &ServiceFound) -> Option<String> {
    let why = match (found.service.controller, &found.newest) {
        (Controller::CodeDeploy, _) => {
            "CodeDeploy deploys it; tidegate only works with the ECS deployment controller"
        }
        (Controller::External, _) => {
            "an external controller deploys it; tidegate only works with the ECS deployment controller"
        }
        (Controller::Daemon, _) => {
            "it is a DAEMON service: ECS runs one task on each instance, so there is no count to set"
        }
        (Controller::Ecs, Newest::Gone) => "its task-definition family has no ACTIVE revision",
        (Controller::Ecs, Newest::Deployed | Newest::Newer { .. }) => return None,
    };
    Some(why.to_owned())
}

/// A deployment that is running now, or that the next version change will start.
fn unsettled(found: &ServiceFound, draft: &ServiceDraft) -> Option<String> {
    if draft.left_out.is_some() {
        return None;
    }
    let rollout = found.service.deployments.iter().find(|it| it.primary).map(|primary| primary.rollout);
    match rollout {
        Some(Rollout::InProgress) => {
            return Some("is being deployed now: a plan waits until the deployment has settled".to_owned());
        }
        Some(Rollout::Failed) => {
            return Some("has a failed deployment: a plan starts it again".to_owned());
        }
        Some(Rollout::Completed) | None => {}
    }
    // tidegate writes the images that are released from here into every revision; other images stay as they are in it.
    let is_other = |container: &ContainerName, image: &ImageRef| {
        !draft.images.contains_key(container) && found.images.get(container) != Some(image)
    };
    match &found.newest {
        Newest::Newer { name, images, differs_beyond }
            if *differs_beyond || images.iter().any(|(container, image)| is_other(container, image)) =>
        {
            Some(format!(
                "does not run its newest revision, {name}: a plan shows this as drift, and the next version change deploys it"
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
