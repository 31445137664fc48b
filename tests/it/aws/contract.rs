//! What the ports promise, asked of both clouds with the same words: the simulator, which all other tests stand
//! on, and the adapter for AWS, on real wire protocols. Where the two disagree, AWS's documentation decides.

mod containers;
pub mod land;
mod listed;
mod records;
mod traffic;

use std::collections::BTreeMap;

use tidegate::cloud::CloudRead as _;

use super::seed::{BUCKET, Platform, RELEASES};

/// Each promise is two tests.
macro_rules! promises {
    ($($part:ident: $($promise:ident)+;)+) => {
        mod simulated {
            use super::land::{Land as _, Simulated};
            $($(#[tokio::test]
            async fn $promise() {
                super::$part::$promise(&Simulated::settled().await).await;
            })+)+
        }
        mod emulated {
            use super::land::{Emulated, Land as _};
            $($(#[tokio::test]
            async fn $promise() {
                super::$part::$promise(&Emulated::settled().await).await;
            })+)+
        }
    };
}

promises! {
    containers:
        the_account_is_the_credentials_own
        a_cluster_keeps_its_tags
        a_definition_is_registered_anew_with_only_its_image_changed
        a_service_is_shown_with_its_tasks
        another_definition_is_rolled_out_by_a_deployment
        a_count_alone_starts_no_deployment
        what_does_not_exist_in_a_cluster_is_said_not_to
        a_one_off_task_is_found_by_who_started_it_and_tells_how_it_ended
        the_same_token_starts_nothing_twice
        a_task_is_stopped_at_a_persons_request
        a_target_is_suspended_and_resumed;
    listed:
        clusters_families_and_databases_are_listed
        a_cluster_says_what_it_runs_tasks_on
        every_task_of_a_cluster_is_listed_by_what_it_runs
        a_listener_is_found_by_the_target_groups_it_leads_to;
    records:
        a_database_is_tagged
        a_snapshot_has_one_name_and_its_tags_from_the_beginning
        a_database_is_stopped_and_started_and_only_from_the_other_state
        a_database_that_does_not_exist_is_said_not_to
        an_image_is_found_or_others_are_named
        a_secret_is_read_from_either_store
        a_page_is_asked_with_the_header_and_without
        requests_are_counted_for_groups_behind_a_balancer;
    traffic:
        a_rule_gets_the_header_and_loses_it_again
        a_listener_or_rule_that_does_not_exist_is_said_not_to
        a_function_is_created_updated_and_published
        a_distribution_calls_the_function_at_every_behaviour
        a_release_is_copied_and_its_files_deleted
        a_marker_has_one_writer_at_a_time;
}

#[test]
fn every_method_of_the_ports_is_asked_here() {
    let ports = include_str!("../../../src/cloud/port.rs");
    let promises = [
        include_str!("contract/containers.rs"),
        include_str!("contract/listed.rs"),
        include_str!("contract/records.rs"),
        include_str!("contract/traffic.rs"),
    ]
    .concat();
    let methods: Vec<&str> =
        ports.lines().filter_map(|line| line.strip_prefix("    async fn ")?.split('(').next()).collect();
    assert!(methods.len() > 40, "the ports have moved: {methods:?}");
    let missing: Vec<&&str> =
        methods.iter().filter(|method| !promises.contains(&format!(".{method}("))).collect();
    assert!(missing.is_empty(), "nobody asks {missing:?}");
    let promised = promises.lines().filter(|line| line.starts_with("pub async fn ")).count();
    assert_eq!(simulated_promises(), promised, "a promise that nobody asks for");
}

/// How many promises are in the list above.
fn simulated_promises() -> usize {
    let list =
        include_str!("contract.rs").split("\npromises! {").nth(1).unwrap().split("\n}").next().unwrap();
    list.lines().filter(|line| line.starts_with("        ")).count()
}

#[tokio::test]
async fn the_account_is_asked_for_once() {
    let platform = Platform::of("200000000101");
    for _ in 0..3 {
        platform.cloud.account().await.unwrap();
    }
    assert_eq!(platform.counts.by_operation(), BTreeMap::from([("sts:GetCallerIdentity", 1)]));
}

#[tokio::test]
async fn a_copy_keeps_the_headers_that_browsers_get() {
    use tidegate::cloud::CloudWrite as _;
    let files = BTreeMap::from([("index.html", "<html>")]);
    let platform = Platform::of("200000000102").with_site(&files).await;
    let (bucket, releases) = (platform.bucket(BUCKET), platform.bucket(RELEASES));
    let copy = platform.cloud.copy_object((&releases, "v1/index.html"), (&bucket, "index.html"));
    copy.await.unwrap();
    let client = aws_sdk_s3::Client::new(&platform.config);
    let copied = client.head_object().bucket(&bucket).key("index.html").send().await.unwrap();
    assert_eq!((copied.content_type(), copied.cache_control()), (Some("text/html"), Some("max-age=60")));
}
