//! What AWS's words about a stopped task mean, and what helps: one table.

/// The kinds of reasons for which a task stops or does not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// The kernel killed a container that needed more memory than it may have.
    OutOfMemory,
    /// An image could not be pulled.
    CannotPull,
    /// A secret, a log group, a volume or a network interface could not be prepared.
    Resources,
    /// The image is built for another processor.
    Architecture,
    /// The volume of the task is full.
    DiskFull,
    /// The program of a container could not be started.
    CannotStart,
    /// AWS took the task's Spot capacity or its host back.
    Interrupted,
    /// AWS had no room for the task.
    Capacity,
    /// A health check failed.
    Unhealthy,
}

/// Parts of AWS's words, and what they mean. The first entry that fits counts, so what is more precise stands first.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html>
const TABLE: [(&str, Cause); 27] = [
    ("OutOfMemory", Cause::OutOfMemory),
    ("exec format error", Cause::Architecture),
    ("does not match the platform", Cause::Architecture),
    ("descriptor matching platform", Cause::Architecture),
    ("no space left on device", Cause::DiskFull),
    ("CannotPull", Cause::CannotPull),
    ("pull access denied", Cause::CannotPull),
    ("ResourceInitializationError", Cause::Resources),
    ("CannotCreateVolumeError", Cause::Resources),
    ("network interface provisioning", Cause::Resources),
    ("ResourceNotFoundException", Cause::Resources),
    ("CannotStartContainerError", Cause::CannotStart),
    ("CannotCreateContainerError", Cause::CannotStart),
    ("CannotInspectContainerError", Cause::CannotStart),
    ("CannotStopContainerError", Cause::CannotStart),
    ("ContainerRuntimeError", Cause::CannotStart),
    ("ContainerRuntimeTimeoutError", Cause::CannotStart),
    ("Spot", Cause::Interrupted),
    ("Host EC2", Cause::Interrupted),
    ("TerminationNotice", Cause::Interrupted),
    ("Capacity is unavailable", Cause::Capacity),
    ("RESOURCE:", Cause::Capacity),
    ("unable to place a task", Cause::Capacity),
    ("AGENT", Cause::Capacity),
    ("health check", Cause::Unhealthy),
    ("is unhealthy in", Cause::Unhealthy),
    ("Health checks failed", Cause::Unhealthy),
];

impl Cause {
    /// What AWS's words mean; `None` = they are not in the table.
    pub fn of(words: &str) -> Option<Cause> {
        TABLE.iter().find(|(part, _)| words.contains(part)).map(|(_, cause)| *cause)
    }

    /// What must be changed before the same task can do better. `None` = another try may help as it is.
    pub fn remedy(self) -> Option<&'static str> {
        Some(match self {
            Cause::OutOfMemory => {
                "a container ran out of memory: register a revision of the task definition with more memory"
            }
            Cause::CannotPull => {
                "AWS could not pull an image: check that it exists, that the execution role may pull it, and that the subnets reach the registry"
            }
            Cause::Resources => {
                "AWS could not prepare the task: check the execution role, the secrets and log groups that the task definition names, and the network of the subnets"
            }
            Cause::Architecture => {
                "the image is built for another processor: build it for the `runtimePlatform` of the task definition"
            }
            Cause::DiskFull => {
                "the disk of the task is full: register a revision of the task definition with more `ephemeralStorage`"
            }
            Cause::CannotStart => {
                "the program of a container could not be started: check `command`, `entryPoint` and `user` in the task definition, and the image"
            }
            Cause::Unhealthy => {
                "a health check failed: see the log of the container, and the health check's path, port and grace period"
            }
            Cause::Interrupted | Cause::Capacity => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Words of AWS's own pages and of public reports.
    const WORDS: [(&str, Option<Cause>); 19] = [
        ("OutOfMemoryError: Container killed due to memory usage", Some(Cause::OutOfMemory)),
        ("CannotPullContainerError: ref pull has been retried 5 time(s): not found", Some(Cause::CannotPull)),
        ("CannotPullContainerError: write /var/lib: no space left on device", Some(Cause::DiskFull)),
        (
            "CannotPullContainerError: failed to resolve ref: no descriptor matching platform found",
            Some(Cause::Architecture),
        ),
        ("CannotPullImageManifestError: Error response from daemon", Some(Cause::CannotPull)),
        (
            "ResourceInitializationError: unable to pull secrets or registry auth: i/o timeout",
            Some(Cause::Resources),
        ),
        ("Timeout waiting for network interface provisioning to complete.", Some(Cause::Resources)),
        ("CannotStartContainerError: exec: \"./migrate\": permission denied", Some(Cause::CannotStart)),
        ("exec /app/migrate: exec format error", Some(Cause::Architecture)),
        ("ContainerRuntimeTimeoutError: Could not transition to running", Some(Cause::CannotStart)),
        ("Your Spot Task was interrupted.", Some(Cause::Interrupted)),
        ("Host EC2 (instance i-0abc) terminated.", Some(Cause::Interrupted)),
        ("Capacity is unavailable at this time. Please try again later", Some(Cause::Capacity)),
        ("RESOURCE:MEMORY", Some(Cause::Capacity)),
        (
            "(service web) was unable to place a task because no container instance met all of its requirements.",
            Some(Cause::Capacity),
        ),
        ("Task failed ELB health checks in (target-group arn:aws:x)", Some(Cause::Unhealthy)),
        (
            "(service web) (port 80) is unhealthy in (target-group a) due to (reason Request timed out)",
            Some(Cause::Unhealthy),
        ),
        ("Essential container in task exited", None),
        ("Scaling activity initiated by (deployment ecs-svc/1)", None),
    ];

    #[test]
    fn awss_words_have_a_meaning_and_every_meaning_has_words() {
        for (words, cause) in WORDS {
            assert_eq!(Cause::of(words), cause, "{words}");
        }
        let met: BTreeSet<_> = WORDS.iter().filter_map(|(_, cause)| *cause).collect();
        let known: BTreeSet<_> = TABLE.iter().map(|(_, cause)| *cause).collect();
        assert_eq!(met, known);
    }

    #[test]
    fn only_what_may_pass_by_itself_is_tried_as_it_is() {
        for (_, cause) in TABLE {
            let may_pass = matches!(cause, Cause::Interrupted | Cause::Capacity);
            assert_eq!(cause.remedy().is_none(), may_pass, "{cause:?}");
        }
    }
}
