//! SIGKILL at twenty moments of releases, over the wire: a real process, its files, its locks, and AWS's answers
//! that nobody reads any more.
//!
//! Moments are drawn over the requests of a release, not over its time, and whoever passes the requests on does
//! the killing: a slow machine is killed where a fast one is. One platform goes through release after release;
//! the processes of each die at up to four of its requests, and the last one brings it to its end.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::process::ExitStatusExt as _;

use super::super::stack::of_its_own;
use super::process::Doom;
use super::{Graasp, since, writes};

const DEATHS: usize = 20;
const DEATHS_OF_A_RELEASE: usize = 4;
/// A moment near the end of a release may find it over already: then nobody dies of it.
const RELEASES_MAX: usize = 10;
const SEED: u64 = 20_241_124;

/// What a whole release of `core` and `client` writes.
const WRITES: [(&str, u64); 13] = [
    // Two targets: down, up, and as they were.
    ("application-autoscaling:RegisterScalableTarget", 6),
    // The function is published twice, and the edges are asked to forget the client's entry points.
    ("cloudfront:POST", 3),
    ("cloudfront:PUT", 2),
    // core, workers, and the migration.
    ("ecs:RegisterTaskDefinition", 3),
    ("ecs:RunTask", 1),
    // Seven services down and up; rollbacks of two of them switched on again.
    ("ecs:UpdateService", 16),
    // Twelve rules are gated.
    ("elasticloadbalancing:AddTags", 12),
    ("elasticloadbalancing:ModifyRule", 24),
    ("elasticloadbalancing:RemoveTags", 12),
    ("rds:AddTagsToResource", 2),
    ("rds:CreateDBSnapshot", 1),
    ("rds:RemoveTagsFromResource", 1),
    // Files of the client that differ, and its marker: before and after it gains files, and around the switch.
    ("s3:PUT", 11),
];
/// All requests of it: sixteen full passes, one for each step, and the waiting in between. Waiting is paced by the
/// clock, so that a slow machine asks less often.
const REQUESTS_MAX: u64 = 1_600;

#[tokio::test]
async fn killed_at_twenty_moments_it_always_ends_well_with_exactly_one_migration() {
    let graasp = Graasp::running(of_its_own(), &[]).await;
    graasp.lives().await;
    let again = graasp.lives().await;
    let mut version = "v2.24.0".to_owned();
    let mut release = || {
        let to = next(&version);
        let earlier = std::mem::replace(&mut version, to.clone());
        graasp.bump(&earlier, &to);
        (earlier, to)
    };
    let (earlier, to) = release();
    let before = graasp.requests();
    let whole = graasp.lives().await;
    assert_eq!(writes(&since(&before, graasp.requests())), BTreeMap::from(WRITES));
    assert!(whole <= REQUESTS_MAX, "{whole} requests");
    graasp.assert_released(&earlier, &to).await;

    let mut rng = fastrand::Rng::with_seed(SEED);
    let (mut deaths, mut journals) = (0, BTreeSet::new());
    for _ in 0..RELEASES_MAX {
        if deaths >= DEATHS {
            break;
        }
        let (earlier, to) = release();
        // Each new process looks at everything once more.
        let requests = whole + again * DEATHS_OF_A_RELEASE as u64;
        let mut moments: Vec<u64> = (0..DEATHS_OF_A_RELEASE).map(|_| rng.u64(1..=requests)).collect();
        moments.sort_unstable();
        let mut sent = 0;
        for moment in moments {
            let side = *rng.choice(&Doom::SIDES).unwrap();
            let doom = Doom { request: moment.saturating_sub(sent).max(1), side };
            let before = graasp.requests();
            let status = graasp.live(Some(doom));
            sent += total(&since(&before, graasp.requests()));
            if status.success() {
                break;
            }
            assert_eq!(status.signal(), Some(9), "{doom:?} of {to}: it fails by itself");
            deaths += 1;
            journals.insert(graasp.assert_sound(&earlier, &to).await);
        }
        graasp.lives().await;
        graasp.assert_released(&earlier, &to).await;
        graasp.assert_nothing_is_left();
    }
    assert!(deaths >= DEATHS, "only {deaths} of the moments came");
    assert!(journals.len() >= DEATHS / 2, "only {} different journals were left behind", journals.len());
}

/// v2.24.0 → v2.25.0
fn next(version: &str) -> String {
    let number: u32 = version.split('.').nth(1).unwrap().parse().unwrap();
    format!("v2.{}.0", number + 1)
}

fn total(requests: &BTreeMap<String, u64>) -> u64 {
    requests.values().sum()
}

impl Graasp {
    fn bump(&self, from: &str, to: &str) {
        for key in ["core", "client"] {
            self.edit("production.yaml", &format!("  {key}: {from}"), &format!("  {key}: {to}"));
        }
    }

    /// One more process finds nothing to do.
    fn assert_nothing_is_left(&self) {
        let before = self.requests();
        assert!(self.live(None).success());
        let sent = since(&before, self.requests());
        assert!(writes(&sent).is_empty(), "the next apply writes: {:?}", writes(&sent));
    }

    /// A process that nobody kills: how many requests it sent.
    async fn lives(&self) -> u64 {
        let before = self.requests();
        assert!(self.live(None).success());
        total(&since(&before, self.requests()))
    }
}
