//! A site of many files, of which few change.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;
use tidegate::clock::Clock as _;
use tidegate::cloud::CloudRead as _;
use tidegate::reconcile::RunOutcome;

use super::clock::FastClock;
use super::http;
use super::seed::{ALIAS, BUCKET, RELEASES};
use super::seen::expect;
use super::shop::Shop;
use super::stack::addresses;

const FILES: usize = 2_000;
/// Of a hundred.
const CHANGED: usize = 5;
/// What every release has under the same name, with other content: nobody may get it before the switch.
const SWITCHED: [&str; 4] = ["aide/été 2026/index.html", "index.html", "style.css", "~team.css"];
/// Copies for another release.
const COPIES: u64 = (FILES * CHANGED / 100 + SWITCHED.len()) as u64;
/// Copies that were on their way when a run was killed: nobody counted them, and some were made.
const UNDER_WAY_MAX: u64 = 16;

/// A release: most assets are those of every release, some are named after their content, as bundlers do.
fn release(version: &str) -> BTreeMap<String, String> {
    let mut files: BTreeMap<String, String> = (0..FILES)
        .map(|number| match number % 100 < CHANGED {
            true => (format!("assets/{version}/{number:04}.js"), format!("{version} {number}")),
            false => (format!("assets/{number:04}.js"), number.to_string()),
        })
        .collect();
    for name in SWITCHED {
        files.insert(name.to_owned(), format!("<html>{version}"));
    }
    files
}

fn put(shop: &Shop, bucket: &str, prefix: &str, files: &BTreeMap<String, String>) {
    let objects: BTreeMap<String, &String> =
        files.iter().map(|(key, text)| (format!("{prefix}{key}"), text)).collect();
    let told =
        json!({"account": shop.platform.account, "bucket": shop.platform.bucket(bucket), "objects": objects});
    http::tell(&addresses().engine, "/objects", &told);
}

/// A shop whose site has the first of three releases.
async fn site(account: &str) -> Shop {
    let shop = Shop::open(account).await;
    for version in ["v2.0.0", "v2.1.0", "v2.2.0"] {
        put(&shop, RELEASES, &format!("client/{version}/"), &release(version));
    }
    put(&shop, BUCKET, "", &release("v2.0.0"));
    shop.edit(|spec| {
        spec.versions.insert("client".into(), "v2.0.0".into());
        spec.sites.get_mut("client").unwrap().distribution = Some(ALIAS.to_owned());
    });
    expect(&shop, RunOutcome::Converged).await;
    shop
}

fn copies(shop: &Shop) -> u64 {
    shop.platform.counts.by_operation().get("s3:CopyObject").copied().unwrap_or_default()
}

async fn keys(shop: &Shop) -> BTreeMap<String, String> {
    let found = shop.platform.cloud.objects(&shop.platform.bucket(BUCKET), "").await.unwrap();
    found.into_iter().map(|object| (object.key, object.etag)).collect()
}

#[tokio::test]
async fn only_what_differs_is_copied_and_old_files_stay_for_one_release() {
    let shop = site("200000000601").await;
    let first = "assets/v2.0.0/0000.js";
    for (version, first_is_there) in [("v2.1.0", true), ("v2.2.0", false)] {
        shop.bump(&[("client", version)]);
        let (run, writes) = shop.writes(shop.apply()).await;
        assert_eq!(run.outcome, Some(RunOutcome::Converged), "{run:#?}");
        assert_eq!(writes["s3:CopyObject"], COPIES, "{writes:?}");
        let there = keys(&shop).await;
        assert_eq!(there.contains_key(first), first_is_there, "open pages ask for the release before");
        assert!(release(version).keys().all(|key| there.contains_key(key)));
        let (_, again) = shop.writes(shop.apply()).await;
        assert_eq!(again, BTreeMap::new(), "a second sync");
    }
}

#[tokio::test]
async fn a_sync_that_was_killed_is_gone_on_with_and_the_entry_point_comes_last() {
    let shop = site("200000000602").await;
    let (before, served) = (copies(&shop), keys(&shop).await);
    shop.bump(&[("client", "v2.1.0")]);
    let killed = async {
        while copies(&shop) < before + 30 {
            FastClock.sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        run = shop.apply() => panic!("too quick to be killed: {run:#?}"),
        () = killed => {}
    }
    shop.store.break_lease(&shop.repository.spec().name);
    let half = copies(&shop) - before;
    assert!((30..=100).contains(&half), "{half}");
    let meanwhile = keys(&shop).await;
    for name in SWITCHED {
        assert_eq!(meanwhile[name], served[name], "users have the release before, whole");
    }
    expect(&shop, RunOutcome::Converged).await;
    let rest = copies(&shop) - before - half;
    assert!((COPIES - half - UNDER_WAY_MAX..=COPIES - half).contains(&rest), "{rest} copies after {half}");
    let after = keys(&shop).await;
    for name in SWITCHED {
        assert_ne!(after[name], served[name], "{name}");
    }
    let (marker, _) =
        shop.platform.cloud.site_marker(&shop.platform.bucket(BUCKET), "").await.unwrap().unwrap();
    assert_eq!(marker.live.unwrap().version.as_str(), "v2.1.0");
    assert_eq!((marker.switching, marker.invalidation), (None, None), "CloudFront took every path");
}
